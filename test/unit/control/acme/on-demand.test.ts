import { afterAll, expect, test } from 'bun:test'
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import type { AcmeConfig } from '../../../../server/control/acme/acme.options.ts'
import { OnDemandNames } from '../../../../server/control/acme/on-demand.ts'
import { Store } from '../../../../server/control/acme/store.ts'
import { selfSigned } from '../../../../server/tls/self-signed.ts'
import { waitFor } from '../../../support/wait.ts'

const DAY_MS = 86_400_000
const folders: string[] = []
afterAll(() => folders.forEach((folder) => rmSync(folder, { recursive: true, force: true })))

/** Decides in this process, with a clock of its own. */
function world(on_demand: Partial<NonNullable<AcmeConfig['on_demand']>> = {}, folder?: string) {
  const data = folder ?? mkdtempSync(join(tmpdir(), 'sluice-demand-'))
  folders.push(data)
  const store = new Store(data)
  const clock = { nowMs: 100 * DAY_MS }
  const [refused, forgotten, results, limits, bugs]: string[][] = [[], [], [], [], []]
  const obtained = new Set<string>()
  const admitted = { is: true, asked: 0 }
  const names = new OnDemandNames({
    store,
    nowMs: () => clock.nowMs,
    ask: async () => {
      admitted.asked++
      return admitted.is
    },
    isObtained: (learned) => obtained.has(learned),
    changed: () => {},
    refuse: (learned) => refused?.push(learned),
    serve: (learned, pair) => pair === null && forgotten?.push(learned),
    count: (_, result) => results?.push(result),
    limited: (_, limit) => limits?.push(limit),
    bug: (error) => bugs?.push(String(error)),
  })
  const words = { allow: ['*.a.example'], per_hour: 3, names: 5, wait: 8000, forget_days: 30, ...on_demand }
  const config = { directory: 'letsencrypt', fallbacks: [], on_demand: words } as unknown as AcmeConfig
  names.follow(new Map([['customers', config]]))
  const want = async (name: string): Promise<void> => {
    const before = results?.length ?? 0
    names.heard({ type: 'name-wanted', certificate: 'customers', name })
    await waitFor(() => (results?.length ?? 0) > before || (bugs?.length ?? 0) > 0)
  }
  const wanted = (): string[] => [...names.wanted().keys()]
  return {
    data,
    store,
    clock,
    names,
    want,
    wanted,
    refused,
    forgotten,
    results,
    limits,
    bugs,
    admitted,
    obtained,
  }
}

test('names that are admitted are wanted from then on, also by the next process', async () => {
  const one = world()
  await one.want('x.a.example')
  expect(one.wanted()).toEqual(['customers@x.a.example'])
  expect(one.names.wanted().get('customers@x.a.example')).toMatchObject({ domains: ['x.a.example'] })
  expect(world({}, one.data).wanted()).toEqual(['customers@x.a.example'])
  expect(world({ allow: ['*.b.example'] }, one.data).wanted()).toEqual([])
})

test('new names of an hour and names in all are limited, told once an hour, and nobody is asked beyond', async () => {
  const { want, wanted, results, limits, admitted, clock } = world({ ask: 'http://127.0.0.1/' })
  for (let i = 0; i < 6; i++) await want(`n${i}.a.example`)
  expect(results).toEqual(['admitted', 'admitted', 'admitted', 'limit', 'limit', 'limit'])
  expect([limits, admitted.asked]).toEqual([['per_hour'], 3])
  clock.nowMs += 3_600_001
  for (let i = 0; i < 6; i++) await want(`m${i}.a.example`)
  expect(wanted()).toHaveLength(5)
  expect([limits, admitted.asked]).toEqual([['per_hour', 'names'], 5])
})

test('what is not admitted, not allowed, or no name, costs nothing', async () => {
  const { want, wanted, results, refused, admitted } = world({ ask: 'http://127.0.0.1/' })
  admitted.is = false
  for (const name of ['x.a.example', 'x.b.example', '127.0.0.1', '../x.a.example']) await want(name)
  expect(results).toEqual(['not_admitted', 'not_allowed', 'not_allowed', 'not_allowed'])
  expect([wanted(), refused?.length, admitted.asked]).toEqual([[], 4, 1])
})

