// Secrets of every kind: in a config, sent to the admin API of its gateway, and made by it.
import { expect } from 'bun:test'
import { join } from 'node:path'
import { controlSocketPath } from '../../server/control/control-socket.ts'
import type { Gateway } from './gateway.ts'
import { turnListener } from './turn.ts'

/** Each is told from all else by its first letters, and from the others by its last. */
export const MARK = 'k33p'
export const secret = (what: string): string => `${MARK}-${what.replaceAll(' ', '-')}-`
export const ENV = {
  SLUICE_TEST_SECRET: secret('of turn by the environment'),
  SLUICE_TEST_HMAC: `${MARK}HmacOfAnAccountAtTheAuthority`,
  SLUICE_TEST_VALUE: secret('value of the environment'),
}

export const configOf = (origin: string, pair: { certFile: string; keyFile: string }, more: object = {}) => ({
  listeners: {
    web: { bind: '127.0.0.1:0', protocol: 'http' },
    turn: {
      ...turnListener('turn', {}),
      auth: {
        users: { alice: secret('password of a turn user') },
        secrets: ['${SLUICE_TEST_SECRET}', secret('literal of turn')],
        nonce_secret: secret('for all nonces of ours'),
      },
    },
    https: { bind: '127.0.0.1:0', protocol: 'https', certificates: ['site', 'ordered'] },
  },
  certificates: {
    site: { cert: pair.certFile, key: pair.keyFile },
    ordered: {
      acme: {
        domains: ['example.org'],
        agree_to_terms: true,
        directory: 'https://127.0.0.1:1/directory',
        eab: { kid: 'account', hmac: '${SLUICE_TEST_HMAC}' },
      },
    },
  },
  rules: [
    {
      name: 'all',
      middleware: [
        {
          headers: {
            request: {
              set: {
                Authorization: `Basic ${secret('basic for servers')}`,
                'X-Api-Key': secret('key for servers'),
                'X-Plain': '${SLUICE_TEST_VALUE}',
              },
            },
          },
        },
      ],
      backend: 'api',
    },
    { name: 'https', match: { listener: 'https' }, backend: 'api' },
  ],
  backends: {
    api: {
      servers: [{ name: 'a', url: origin }],
      health_check: { path: '/probe', headers: { Authorization: `Bearer ${secret('for checks')}` } },
      ...more,
    },
  },
})

interface Answer {
  readonly status: number
  readonly text: string
  readonly headers: Headers
}

/** The admin API of a gateway. */
export class Asker {
  readonly gateway: Gateway
  readonly #socket: string

  constructor(gateway: Gateway) {
    this.gateway = gateway
    this.#socket = controlSocketPath(join(gateway.folder, 'data'), gateway.configFile)
  }

