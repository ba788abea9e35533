// Names of servers that DNS says are gone: what was known of them holds for a while, and no longer.
import { afterAll, beforeAll, beforeEach, expect, test } from 'bun:test'
import { Resolver } from '../../../server/lib/resolver.ts'
import { NXDOMAIN, SampleDns, SERVFAIL } from '../../support/sample-dns.ts'
import { waitFor } from '../../support/wait.ts'

const dns = new SampleDns()
let nowMs = 0

beforeAll(() => dns.start())
afterAll(() => dns.stop())
beforeEach(() => {
  nowMs = 1_000_000
  dns.zones.clear()
  dns.asked.length = 0
})

const resolver = (): Resolver =>
  new Resolver(
    { timeout: 2000, ttl_min: 1000, ttl_max: 300_000, servers: [`127.0.0.1:${dns.port}`] },
    () => nowMs,
    { hostsFile: '/nowhere', searchFile: '/nowhere' },
  )

const lookup = (from: Resolver, host: string) =>
  new Promise<{ addresses: readonly string[]; why: string | null }>((done) =>
    from.lookup(host, (addresses, why) => done({ addresses, why })),
  )

test.each([
  ['NXDOMAIN', { code: NXDOMAIN }],
  ['an empty answer', {}],
])('where DNS says by %s that a name is gone the last good answer holds for 30 s', async (_, gone) => {
  dns.zones.set('gone.test', { a: ['10.0.0.1'], ttl: 20 })
  const one = resolver()
  await lookup(one, 'gone.test')
  dns.zones.set('gone.test', gone)
  nowMs += 3_600_000
  expect(await lookup(one, 'gone.test')).toEqual({ addresses: ['10.0.0.1'], why: null })
  nowMs += 29_999
  expect(one.addresses('gone.test')).toEqual(['10.0.0.1'])
  await waitFor(() => dns.times('gone.test', 1) === 3)
  nowMs += 1
  const none = { addresses: [], why: 'DNS knows no address of gone.test' }
  expect(await lookup(one, 'gone.test')).toEqual(none)
  // Trouble with DNS does not bring it back; DNS does.
  dns.zones.set('gone.test', { code: SERVFAIL })
  nowMs += 1000
  expect((await lookup(one, 'gone.test')).addresses).toEqual([])
  dns.zones.set('gone.test', { a: ['10.0.0.2'] })
  nowMs += 1000
  expect(await lookup(one, 'gone.test')).toEqual({ addresses: ['10.0.0.2'], why: null })
})

test('a name that comes back in time was never gone', async () => {
  dns.zones.set('back.test', { a: ['10.0.0.1'], ttl: 20 })
  const one = resolver()
  await lookup(one, 'back.test')
  dns.zones.set('back.test', { code: NXDOMAIN })
  nowMs += 3_600_000
  expect((await lookup(one, 'back.test')).addresses).toEqual(['10.0.0.1'])
  dns.zones.set('back.test', { a: ['10.0.0.2'], ttl: 20 })
  nowMs += 1000
  await waitFor(() => one.addresses('back.test')?.[0] === '10.0.0.2')
  dns.zones.set('back.test', { code: NXDOMAIN })
  nowMs += 3_600_000
  expect(await lookup(one, 'back.test')).toEqual({ addresses: ['10.0.0.2'], why: null })
})
