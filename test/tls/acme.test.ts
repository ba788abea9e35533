// Certificates by ACME, from pebble: what CAs are asked for, and above all when they are not.
import { afterAll, beforeAll, expect } from 'bun:test'
import { createPrivateKey, X509Certificate } from 'node:crypto'
import { chmodSync, readdirSync, statSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { wantedOf } from '../../server/control/acme/wanted.ts'
import { AcmeWorld, DAY_MS, HOUR_MS } from '../support/acme-world.ts'
import { needs } from '../support/needs.ts'
import { type Pebble, startPebble } from '../support/pebble.ts'

const test = needs('pebble', 'pebble-challtestsrv', 'openssl')
const LIFE_S = 90 * 86_400
let pebble: Pebble
beforeAll(async () => {
  pebble = await startPebble({ nonceReject: 30, validitySeconds: LIFE_S })
})
afterAll(() => pebble[Symbol.asyncDispose]())

/** Orders since. */
const ordersSince = (before: number): number => pebble.times('order-plz') - before

test('is obtained, whatever the CA thinks of our nonces, and served', async () => {
  using world = new AcmeWorld(pebble)
  await world.want({ site: world.config({ domains: ['example.org', 'www.example.org'] }) })
  const { cert = '', key = '' } = world.served.get('site') ?? {}
  const leaf = new X509Certificate(cert)
  expect(leaf.subjectAltName).toBe('DNS:example.org, DNS:www.example.org')
  expect(leaf.checkPrivateKey(createPrivateKey(key))).toBeTrue()
  expect(leaf.publicKey.asymmetricKeyType).toBe('ec')
  // The chain goes with it.
  expect(cert.match(/BEGIN/g)?.length).toBe(2)
  expect(world.keeper.facts()).toMatchObject([{ certificate: 'site', state: 'good', last_failure: null }])
  expect(world.steps('site')).toContain('the CA believes www.example.org')
  expect(world.http.tokens).toEqual({})
  expect([world.keeper.isRenewed('site'), world.keeper.isRenewed('none')]).toEqual([true, false])
})

test('is for this user alone, and asks for nothing again after a restart or an edit of something else', async () => {
  using world = new AcmeWorld(pebble)
  const site = world.config({ domains: ['kept.example.org'], key_type: 'rsa' })
  await world.want({ site })
  for (const file of readdirSync(join(world.folder, 'acme'), { recursive: true, withFileTypes: true }))
    if (file.isFile()) expect(statSync(join(file.parentPath, file.name)).mode & 0o077).toBe(0)
  const asked = pebble.asked.length
  world.restart()
  await world.want({ site })
  await world.want({
    site,
    other: world.config({ domains: ['other.example.org'], directory: 'https://127.0.0.1:1/' }),
  })
  await world.pass(55 * DAY_MS, DAY_MS)
  expect(pebble.asked.length).toBe(asked)
  expect(world.kept('site')?.cert).toStartWith('-----BEGIN')
  expect(new X509Certificate(world.kept('site')?.cert ?? '').publicKey.asymmetricKeyType).toBe('rsa')
})

test('is renewed with a third of its life left, with another key', async () => {
  using world = new AcmeWorld(pebble)
  await world.want({ site: world.config({ domains: ['renewed.example.org'] }) })
  const first = world.served.get('site')
  const orders = pebble.times('order-plz')
  await world.pass(59 * DAY_MS, DAY_MS)
  expect(ordersSince(orders)).toBe(0)
  await world.pass(2 * DAY_MS, DAY_MS)
  expect(ordersSince(orders)).toBe(1)
  expect(world.served.get('site')?.key).not.toBe(first?.key)
  // The CA's clock stands still: what it signed is due again already, and not asked for all the same.
  await world.pass(7 * DAY_MS, DAY_MS)
  expect(ordersSince(orders)).toBe(1)
})

test('is obtained anew where its names change, and the one before is served until then', async () => {
  using world = new AcmeWorld(pebble)
  await world.want({ site: world.config({ domains: ['a.example.org'] }) })
  const accounts = pebble.times('sign-me-up')
  await world.want({ site: world.config({ domains: ['a.example.org', 'b.example.org'] }) })
  expect(new X509Certificate(world.served.get('site')?.cert ?? '').subjectAltName).toContain('b.example.org')
  // By the account that was there.
  expect(pebble.times('sign-me-up')).toBe(accounts)
})

test('a name that is wrong is tried a few times a day, told once, and over a restart it waits on', async () => {
  using world = new AcmeWorld(pebble)
  const orders = pebble.times('order-plz')
  const site = world.config({ domains: ['typo.example.org', 'www.example.org'] })
  // Nobody answers for it.
  world.http.present = () => Promise.resolve()
  await world.want({ site })
  expect(world.told).toMatchObject([{ certificate: 'site', failures: 1 }])
  expect(world.told[0]?.hint).toContain('no other server or CDN before it')
  await world.pass(4 * 60_000)
  world.restart()
  await world.want({ site })
  expect(ordersSince(orders)).toBe(1)
  await world.pass(DAY_MS, 10 * 60_000)
  expect(ordersSince(orders)).toBeWithin(4, 6)
  await world.pass(7 * DAY_MS, 6 * HOUR_MS)
  expect(ordersSince(orders)).toBeWithin(10, 14)
  // Told once by each process.
  expect(world.told).toHaveLength(2)
  expect(world.keeper.facts()).toMatchObject([{ state: 'waiting', last_failure: { in_a_row: 12 } }])

  // The wrong name waits on another certificate too; another name does not.
  const before = pebble.times('order-plz')
  await world.want({ site, also: world.config({ domains: ['typo.example.org'] }) })
  expect(ordersSince(before)).toBe(0)
  expect(world.keeper.facts()[1]).toMatchObject({ state: 'waiting', last_failure: null })
  world.http.present = Object.getPrototypeOf(world.http).present
  await world.want({ site: world.config({ domains: ['typed.example.org'] }) })
  expect(world.obtained).toEqual(['site'])
})

test('who mended what was wrong may have it tried at once', async () => {
  using world = new AcmeWorld(pebble)
  world.http.present = () => Promise.resolve()
  await world.want({ site: world.config({ domains: ['mended.example.org'] }) })
  world.http.present = Object.getPrototypeOf(world.http).present
  await world.look()
  expect(world.obtained).toEqual([])
  expect(world.keeper.retry('site')).toBeTrue()
  await world.keeper.idle()
  expect(world.obtained).toEqual(['site'])
  expect(world.keeper.retry('none')).toBeFalse()
})

test('a CA that wants to be left alone is, by all certificates, for as long as it says; the next one is asked', async () => {
  using world = new AcmeWorld(pebble)
  pebble.inItsPlace = (path) =>
    path === '/order-plz'
      ? Response.json(
          { type: 'urn:ietf:params:acme:error:rateLimited', detail: 'too many certificates already issued' },
          { status: 429, headers: { 'retry-after': '86400', 'content-type': 'application/problem+json' } },
        )
      : null
  try {
    const orders = pebble.times('order-plz')
    const [site, also] = ['limited.example.org', 'also.example.org'].map((name) =>
      world.config({ domains: [name] }),
    )
    await world.want({ site: site! })
    await world.want({ site: site!, also: also! })
    await world.pass(50 * 60_000, 5 * 60_000)
    expect(ordersSince(orders)).toBe(1)
    expect(world.told[0]?.why).toContain('too many certificates already issued')
    expect(world.told[0]?.hint).toContain('staging')
    // The one that was refused waits as long as it was told to.
    await world.want({ site: site! })
    await world.pass(22 * HOUR_MS, HOUR_MS)
    expect(ordersSince(orders)).toBe(1)
    await world.pass(3 * HOUR_MS, HOUR_MS)
    expect(ordersSince(orders)).toBe(2)
  } finally {
    pebble.inItsPlace = () => null
  }
  const nowhere = 'https://127.0.0.1:1/dir'
  const config = world.config({ domains: ['second.example.org'], directory: nowhere })
  const fallbacks = [{ directory: pebble.directory, ca: pebble.ca }]
  await world.want({ second: { ...config, fallbacks } })
  expect(world.obtained).toEqual(['second'])
  expect(world.steps('second')).toContain('unreachable: 127.0.0.1:1')
  // These are no words of the CA, which was not reached.
  expect(world.steps('second')).not.toContain('127.0.0.1:1 says')
  const asked = pebble.asked.length
  await world.pass(20 * DAY_MS, DAY_MS)
  expect(pebble.asked.length).toBe(asked)
})

test('of two gateways on one folder one asks, and both serve what it got', async () => {
  using world = new AcmeWorld(pebble)
  const orders = pebble.times('order-plz')
  const site = world.config({ domains: ['shared.example.org'] })
  const other = world.another()
  world.keeper.want(new Map([['site', site]]))
  other.want(new Map([['site', site]]))
  world.keeper.look()
  other.look()
  await Promise.all([world.keeper.idle(), other.idle()])
  expect(ordersSince(orders)).toBe(1)
  world.served.clear()
  other.look()
  await other.idle()
  expect(ordersSince(orders)).toBe(1)
  expect(world.served.get('site')?.cert).toBe(world.kept('site')?.cert)
})

test('two gateways that mean different certificates by one name take nothing from each other', async () => {
  using world = new AcmeWorld(pebble)
  const [one, two] = ['one.example.org', 'two.example.org'].map((name) => world.config({ domains: [name] }))
  const other = world.another()
  const [ours, theirs] = [new Map([['site', one!]]), new Map([['site', two!]])]
  world.keeper.want(ours)
  await world.look()
  other.want(theirs)
  other.look()
  await other.idle()
  const orders = pebble.times('order-plz')
  world.restart()
  world.keeper.want(ours)
  await world.pass(20 * DAY_MS, DAY_MS)
  other.look()
  await other.idle()
  expect(ordersSince(orders)).toBe(0)
  expect(world.keeper.facts()).toMatchObject([{ state: 'good' }])
  expect(other.facts()).toMatchObject([{ state: 'good' }])
})

test('a name that was taken away and comes back has its certificate again', async () => {
  using world = new AcmeWorld(pebble)
  const [one, two] = [['back.example.org'], ['back.example.org', 'forth.example.org']].map((domains) =>
    world.config({ domains }),
  )
  await world.want({ site: one! })
  const first = world.served.get('site')
  await world.want({ site: two! })
  const orders = pebble.times('order-plz')
  await world.want({ site: one! })
  await world.pass(DAY_MS)
  expect(ordersSince(orders)).toBe(0)
  expect(world.store.certificate(wantedOf('site', one!), Date.now())?.cert).toBe(first?.cert ?? '')
})

test('what stops in the middle is no failure', async () => {
  using world = new AcmeWorld(pebble)
  const { promise, resolve } = Promise.withResolvers<void>()
  world.http.present = () => {
    world.keeper.stop()
    resolve()
    return Promise.reject(new Error('gone'))
  }
  const running = world.want({ site: world.config({ domains: ['stopped.example.org'] }) })
  await promise
  await running
  expect(world.store.failures()).toEqual({})
  expect(world.told).toEqual([])
})

test('dns-01 sets its records by a command, and clears them; a name with "*" comes by it', async () => {
  using world = new AcmeWorld(pebble)
  const hook = join(world.folder, 'hook')
  const ask = (what: string, words: string): string =>
    `curl -s -d '${words}' http://${pebble.dns}/${what} >&2`
  writeFileSync(
    hook,
    `#!/bin/sh
echo "$1 $ACME_ACTION $ACME_RECORD"
if [ $ACME_ACTION = present ]; then
  ${ask('set-txt', '{"host":"\'$ACME_RECORD.\'","value":"\'$ACME_VALUE\'"}')}
else
  ${ask('clear-txt', '{"host":"\'$ACME_RECORD.\'"}')}
fi
`,
  )
  chmodSync(hook, 0o700)
  const dns = { command: [hook, 'a b'], timeout: 10_000, wait: 0 }
  await world.want({ site: world.config({ domains: ['*.dns.example.org'], challenge: 'dns-01', dns }) })
  expect(new X509Certificate(world.served.get('site')?.cert ?? '').subjectAltName).toBe(
    'DNS:*.dns.example.org',
  )
  expect(world.steps('site')).toContain('a b present _acme-challenge.dns.example.org')
  expect(world.steps('site')).toContain('a b cleanup _acme-challenge.dns.example.org')
})

test('a command that fails, hangs or is not there is told, and what it wrote is kept', async () => {
  using world = new AcmeWorld(pebble)
  const withCommand = (command: string[], timeout = 10_000) =>
    world.config({ domains: ['hook.example.org'], challenge: 'dns-01', dns: { command, timeout, wait: 0 } })
  await world.want({ a: withCommand(['/bin/sh', '-c', 'echo no such zone >&2; exit 3']) })
  expect(world.told.at(-1)?.why).toContain('/bin/sh (present hook.example.org) ended with 3')
  expect(world.steps('a')).toContain('wrote: no such zone')
  await world.want({ b: withCommand(['/bin/sleep', '60'], 100) })
  expect(world.told.at(-1)?.why).toContain('was ended: it took more than 0.1 s')
  await world.want({ c: withCommand(['/does/not/exist']) })
  expect(world.told.at(-1)?.why).toContain('could not be started')
})

test('a CA that says when to renew is heeded, and told what the new one replaces', async () => {
  using world = new AcmeWorld(pebble)
  const window = { start: new Date(Date.now() + 10 * DAY_MS), end: new Date(Date.now() + 11 * DAY_MS) }
  pebble.extra['renewalInfo'] = `${new URL(pebble.directory).origin}/renewal`
  const infos: string[] = []
  pebble.inItsPlace = (path) => {
    if (!path.startsWith('/renewal/')) return null
    infos.push(path)
    return Response.json({ suggestedWindow: window, explanationURL: 'https://ca.example/why' })
  }
  try {
    await world.want({ site: world.config({ domains: ['advised.example.org'] }) })
    await world.look()
    expect(infos).toHaveLength(1)
    expect(infos[0]).toMatch(/^\/renewal\/[\w-]{20,}\.[\w-]{8,}$/)
    expect(world.keeper.facts()).toMatchObject([
      { renew_at: window.start.toISOString(), renew_why: 'https://ca.example/why' },
    ])
    const orders = pebble.times('order-plz')
    await world.pass(9 * DAY_MS, DAY_MS)
    expect(ordersSince(orders)).toBe(0)
    await world.pass(2 * DAY_MS, DAY_MS)
    expect(ordersSince(orders)).toBe(1)
    expect(pebble.ordered.at(-1)).toMatchObject({ replaces: infos[0]?.slice('/renewal/'.length) })
  } finally {
    pebble.inItsPlace = () => null
    delete pebble.extra['renewalInfo']
  }
})

test('a CA that wants an account made on its site gets its proof', async () => {
  const hmac = 'zWNDZM6eQGHWpSRTPal5eIUYFTu7EajVIoguysqZ9wG44nMEtx3MUAsUDkMTQ12W'
  await using strict = await startPebble({ eab: { 'kid-1': hmac } })
  using world = new AcmeWorld(strict)
  await world.want({ site: world.config({ domains: ['bound.example.org'] }) })
  expect(world.told).toMatchObject([
    { hint: 'this CA wants an account made on its site: write its "eab" (kid and hmac)' },
  ])
  await world.want({ site: world.config({ domains: ['bound.example.org'], eab: { kid: 'kid-1', hmac } }) })
  expect(world.obtained).toEqual(['site'])
})

test('a kind of certificate is asked for where the CA has it', async () => {
  using world = new AcmeWorld(pebble)
  const short = world.config({ domains: ['short.example.org'], profile: 'shortlived' })
  await world.want({ site: short })
  expect(world.told.at(-1)?.why).toContain('the CA has no profile "shortlived", but: none')
  pebble.extra['meta'] = { profiles: { classic: 'https://ca.example', shortlived: 'https://ca.example' } }
  try {
    world.keeper.retry('site')
    await world.keeper.idle()
    expect(pebble.ordered.at(-1)).toMatchObject({ profile: 'shortlived' })
    expect(world.obtained).toEqual(['site'])
  } finally {
    delete pebble.extra['meta']
  }
})

test('certificates that are obtained at once share one account', async () => {
  using world = new AcmeWorld(pebble)
  const accounts = pebble.times('sign-me-up')
  const names = ['a', 'b', 'c', 'd']
  await world.want(
    Object.fromEntries(
      names.map((name) => [name, world.config({ domains: [`${name}.shared.example.org`] })]),
    ),
  )
  expect(world.obtained.toSorted()).toEqual(names)
  expect(pebble.times('sign-me-up') - accounts).toBe(1)
})

test('a data folder that cannot be written is told, and no CA is asked', async () => {
  using world = new AcmeWorld(pebble)
  writeFileSync(join(world.folder, 'acme'), 'a file, not a folder')
  const asked = pebble.asked.length
  await world.want({ site: world.config({ domains: ['unwritten.example.org'] }) })
  await world.pass(30 * 60_000, 60_000)
  expect(world.told).toHaveLength(1)
  expect(world.told[0]?.hint).toContain('let the user of the gateway read and write')
  expect(pebble.asked.length).toBe(asked)
  // Whoever asks later hears of it as well.
  const { why = '', hint = '' } = world.told[0] ?? {}
  expect(world.keeper.facts()).toMatchObject([{ state: 'waiting', last_failure: { why, hint } }])
})

test('a CA whose own certificate is not trusted, or that is none, is told as such', async () => {
  using world = new AcmeWorld(pebble)
  const { ca: _, ...untrusted } = world.config({ domains: ['untrusted.example.org'] })
  await world.want({ site: untrusted })
  expect(world.told.at(-1)?.hint).toContain('name the CA that signed it by "ca"')
  const { origin } = new URL(pebble.directory)
  await world.want({ site: world.config({ domains: ['none.example.org'], directory: `${origin}/nothing` }) })
  expect(world.told.at(-1)?.hint).toBe('is it the "directory" of an ACME CA?')
})