  /** As root by the socket; with headers as whoever they say by the admin listener. */
  async ask(method: string, path: string, body?: unknown, headers?: Record<string, string>): Promise<Answer> {
    const init = {
      method,
      headers: { ...(body !== undefined && { 'Content-Type': 'application/json' }), ...headers },
      ...(body !== undefined && { body: typeof body === 'string' ? body : JSON.stringify(body) }),
    }
    const answer = await (headers?.['Authorization'] === undefined && headers?.['Cookie'] === undefined
      ? fetch(`http://localhost${path}`, { unix: this.#socket, ...init })
      : fetch(this.gateway.admin + path, init))
    return { status: answer.status, text: await answer.text(), headers: answer.headers }
  }

  async done(
    method: string,
    path: string,
    body?: unknown,
    headers?: Record<string, string>,
  ): Promise<Answer> {
    const answer = await this.ask(method, path, body, headers)
    if (answer.status >= 300) throw new Error(`${method} ${path}: ${answer.status} ${answer.text}`)
    return answer
  }
}

/** All that gives the gateway secrets to tell; what of them was made by it. */
export async function goThrough(
  asker: Asker,
  config: object,
  pair: { cert: string; key: string },
): Promise<Made> {
  const password = secret('password of a user')
  const made: string[] = []
  const tokens = new Map<string, string>()
  for (const role of ['viewer', 'operator', 'editor']) {
    const { token } = JSON.parse((await asker.done('POST', '/api/v1/tokens', { role, name: role })).text)
    tokens.set(role, token)
    made.push(token.split('_').at(-1))
  }
  await asker.done('POST', '/api/v1/users', { name: 'anna', role: 'admin', password })
  const signIn = (word: string): Promise<Response> =>
    fetch(`${asker.gateway.admin}/api/v1/auth/sign-in`, {
      method: 'POST',
      headers: { 'Content-Type': 'application/json' },
      body: JSON.stringify({ name: 'anna', password: word }),
    })
  expect((await signIn(secret('password that was mistyped'))).status).toBe(401)
  const signedIn = await signIn(password)
  const cookie = signedIn.headers.get('set-cookie')?.split(';')[0] ?? ''
  const { csrf_token: csrf } = JSON.parse(
    (await asker.done('GET', '/api/v1/auth/me', undefined, { Cookie: cookie })).text,
  )
  const browser = { Cookie: cookie, 'X-CSRF-Token': csrf, 'Sec-Fetch-Site': 'same-origin' }
  made.push(cookie.split('=')[1] ?? '', csrf)
  const factor = await asker.done('POST', '/api/v1/auth/totp', undefined, browser)
  made.push(JSON.parse(factor.text).secret)
  const jwt = await asker.done(
    'POST',
    '/api/v1/auth/jwt',
    {},
    { Authorization: `Bearer ${tokens.get('editor')}` },
  )
  made.push(JSON.parse(jwt.text).token.split('.')[2])
  const own = { password, new_password: secret('new password of a user') }
  expect((await asker.ask('POST', '/api/v1/auth/password', own, browser)).status).toBeLessThan(500)
  // Changes of the config, done and refused, by each way.
  const text = JSON.stringify(config, null, 1)
  const changed = text.replace(secret('for checks'), secret('for later checks'))
  const editor = { Authorization: `Bearer ${tokens.get('editor')}` }
  await asker.done('PUT', '/api/v1/config', changed, { 'Content-Type': 'application/yaml' })
  const field = (value: unknown): object => ({ health_check: { headers: { Authorization: value } } })
  await asker.done('PATCH', '/api/v1/backends/api', field(secret('by a patch')), editor)
  for (const value of [[secret('in a list')], { a: secret('in a map') }, `${secret('with a line')}\n`])
    expect((await asker.ask('PATCH', '/api/v1/backends/api', field(value), editor)).status).toBe(422)
  const users = (value: unknown): object => ({ auth: { users: { bob: value } } })
  await asker.done('PATCH', '/api/v1/listeners/turn', users(secret('of bob')), editor)
  expect((await asker.ask('PATCH', '/api/v1/listeners/turn', users([secret('of bob')]), editor)).status).toBe(
    422,
  )
  const rule = {
    name: 'more',
    middleware: [{ headers: { request: { set: { Cookie: secret('as cookie') } } } }],
  }
  await asker.done('POST', '/api/v1/rules', { ...rule, backend: 'api', match: { path: '/more' } }, editor)
  const upload = { name: 'up', certificate_pem: pair.cert, private_key_pem: pair.key }
  await asker.done('POST', '/api/v1/certificates', upload, editor)
  const bad = { ...upload, name: 'bad', private_key_pem: pair.key.replace(/[A-Za-z]{6}/, 'AAAAAA') }
  expect((await asker.ask('POST', '/api/v1/certificates', bad, editor)).status).toBe(422)
  await asker.ask('POST', '/api/v1/changes?dry_run=true', { text: changed, message: 'tried' }, editor)
  await asker.ask('POST', '/api/v1/config/validate', changed.replace('"api"', '"apj"'), {
    ...editor,
    'Content-Type': 'application/yaml',
  })
  await asker.gateway.writeConfig(text.replace('"/probe"', '["/probe"]'))
  await asker.gateway.event('rejected', ({ from }) => from !== 'api')
  expect((await asker.gateway.apply(text)).event).toBe('applied')
  const back = { revision: 3, message: 'as it was' }
  await asker.done('POST', '/api/v1/config/rollback', back)
  await asker.gateway.fetch(`/more?token=sesame`, {
    headers: {
      Authorization: `Bearer ${secret('of a client')}`,
      Cookie: `id=${secret('cookie of a client')}`,
    },
  })
  made.push(pair.key.split('\n')[3] ?? '')
  return { tokens, made }
}

interface Made {
  readonly tokens: ReadonlyMap<string, string>
  /** What was made by chance, as it would show. */
  readonly made: readonly string[]
}
