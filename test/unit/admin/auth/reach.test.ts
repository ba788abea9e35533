// Where passwords, tokens and cookies are taken: by TLS, or within this machine.
import { afterEach, beforeEach, expect, test } from 'bun:test'
import { shellOf } from '../../../../server/admin/whole-shell.ts'
import type { Shell } from '../../../../server/admin/shell.ts'
import { controlFacts } from '../../../support/control-facts.ts'
import { keeperOf, PASSWORD, storeWorld, type StoreWorld } from '../../../support/store-world.ts'

let world: StoreWorld
let shell: Shell
beforeEach(() => {
  world = storeWorld()
  world.addUser('anna', 'admin')
  shell = shellOf(controlFacts({ store: keeperOf(world.store) }))
})
afterEach(() => world.close())

const server = { timeout: () => {} } as unknown as Bun.Server<undefined>

interface From {
  readonly scheme: 'http' | 'https'
  readonly address: string
}

async function ask({ scheme, address }: From, path: string, init: RequestInit = {}): Promise<Response> {
  const headers = new Headers(init.headers)
  headers.set('Host', '10.0.0.1:9090')
  const request = new Request(`${scheme}://10.0.0.1:9090${path}`, { ...init, headers })
  const caller = { door: 'tcp', address, uids: [], isSecure: scheme === 'https' } as const
  return shell.answer({ request, server, caller, host: '10.0.0.1' })
}

function signIn(from: From): Promise<Response> {
  const body = JSON.stringify({ name: 'anna', password: PASSWORD })
  return ask(from, '/api/v1/auth/sign-in', {
    method: 'POST',
    body,
    headers: { 'Content-Type': 'application/json' },
  })
}

const SEEN: From = { scheme: 'http', address: '192.0.2.1' }
const BY_TLS: From = { scheme: 'https', address: '192.0.2.1' }

test('what can be read on its way is refused, good or not', async () => {
  const { text = '' } =
    world.store.tokens.add({
      ...{ name: 'ci', role: 'admin', scopes: [], ranges: [], createdBy: 'test', expiresMs: null },
    }) ?? {}
  const shown = [
    await signIn(SEEN),
    await ask(SEEN, '/api/v1/auth/me', { headers: { Authorization: `Bearer ${text}` } }),
    await ask(SEEN, '/api/v1/auth/me', { headers: { Cookie: `sluice-00000000=${'A'.repeat(43)}` } }),
    await ask(SEEN, '/api/v1/auth/setup', {
      ...{ method: 'POST', headers: { 'Content-Type': 'application/json' } },
      body: JSON.stringify({ token: 'x', name: 'eve', password: PASSWORD }),
    }),
  ]
  for (const answer of shown)
    expect([answer.status, await answer.json()]).toEqual([
      403,
      expect.objectContaining({ code: 'tls_needed' }),
    ] as never)
  expect((await ask(SEEN, '/api/v1/auth/me')).status).toBe(401)
  expect(
    (await ask(BY_TLS, '/api/v1/auth/me', { headers: { Authorization: `Bearer ${text}` } })).status,
  ).toBe(200)
})

test('by TLS the cookie has a name that no other page can plant, and the other name is none', async () => {
  const answer = await signIn(BY_TLS)
  const [cookie = ''] = answer.headers.getSetCookie()
  expect(cookie).toMatch(
    /^__Host-sluice-[0-9a-f]{8}=[0-9A-Za-z]{43}; Path=\/; Max-Age=604800; HttpOnly; SameSite=Strict; Secure$/,
  )
  const [name = '', secret = ''] = cookie.split(/[=;]/)
  const me = (from: From, value: string): Promise<Response> =>
    ask(from, '/api/v1/auth/me', { headers: { Cookie: value } })
  expect((await me(BY_TLS, `${name}=${secret}`)).status).toBe(200)
  expect((await me(BY_TLS, `${name.replace('__Host-', '')}=${secret}`)).status).toBe(401)
})

test('this machine and a Unix socket need no TLS', async () => {
  for (const address of ['127.0.0.1', '::1', '::ffff:127.0.0.1', 'unix'])
    expect([address, (await signIn({ scheme: 'http', address })).status]).toEqual([address, 200])
})
