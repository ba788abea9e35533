// What may go wrong while a certificate is obtained by ACME, at the CA, on the disk and with the clock: each
// is told once, is tried again later and later, and issues no certificate too many.
import { afterAll, beforeAll, beforeEach, expect } from 'bun:test'
import { X509Certificate } from 'node:crypto'
import { mkdirSync, readdirSync, renameSync, rmSync, writeFileSync } from 'node:fs'
import { dirname, join } from 'node:path'
import { AcmeWorld, DAY_MS, HOUR_MS } from '../support/acme-world.ts'
import { needs } from '../support/needs.ts'
import { type Pebble, startPebble } from '../support/pebble.ts'

const test = needs('pebble', 'pebble-challtestsrv', 'openssl')
const LIFE_S = 90 * 86_400
const MINUTE_MS = 60_000
let pebble: Pebble
beforeAll(async () => {
  pebble = await startPebble({ nonceReject: 20, validitySeconds: LIFE_S })
})
beforeEach(() => {
  pebble.inItsPlace = () => null
})
afterAll(() => pebble[Symbol.asyncDispose]())

const ordersSince = (before: number): number => pebble.times('order-plz') - before

/** What is asked of pebble, in the order in which it is. */
const STEPS = [
  '/dir',
  '/nonce-plz',
  '/sign-me-up',
  '/order-plz',
  '/authZ/',
  '/chalZ/',
  '/finalize-order/',
  '/certZ/',
]

const problem = (status: number, type: string, headers: Record<string, string> = {}): Response =>
  Response.json({ type: `urn:ietf:params:acme:error:${type}`, detail: 'not now' }, { status, headers })

const STRANGE: Readonly<Record<string, () => Response>> = {
  'fails with 500': () => problem(500, 'serverInternal'),
  'fails with a page': () =>
    new Response('<h1>Bad Gateway</h1>', { status: 502, headers: { 'content-type': 'text/html' } }),
  'says nothing': () => new Response(''),
  'says null': () => Response.json(null),
  'has words of other kinds': () =>
    Response.json({ status: 5, authorizations: { a: 1 }, finalize: [], challenges: 'x', identifier: null }),
  'begins JSON': () => new Response('{"status": "val', { headers: { 'content-type': 'application/json' } }),
  'leads elsewhere': () => new Response('', { status: 302, headers: { location: 'http://127.0.0.1:1/' } }),
}

for (const [what, answer] of Object.entries(STRANGE))
  test(`a CA that ${what}, at whichever step, is asked again as any other that fails`, async () => {
    for (const step of STEPS) {
      using world = new AcmeWorld(pebble)
      pebble.inItsPlace = (path) => (path.startsWith(step) ? answer() : null)
      const asked = pebble.asked.length
      const site = world.config({ domains: ['strange.example.org'] })
      await world.want({ site })
      // Of a challenge's answer nothing is wanted but that there is one.
      if (world.obtained.length > 0) {
        expect(step).toBe('/chalZ/')
        continue
      }
      expect(world.told, step).toHaveLength(1)
      expect(world.bugs, step).toEqual([])
      expect(pebble.asked.length - asked, step).toBeLessThan(60)
      await world.look()
      await world.pass(4 * MINUTE_MS, MINUTE_MS)
      expect(world.keeper.facts(), step).toMatchObject([{ state: 'waiting', last_failure: { in_a_row: 1 } }])
      pebble.inItsPlace = () => null
      // On a busy machine the CA may take longer over it than the keeper waits, which is one failure more.
      for (let more = 0; more < 6 && world.obtained.length === 0; more++)
        await world.pass(2 * MINUTE_MS, MINUTE_MS)
      expect(world.obtained, step).toEqual(['site'])
    }
  })

test('a CA that wants to be left alone is, at whichever step it says so: for seconds, until a date, or an hour', async () => {
  const inDate = (ms: number): string => new Date(Date.now() + ms).toUTCString()
  for (const [place, step] of STEPS.entries()) {
    using world = new AcmeWorld(pebble)
    const headers = [{ 'retry-after': '7200' }, { 'retry-after': inDate(2 * HOUR_MS) }, {}][place % 3] ?? {}
    pebble.inItsPlace = (path) => (path.startsWith(step) ? problem(429, 'rateLimited', headers) : null)
    const site = world.config({ domains: ['limits.example.org'] })
    await world.want({ site })
    const asked = pebble.asked.length
    pebble.inItsPlace = () => null
    // Neither a restart, nor an edit of another, nor an edit of its own asks before.
    world.restart()
    await world.want({ site, other: world.config({ domains: ['others.example.org'] }) })
    await world.want({ site: { ...site, email: 'me@example.org' } })
    await world.pass(50 * MINUTE_MS, 25 * MINUTE_MS)
    expect(pebble.asked.length, step).toBe(asked)
    await world.want({ site })
    await world.pass(2 * HOUR_MS, 30 * MINUTE_MS)
    expect(world.obtained, step).toContain('site')
  }
})

