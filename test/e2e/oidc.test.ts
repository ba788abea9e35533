// Signing in with a real OpenID Connect provider, through the whole flow and out again, and what becomes of
// whoever tampers with it.
import { afterAll, beforeAll, expect, test } from 'bun:test'
import { startEngine, type TestEngine } from '../support/engine.ts'
import { type Origin, startOrigin } from '../support/origin.ts'
import { Browser, CLIENT, TestProvider } from '../support/provider.ts'

const CALLBACK = '/.sluice/oidc/callback'
const LOGOUT = '/.sluice/oidc/logout'

let provider: TestProvider
let app: Origin
let gateway: TestEngine
let base = ''
let host = ''

beforeAll(async () => {
  provider = await TestProvider.listen()
  app = startOrigin((request, reply) => reply.send(200, `app ${request.target}`, ['Set-Cookie: app=1']))
  gateway = startEngine({ config: configOf() })
  host = `127.0.0.1:${gateway.port()}`
  base = `http://${host}`
  await provider.serve({
    redirectUris: [base + CALLBACK],
    logoutUris: [`${base}/bye`],
    claims: (id) => ({
      name: `${id} Ä`,
      groups: ['a', id],
      ...(id === 'long' && { much: 'x'.repeat(5000) }),
    }),
  })
})
afterAll(async () => {
  await gateway[Symbol.asyncDispose]()
  await app[Symbol.asyncDispose]()
  await provider[Symbol.asyncDispose]()
})

const configOf = () => ({
  auth: {
    oidc: {
      test: {
        issuer: provider.issuer,
        client_id: CLIENT.id,
        client_secret: CLIENT.secret,
        scopes: ['openid', 'profile', 'email'],
        post_logout: '/bye',
        claims_to_headers: { 'X-User': 'email', 'X-Groups': 'groups', 'X-Sub': 'sub', 'X-Name': 'name' },
      },
    },
  },
  rules: [
    { name: 'bye', match: { path: '/bye' }, respond: { body: 'bye' } },
    {
      name: 'open',
      match: { path: '/open' },
      middleware: [{ oidc: { provider: 'test', optional: true } }],
      backend: 'app',
    },
    {
      name: 'shadow',
      match: { path: '/shadow' },
      middleware: [{ oidc: { provider: 'test', mode: 'shadow' } }],
      backend: 'app',
    },
    {
      name: 'bobs',
      match: { path: '/bobs' },
      middleware: [{ oidc: { provider: 'test', claims: { groups: 'bob' } } }],
      backend: 'app',
    },
    { name: 'all', middleware: [{ oidc: { provider: 'test' } }], backend: 'app' },
  ],
  backends: { app: { servers: [{ url: app.url }] } },
})

test('a browser signs in, stays so, and signs out', async () => {
  const browser = new Browser()
  const page = await browser.visit(`${base}/a/b?c=%20d`)
  expect([page.status, await page.text()]).toEqual([200, 'app /a/b?c=%20d'])
  expect(browser.way.some((step) => step.includes('/interaction/'))).toBe(true)
  const [asked] = app.requests
  expect([asked?.get('x-user'), asked?.get('x-groups'), asked?.get('x-sub')]).toEqual([
    'alice@a.example',
    'a, alice',
    'alice',
  ])
  // Servers see nothing of the session, and the cookies of their own.
  expect(asked?.get('cookie')).toBeNull()
  expect((await browser.ask(`${base}/x`)).status).toBe(200)
  expect(app.requests[1]?.get('cookie')).toBe('app=1')
  const cookies = browser.cookies(host)
  expect(Object.keys(cookies).toSorted()).toEqual(['app', 'sluice_oidc_test'])
  expect(cookies['sluice_oidc_test']).not.toContain('alice')
  // What a client says of itself does not count.
  await browser.ask(`${base}/x`, { headers: { 'x-user': 'root', x_user: 'root', 'X-Groups': 'admin' } })
  expect(app.requests.at(-1)?.all('x-user')).toEqual(['alice@a.example'])
  expect(app.requests.at(-1)?.all('x_user')).toEqual([])
  // Rules ask for claims of their own.
  expect((await browser.ask(`${base}/bobs`)).status).toBe(403)
  expect((await new Browser().visit(`${base}/bobs`, { as: 'bob' })).status).toBe(200)
  expect(gateway.log.at(-1)?.detail).toBeNull()
  // Out again: here and there.
  const left = await browser.visit(base + LOGOUT)
  expect([left.status, await left.text()]).toEqual([200, 'bye'])
  expect(browser.way.some((step) => step.includes('/session/end'))).toBe(true)
  expect(Object.keys(browser.cookies(host))).toEqual(['app'])
  expect((await browser.ask(`${base}/x`)).status).toBe(302)
}, 30_000)

