// Signing in over several workers, reloads and restarts: everything is in the cookies, and one worker alone
// has a token renewed.
import { expect, test } from 'bun:test'
import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { adapted, PORTS } from '../support/example-config.ts'
import { startGateway } from '../support/gateway.ts'
import { freePort } from '../support/kernel.ts'
import { startOrigin } from '../support/origin.ts'
import { Browser, CLIENT, TestProvider } from '../support/provider.ts'

const CALLBACK = '/.sluice/oidc/callback'

test('four workers know who is signed in, renew a token once, and a restart changes nothing', async () => {
  await using provider = await TestProvider.listen()
  await using app = startOrigin((request, reply) => reply.send(200, request.get('x-user') ?? ''))
  const port = await freePort()
  const base = `http://127.0.0.1:${port}`
  const host = `127.0.0.1:${port}`
  // A token of one second is asked for anew with each request.
  await provider.serve({ redirectUris: [base + CALLBACK], tokenS: 1 })
  const folder = mkdtempSync(join(tmpdir(), 'sluice-oidc-'))
  await using stack = new AsyncDisposableStack()
  stack.defer(() => rmSync(folder, { recursive: true, force: true }))
  const config = (path = '/a') => ({
    listeners: { web: { bind: host } },
    auth: {
      oidc: {
        test: {
          issuer: provider.issuer,
          client_id: CLIENT.id,
          client_secret: CLIENT.secret,
          client_auth: 'post',
          userinfo: true,
          scopes: ['openid', 'email', 'offline_access'],
          claims_to_headers: { 'X-User': 'email' },
        },
      },
    },
    rules: [
      { name: 'bye', match: { path }, respond: { body: 'a' } },
      { name: 'all', middleware: [{ oidc: { provider: 'test' } }], backend: 'app' },
    ],
    backends: { app: { servers: [{ url: app.url }] } },
  })
  const browser = new Browser()
  {
    await using gateway = await startGateway({ config: config(), workers: 4, folder })
    const page = await browser.visit(`${base}/x`)
    expect([page.status, await page.text()]).toEqual([200, 'alice@a.example'])
    const before = provider.count('POST /token')
    const old = browser.cookies(host)
    // Many at once with one cookie, at all workers: its refresh token is used once, and good for all.
    const many = async (count: number): Promise<number[]> => {
      const cookie = Object.entries(old)
        .map(([name, value]) => `${name}=${value}`)
        .join('; ')
      const ask = async () =>
        (await fetch(`${base}/x`, { redirect: 'manual', headers: { cookie, connection: 'close' } })).status
      return [...new Set(await Promise.all(Array.from({ length: count }, ask)))]
    }
    await browser.ask(`${base}/x`)
    expect(await many(24)).toEqual([200])
    const after = provider.count('POST /token')
    expect(after - before).toBeLessThanOrEqual(2)
    expect(browser.cookies(host)).not.toEqual(old)
    await gateway.apply(config('/b'))
    expect((await browser.ask(`${base}/x`)).status).toBe(200)
    // Nobody can be asked: who is signed in stays so.
    provider.broken = 503
    expect((await browser.ask(`${base}/x`)).status).toBe(200)
    provider.broken = null
  }
  await using again = await startGateway({ config: config(), workers: 4, folder })
  expect((await browser.ask(`${base}/x`)).status).toBe(200)
  // It knows nothing of the token any more: that is the end of the session, for pages and for scripts.
  provider.tampers = (path, body) => (path === '/token' ? '{"error":"invalid_grant"}' : body)
  provider.status = 400
  expect((await browser.ask(`${base}/x`, { headers: { accept: 'application/json' } })).status).toBe(401)
  expect(Object.keys(browser.cookies(host)).filter((name) => name === 'sluice_oidc_test')).toEqual([])
  expect(again.stdout).not.toContain('alice')
}, 90_000)

test('oidc.yaml', async () => {
  const origins = Object.fromEntries(
    PORTS.map((port) => [port, startOrigin((_, reply) => reply.send(200, String(port)))]),
  )
  await using stack = new AsyncDisposableStack()
  for (const origin of Object.values(origins)) stack.use(origin)
  const text = adapted('oidc.yaml', origins).replace('https://id.example.com', 'http://127.0.0.1:1')
  await using gateway = await startGateway({ config: text, file: 'oidc.yaml' })
  const url = `http://127.0.0.1:${gateway.port('web')}`
  expect((await fetch(`${url}/healthz`)).status).toBe(200)
  // There is no such provider: nobody passes.
  const refused = await fetch(`${url}/admin/a`, { redirect: 'manual', headers: { accept: 'text/html' } })
  expect([refused.status, refused.headers.get('proxy-status')?.includes('auth_unavailable')]).toEqual([
    503,
    true,
  ])
  expect((await fetch(`${url}/a`)).status).toBe(401)
}, 60_000)