test('one that fails is no name of ours any more, counts in its hour, and waits whoever asks', async () => {
  const { want, wanted, results, names, store, clock } = world({ per_hour: 1 })
  await want('x.a.example')
  store.keepFailures({ 'name x.a.example': { count: 1, atMs: clock.nowMs, untilMs: clock.nowMs + 300_000 } })
  names.failed('customers@x.a.example')
  expect(wanted()).toEqual([])
  await want('x.a.example')
  await want('y.a.example')
  expect(results).toEqual(['admitted', 'waits', 'limit'])
})

test('one that is there and could not be renewed goes on: nobody is refused for it', async () => {
  const { want, wanted, refused, names, store, clock } = world()
  await want('x.a.example')
  store.keepCertificate('customers@x.a.example', {
    ...selfSigned(['x.a.example'], { nowMs: clock.nowMs }),
    names: ['x.a.example'],
    directory: 'letsencrypt',
    keyType: 'p256',
    obtainedMs: clock.nowMs,
    renewAtMs: clock.nowMs,
    advice: null,
    adviseAtMs: clock.nowMs,
  })
  names.failed('customers@x.a.example')
  expect([wanted(), refused]).toEqual([['customers@x.a.example'], []])
})

test('what nobody asks for is forgotten; what somebody asks for is not', async () => {
  const { want, wanted, names, clock, forgotten } = world()
  await want('x.a.example')
  await want('y.a.example')
  clock.nowMs += 20 * DAY_MS
  names.heard({ type: 'name-used', certificate: 'customers', name: 'y.a.example' })
  clock.nowMs += 11 * DAY_MS
  names.look()
  expect([wanted(), forgotten]).toEqual([['customers@y.a.example'], ['customers@x.a.example']])
})

test('a clock that is set back makes nothing be kept longer', async () => {
  const { want, wanted, names, clock, forgotten } = world()
  await want('x.a.example')
  names.look()
  clock.nowMs -= 90 * DAY_MS
  names.look()
  clock.nowMs += 31 * DAY_MS
  names.look()
  expect([wanted(), forgotten]).toEqual([[], ['customers@x.a.example']])
})

test('what failed is read again only where the file is another one', async () => {
  const { store, clock, data } = world()
  const failure = { count: 1, atMs: clock.nowMs, untilMs: clock.nowMs + 300_000 }
  store.keepFailures({ 'name x.a.example': failure })
  const read = store.failures()
  expect(store.failures()).toBe(read)
  new Store(data).keepFailures({ 'name y.a.example': failure })
  expect(Object.keys(store.failures())).toEqual(['name y.a.example'])
  rmSync(join(data, 'acme', 'failures.json'))
  expect(store.failures()).toEqual({})
})

test('a file that is spoilt counts as far as it makes sense; one that cannot be written admits nobody', async () => {
  const one = world()
  await one.want('x.a.example')
  const file = join(one.data, 'acme', 'on-demand.json')
  const kept = JSON.parse(readFileSync(file, 'utf8')) as Record<string, object>
  const spoilt = { names: { 'x.a.example': 1, '../y': 2, z: null }, admitted: ['no', 5] }
  writeFileSync(file, JSON.stringify({ ...kept, customers: spoilt, other: 7 }))
  expect(world({}, one.data).wanted()).toEqual(['customers@x.a.example'])
  const two = world()
  writeFileSync(join(two.data, 'acme'), 'a file, not a folder')
  await two.want('x.a.example')
  expect([two.bugs?.length, two.refused]).toEqual([1, ['customers@x.a.example']])
})

test('a data folder that is gone ends nothing: it is told, and what was known goes on', async () => {
  const { data, want, wanted, names, bugs, clock } = world()
  await want('x.a.example')
  rmSync(data, { recursive: true })
  writeFileSync(data, 'a file, not a folder')
  names.failed('customers@x.a.example')
  clock.nowMs += 2 * 3_600_000
  names.look()
  expect(bugs).toHaveLength(2)
  expect(wanted()).toEqual(['customers@x.a.example'])
})

test('one that was obtained and could not be kept is served on, and no other is asked for', async () => {
  const { want, wanted, names, refused, obtained } = world()
  await want('x.a.example')
  obtained.add('customers@x.a.example')
  names.failed('customers@x.a.example')
  expect([wanted(), refused]).toEqual([['customers@x.a.example'], []])
})