test('only pages are sent to sign in; scripts get 401, and who need not sign in passes', async () => {
  const browser = new Browser()
  const statusOf = async (init: RequestInit) => (await browser.ask(`${base}/x`, init)).status
  expect(await statusOf({})).toBe(302)
  expect(await statusOf({ headers: { 'sec-fetch-mode': 'navigate', accept: '*/*' } })).toBe(302)
  expect(await statusOf({ headers: { 'sec-fetch-mode': 'cors' } })).toBe(401)
  expect(await statusOf({ headers: { accept: 'application/json' } })).toBe(401)
  expect(await statusOf({ headers: { 'x-requested-with': 'XMLHttpRequest' } })).toBe(401)
  expect(await statusOf({ method: 'POST', body: 'a' })).toBe(401)
  expect(await statusOf({ method: 'HEAD' })).toBe(401)
  const refused = await browser.ask(`${base}/x`, { headers: { accept: 'application/json' } })
  expect(refused.headers.get('www-authenticate')).toBe('Cookie realm="test"')
  const open = await browser.ask(`${base}/open`, { headers: { 'x-user': 'root' } })
  expect([open.status, app.requests.at(-1)?.get('x-user')]).toEqual([200, null])
  const shadowed = await browser.ask(`${base}/shadow`, { headers: { 'x-user': 'root' } })
  expect([shadowed.status, app.requests.at(-1)?.get('x-user')]).toEqual([200, null])
  // Who begins again and again is not left with ever more cookies.
  for (let i = 0; i < 20; i++) await browser.ask(`${base}/x`)
  expect(Object.keys(browser.cookies(host)).length).toBeLessThanOrEqual(9)
})

test('where somebody comes back to is on this host, whatever it has asked for', async () => {
  for (const path of ['//evil.test/a', '/%5cevil.test', '/a?to=https://evil.test', '/.//evil.test']) {
    const browser = new Browser()
    await browser.visit(base + path, { until: (at) => at.startsWith(base) && !at.includes(CALLBACK) })
    const back = (await browser.visit(base + path)).url
    expect([path, back.startsWith(`${base}/`)]).toEqual([path, true])
  }
}, 30_000)

/** Signs in up to where the provider has sent the browser back, which it does not follow. */
async function comingBack(browser: Browser): Promise<URL> {
  const answer = await browser.visit(`${base}/x`, { until: (at) => at.includes(CALLBACK) })
  return new URL(answer.headers.get('location') ?? '')
}

test('what comes back must be what this browser has begun, untouched, and once', async () => {
  const browser = new Browser()
  const back = await comingBack(browser)
  const changed = (name: string, value: string | null): string => {
    const url = new URL(back)
    if (value === null) url.searchParams.delete(name)
    else url.searchParams.set(name, value)
    return url.href
  }
  const state = back.searchParams.get('state') ?? ''
  const refused = async (url: string, by = browser) => {
    const { status } = await by.ask(url)
    return [status, by.cookies(host)['sluice_oidc_test'] === undefined]
  }
  // Another browser, which may have been given the link.
  expect(await refused(back.href, new Browser())).toEqual([400, true])
  // Another state, also one that begins alike; none; two.
  expect(await refused(changed('state', `${state.slice(0, 21)}${state.endsWith('A') ? 'B' : 'A'}`))).toEqual([
    400,
    true,
  ])
  for (const odd of ['', 'x', '\0', 'x'.repeat(4000), '../..', 'é'.repeat(22)])
    expect(await refused(changed('state', odd))).toEqual([400, true])
  expect(await refused(changed('state', null))).toEqual([400, true])
  expect(await refused(`${back.href}&state=${state}`)).toEqual([400, true])
  // A cookie that was changed, or is of another sign-in.
  const own = browser.cookies(host)
  const [name = '', value = ''] = Object.entries(own).find(([key]) => key.includes('-at-')) ?? []
  for (const odd of [
    `${value.slice(0, -2)}AA`,
    value.slice(0, 50),
    'a.b.c.d.e',
    `${Buffer.from('{"alg":"none"}').toString('base64url')}..${value.split('..')[1]}`,
  ]) {
    browser.set(host, name, odd)
    expect(await refused(back.href)).toEqual([400, true])
  }
  browser.set(host, name, value)
  // Another issuer (mix-up).
  expect(await refused(changed('iss', 'https://evil.test'))).toEqual([400, true])
  browser.set(host, name, value)
  // A code that is none.
  expect(await refused(changed('code', 'another'))).toEqual([400, true])
  browser.set(host, name, value)
  const fresh = await comingBack(browser)
  expect((await browser.ask(fresh.href)).status).toBe(302)
  expect(browser.cookies(host)['sluice_oidc_test']).toBeDefined()
  // Once more, by "back": there is nothing to be had by it.
  const again = await browser.ask(fresh.href)
  expect([again.status, again.headers.get('location')]).toEqual([302, `${base}/`])
}, 30_000)

test('a provider that says no is told to the person, who is not sent there again', async () => {
  const browser = new Browser()
  const back = await comingBack(browser)
  const no = await browser.ask(
    `${base}${CALLBACK}?error=access_denied%0d%0aX:1&state=${back.searchParams.get('state')}`,
  )
  expect([no.status, no.headers.get('location')]).toEqual([403, null])
})

