import { expect, test } from 'bun:test'
import { readAuthority } from '../../../server/head/authority.ts'
import { linesFor, linesForDirect, type Told } from '../../../server/http/forwarded-lines.ts'

const hostOf = (name: string) => readAuthority(Buffer.from(name), 0, name.length)!

const told = (more: Partial<Told> = {}): Told => ({
  hops: [],
  peer: '192.0.2.7',
  scheme: 'http',
  proto: 'http',
  host: hostOf('a.example.org'),
  port: 80,
  ...more,
})

test('connections of one client to one host share the lines that are told of it', () => {
  const first = linesForDirect(told(), 'both', 'gw')
  expect(linesForDirect(told(), 'both', 'gw')).toBe(first)
  expect(first.equals(linesFor(told(), 'both', 'gw'))).toBe(true)
})

test('what differs in anything that is told has lines of its own, also where both are kept in one place', () => {
  const others: readonly Partial<Told>[] = [
    { peer: '192.0.2.8' },
    { peer: null },
    { scheme: 'https', proto: 'https' },
    { host: hostOf('b.example.org') },
    { port: 8080 },
    // As many as find no place of their own.
    ...Array.from({ length: 1000 }, (_, n) => ({ peer: `198.51.${n >> 8}.${n & 255}` })),
  ]
  for (const how of ['x-forwarded', 'forwarded', 'both'] as const)
    for (const gateway of ['gw', 'other'])
      for (const more of [...others, {}]) {
        const lines = linesForDirect(told(more), how, gateway)
        expect(lines.equals(linesFor(told(more), how, gateway))).toBe(true)
      }
})
