import { expect, test } from 'bun:test'
import type { Config } from '../../../server/config/schema.ts'
import { CrlEnds, crlEnds } from '../../../server/control/certificates/crl-ends.ts'
import { Authority } from '../../support/authority.ts'

const authority = new Authority('Clients')
const files = { '/a.crl': authority.crl('20300110000000Z'), '/b.crl': authority.crl('20400101000000Z') }
const words = { mode: 'required', ca: [], crl: ['/a.crl'], names: { b: { ca: [], crl: ['/b.crl'] } } }
const config = {
  listeners: { web: { protocol: 'https', client_certificate: words }, plain: { protocol: 'http' } },
} as unknown as Config

test('each list of a listener and its names is known by when it ends', () => {
  expect(
    crlEnds(config, files).map(({ listener, file, issuer, endsMs }) => [listener, file, issuer, endsMs]),
  ).toEqual([
    ['web', '/a.crl', 'CN=Clients', Date.parse('2030-01-10')],
    ['web', '/b.crl', 'CN=Clients', Date.parse('2040-01-01')],
  ])
})

test('an end is told a week and a day before, and once it is there; each once', () => {
  let nowMs = 0
  const told: string[] = []
  const ends = new CrlEnds(
    () => nowMs,
    (level, event, fields) => void told.push(`${level} ${event} ${fields?.['file'] as string}`),
  )
  for (const day of ['2030-01-01', '2030-01-04', '2030-01-05', '2030-01-09T12', '2030-01-10', '2030-01-11']) {
    nowMs = Date.parse(day.includes('T') ? `${day}:00:00Z` : day)
    ends.look(config, files)
  }
  expect(told).toEqual(['warn crl_expires /a.crl', 'error crl_expires /a.crl', 'error crl_expires /a.crl'])
})

test('a clock that is set back is heeded: it is looked at, and what comes nearer then is told', () => {
  let nowMs = Date.parse('2031-01-01')
  const told: string[] = []
  const ends = new CrlEnds(
    () => nowMs,
    (level, event) => void told.push(`${level} ${event}`),
  )
  for (const day of ['2031-01-01', '2030-01-04', '2030-01-10']) {
    nowMs = Date.parse(day)
    ends.look(config, files)
  }
  expect(told).toEqual(['error crl_expires', 'error crl_expires'])
})