test('a date that a CA asks to wait for is one of its own clock', async () => {
  using world = new AcmeWorld(pebble)
  world.aheadMs = 10 * DAY_MS
  const headers = { 'retry-after': new Date(Date.now() + 6 * HOUR_MS).toUTCString() }
  pebble.inItsPlace = (path) => (path === '/order-plz' ? problem(429, 'rateLimited', headers) : null)
  const orders = pebble.times('order-plz')
  await world.want({ site: world.config({ domains: ['clock.example.org'] }) })
  await world.pass(5 * HOUR_MS, 10 * MINUTE_MS)
  expect(ordersSince(orders)).toBe(1)
})

/** An order as pebble would say it, in this state. */
const order = (status: string, more: object = {}): Response =>
  Response.json(
    { status, authorizations: [], finalize: `${new URL(pebble.directory).origin}/finalize-order/x`, ...more },
    { headers: { location: `${new URL(pebble.directory).origin}/my-order/x` } },
  )

const ODD: Readonly<Record<string, { readonly of: () => Response; readonly why: string }>> = {
  'signs without end': { of: () => order('processing'), why: 'did not decide within 5 min' },
  'stays ready, whatever it is sent': { of: () => order('ready'), why: 'did not decide within 5 min' },
  'never believes': { of: () => order('pending'), why: 'did not decide within 5 min' },
  'gives the order up': {
    of: () =>
      order('invalid', { error: { type: 'urn:ietf:params:acme:error:caa', detail: 'CAA forbids it' } }),
    why: 'CAA forbids it',
  },
  'knows a state that nobody else does': { of: () => order('sleeping'), why: 'the order became sleeping' },
  'has signed, and says not where': { of: () => order('valid'), why: 'the order became valid' },
  'wants more proved than was asked': {
    of: () =>
      order('pending', { authorizations: Array(200).fill(`${new URL(pebble.directory).origin}/authZ/x`) }),
    why: 'wants more proved than was asked',
  },
}

for (const [what, { of, why }] of Object.entries(ODD))
  test(`a CA that ${what} is given up, and tried as others later`, async () => {
    using world = new AcmeWorld(pebble)
    const asked = pebble.asked.length
    pebble.inItsPlace = (path) => (/^\/(?:order-plz|my-order|finalize-order)/.test(path) ? of() : null)
    await world.want({ site: world.config({ domains: ['odd.example.org'] }) })
    expect(world.told.at(-1)?.why).toContain(why)
    expect(world.bugs).toEqual([])
    expect(pebble.asked.length - asked).toBeLessThan(60)
    await world.look()
    expect(world.keeper.facts()).toMatchObject([{ state: 'waiting' }])
  })

test('nothing is proved for a name that was not asked for, and no command is told of it', async () => {
  using world = new AcmeWorld(pebble)
  const { origin } = new URL(pebble.directory)
  pebble.inItsPlace = (path) =>
    path === '/order-plz'
      ? order('pending', { authorizations: [`${origin}/authZ/x`] })
      : path === '/authZ/x'
        ? Response.json({
            status: 'pending',
            identifier: { type: 'dns', value: 'bank.example' },
            challenges: [{ type: 'http-01', url: `${origin}/chalZ/x`, token: 'a'.repeat(43) }],
          })
        : null
  let presented = 0
  world.http.present = () => Promise.resolve(void presented++)
  await world.want({ site: world.config({ domains: ['own.example.org'] }) })
  expect(world.told[0]?.why).toContain('"bank.example" proved, which was not asked')
  expect(presented).toBe(0)
})

test('what failed while the clock was years ahead does not wait for years', async () => {
  using world = new AcmeWorld(pebble)
  const site = world.config({ domains: ['ahead.example.org'] })
  world.aheadMs = 3650 * DAY_MS
  pebble.inItsPlace = (path) => (path === '/order-plz' ? problem(429, 'rateLimited') : null)
  await world.want({ site })
  pebble.inItsPlace = () => null
  // Set back while it runs, and over a restart.
  world.aheadMs = 0
  await world.look()
  expect(world.obtained).toEqual(['site'])
})

test('what was obtained while the clock was years ahead is renewed in its time, and not before', async () => {
  using world = new AcmeWorld(pebble)
  const site = world.config({ domains: ['future.example.org'] })
  world.aheadMs = 3650 * DAY_MS
  await world.want({ site })
  expect(world.obtained).toEqual(['site'])
  const orders = pebble.times('order-plz')
  // It seems to have expired long ago: it is not asked for again and again.
  await world.pass(DAY_MS, HOUR_MS)
  expect(ordersSince(orders)).toBe(0)
  world.aheadMs = 0
  await world.pass(59 * DAY_MS, DAY_MS)
  expect(ordersSince(orders)).toBe(0)
  expect(world.keeper.facts()).toMatchObject([{ state: 'good' }])
  await world.pass(2 * DAY_MS, DAY_MS)
  expect(ordersSince(orders)).toBe(1)
})