test.each([
  [
    'of nobody: alg none',
    (token: string) => `${Buffer.from('{"alg":"none"}').toString('base64url')}.${token.split('.')[1]}.`,
  ],
  [
    'signed with the public key, or a secret',
    (token: string) =>
      `${Buffer.from('{"alg":"HS256"}').toString('base64url')}.${token.split('.')[1]}.${'A'.repeat(43)}`,
  ],
  ['with another nonce', (token: string) => edited(token, { nonce: 'x' })],
  ['changed', (token: string) => edited(token, { sub: 'root' })],
  ['with a signature that was changed', (token: string) => `${token.slice(0, -4)}AAAA`],
  ['that is none', () => 'x'],
  ['of 64 KB', (token: string) => token + 'A'.repeat(65_536)],
])('an ID token %s signs nobody in', async (_, change) => {
  const browser = new Browser()
  const back = await comingBack(browser)
  provider.tampers = (path, body) => {
    if (path !== '/token') return body
    const json = JSON.parse(body) as { id_token: string }
    return JSON.stringify({ ...json, id_token: change(json.id_token) })
  }
  const answer = await browser.ask(back.href)
  provider.tampers = null
  expect([answer.status, browser.cookies(host)['sluice_oidc_test']]).toEqual([400, undefined])
  expect(await answer.text()).not.toContain('token')
})

const edited = (token: string, more: object): string => {
  const [head = '', payload = '', sign = ''] = token.split('.')
  const claims = { ...(JSON.parse(Buffer.from(payload, 'base64url').toString()) as object), ...more }
  return `${head}.${Buffer.from(JSON.stringify(claims)).toString('base64url')}.${sign}`
}

test('claims that are long take several cookies; one that is missing, changed or of another is nobody', async () => {
  const browser = new Browser()
  await browser.visit(`${base}/x`, { as: 'long' })
  const names = Object.keys(browser.cookies(host)).filter((name) => name.startsWith('sluice_oidc_test'))
  expect(names.length).toBeGreaterThan(1)
  expect((await browser.ask(`${base}/x`)).status).toBe(200)
  const second = browser.cookies(host)['sluice_oidc_test.1'] ?? ''
  for (const odd of [null, second.slice(1), `${second}A`, 'x'.repeat(5000), '']) {
    browser.set(host, 'sluice_oidc_test.1', odd)
    expect((await browser.ask(`${base}/x`)).status).toBe(302)
  }
  browser.set(host, 'sluice_oidc_test.1', second)
  expect((await browser.ask(`${base}/x`)).status).toBe(200)
  for (const odd of ['0.x', '9.x', '1.', '', 'x', '\xff', '2.'.repeat(2000)]) {
    browser.set(host, 'sluice_oidc_test', odd)
    expect((await browser.ask(`${base}/x`)).status).toBe(302)
  }
}, 30_000)

test('behind a proxy that ends TLS browsers are sent back by https, and its cookies are of that', async () => {
  await using other = startEngine({
    config: configOf(),
    listener: { trusted_proxies: ['127.0.0.1'] },
  })
  const at = `http://127.0.0.1:${other.port()}/x`
  const by = { 'x-forwarded-proto': 'https', 'x-forwarded-for': '192.0.2.1' }
  const browser = new Browser()
  const sent = await browser.ask(at, { headers: by })
  const back = new URL(sent.headers.get('location') ?? '').searchParams.get('redirect_uri')
  expect(back).toBe(`https://127.0.0.1:${other.port()}${CALLBACK}`)
  expect(sent.headers.getSetCookie()[0]).toMatch(/^__Host-sluice_oidc_test-at-.*; Secure$/)
  // A session of http is none by https.
  const plain = new Browser()
  await plain.visit(`${base}/x`)
  for (const [name, value] of Object.entries(plain.cookies(host)))
    plain.set(`127.0.0.1:${other.port()}`, name, value)
  expect((await plain.ask(at)).status).toBe(200)
  expect((await plain.ask(at, { headers: by })).status).toBe(302)
  await other.settled()
}, 30_000)

test('another site signs nobody out', async () => {
  const browser = new Browser()
  await browser.visit(`${base}/x`)
  expect((await browser.ask(base + LOGOUT, { headers: { 'sec-fetch-site': 'cross-site' } })).status).toBe(403)
  expect((await browser.ask(`${base}/x`)).status).toBe(200)
}, 30_000)

test('while the provider is gone who is signed in stays so, others get 503', async () => {
  await using other = startEngine({ config: configOf() })
  const port = other.port()
  const browser = new Browser()
  await browser.visit(`${base}/x`)
  provider.broken = 500
  for (const [name, value] of Object.entries(browser.cookies(host)))
    browser.set(`127.0.0.1:${port}`, name, value)
  // The same secret: another machine knows them.
  expect((await browser.ask(`http://127.0.0.1:${port}/x`)).status).toBe(200)
  expect((await new Browser().ask(`http://127.0.0.1:${port}/x`)).status).toBe(503)
  provider.broken = null
  await other.settled()
}, 30_000)