test('no CA is asked for what could not be kept', async () => {
  using world = new AcmeWorld(pebble)
  const folder = world.store.folderOf('site')
  mkdirSync(dirname(folder), { recursive: true })
  writeFileSync(folder, 'a file, not a folder')
  const orders = pebble.times('order-plz')
  await world.want({ site: world.config({ domains: ['unkept.example.org'] }) })
  await world.pass(5 * HOUR_MS, HOUR_MS)
  expect(ordersSince(orders)).toBe(0)
  expect(world.told).toHaveLength(1)
  expect(world.told[0]?.hint).toContain('let the user of the gateway read and write')
})

test('a disk that is full once a certificate comes costs no second one: it is served, and kept as soon as it can be', async () => {
  using world = new AcmeWorld(pebble)
  const folder = world.store.folderOf('site')
  const { present } = Object.getPrototypeOf(world.http)
  world.http.present = async (asked) => {
    await present.call(world.http, asked)
    renameSync(folder, `${folder}.gone`)
    writeFileSync(folder, 'a file, not a folder')
  }
  await world.want({ site: world.config({ domains: ['full.example.org'] }) })
  expect(world.served.get('site')?.cert).toContain('BEGIN CERTIFICATE')
  const orders = pebble.times('order-plz')
  await world.pass(10 * DAY_MS, 6 * HOUR_MS)
  expect(ordersSince(orders)).toBe(0)
  expect(world.keeper.facts()[0]?.renew_at).not.toBeNull()
  rmSync(folder)
  await world.pass(2 * HOUR_MS, HOUR_MS)
  expect(world.kept('site')?.cert).toBe(world.served.get('site')?.cert ?? '')
  await world.pass(20 * DAY_MS, DAY_MS)
  expect(ordersSince(orders)).toBe(0)
})

test('files that a disk has spoilt are as good as none: it is obtained anew, once', async () => {
  for (const spoilt of [
    '',
    '{',
    '7',
    '{"cert":"x","key":"y","names":[],"renewAtMs":1}',
    'cut',
    'another key',
  ]) {
    using world = new AcmeWorld(pebble)
    const site = world.config({ domains: ['spoilt.example.org'] })
    await world.want({ site })
    const folder = world.store.folderOf('site')
    const file = join(folder, readdirSync(folder).find((name) => name.endsWith('.json')) ?? '')
    const kept = world.kept('site')
    const { privateKey } = (await import('node:crypto')).generateKeyPairSync('ec', { namedCurve: 'P-256' })
    const text =
      spoilt === 'cut'
        ? JSON.stringify({ ...kept, cert: kept?.cert.slice(0, 500) })
        : spoilt === 'another key'
          ? JSON.stringify({ ...kept, key: privateKey.export({ type: 'pkcs8', format: 'pem' }) })
          : spoilt
    writeFileSync(file, text)
    writeFileSync(
      join(world.folder, 'acme', 'failures.json'),
      '{"a":null,"b":{"count":"x"},"name spoilt.example.org":[]}',
    )
    const orders = pebble.times('order-plz')
    world.restart()
    await world.want({ site })
    await world.pass(10 * DAY_MS, DAY_MS)
    expect(ordersSince(orders), spoilt).toBe(1)
    expect(world.bugs, spoilt).toEqual([])
    expect(world.keeper.facts(), spoilt).toMatchObject([{ state: 'good' }])
  }
})

test('names that are edited while an order runs: what is served in the end is for the new ones', async () => {
  using world = new AcmeWorld(pebble)
  const { present } = Object.getPrototypeOf(world.http)
  const [reached, edited] = [Promise.withResolvers<void>(), Promise.withResolvers<void>()]
  let times = 0
  world.http.present = async (asked) => {
    if (times++ === 0) {
      reached.resolve()
      await edited.promise
    }
    await present.call(world.http, asked)
  }
  const first = world.want({ site: world.config({ domains: ['one.edited.example.org'] }) })
  await reached.promise
  const second = world.want({ site: world.config({ domains: ['two.edited.example.org'] }) })
  edited.resolve()
  await Promise.all([first, second])
  await world.look()
  const shown = new X509Certificate(world.served.get('site')?.cert ?? '').subjectAltName
  expect(shown).toBe('DNS:two.edited.example.org')
  expect(world.told).toEqual([])
  expect(world.http.tokens).toEqual({})
  expect(world.keeper.facts()).toMatchObject([{ state: 'good', last_failure: null }])
})
