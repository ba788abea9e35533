// The step jwt; which tokens are good is told in tokens/jwt-provider.test.ts.
import { afterAll, beforeAll, expect, test } from 'bun:test'
import type { Exchange } from '../../../server/http/exchange.ts'
import type { JwtConfig } from '../../../server/middleware/jwt.options.ts'
import { JwtProvider } from '../../../server/tokens/jwt-provider.ts'
import type { JwtProviderConfig } from '../../../server/tokens/jwt-provider.options.ts'
import { TokenKeys } from '../../../server/tokens/token-keys.ts'
import { Issuer } from '../../support/issuer.ts'
import { stepOf } from '../../support/step-world.ts'
import { fieldOf, worldOf } from './access.ts'
import { exchange, requestOf } from './exchanges.ts'

const SOURCE = 'https://issuer.test/jwks.json'
const ISSUER: JwtProviderConfig = {
  issuer: 'https://issuer.test',
  audience: ['app'],
  jwks_url: SOURCE,
  refresh: 600_000,
  algorithms: [],
  clock_skew: 0,
  from: ['cookie session', 'header Authorization'],
  name_claim: 'sub',
  required_claims: ['exp'],
  claims_to_headers: { 'X-Groups': 'groups', 'X-Level': 'level', 'X-Mail': 'profile.mail' },
  max_size: 16_384,
}
const STEP: JwtConfig = {
  mode: 'enforce',
  provider: 'corp',
  optional: false,
  claims: {},
  realm: 'App',
  pass_credentials: false,
}

let issuer: Issuer
beforeAll(async () => void (issuer = await Issuer.start()))
afterAll(() => issuer.stop())

/** What comes of a request with these fields. */
async function ask(
  fields: readonly string[],
  more: Partial<JwtConfig> = {},
  { texts = { [SOURCE]: JSON.stringify(issuer.jwks) } }: { texts?: Record<string, string> } = {},
) {
  const keys = new TokenKeys(() => 0)
  keys.serve(texts)
  const provider = new JwtProvider('corp', ISSUER, keys)
  const x = {
    ...exchange({ request: requestOf(...fields) }),
    snapshot: { issuers: new Map([['corp', provider]]), config: { auth: { jwt: { corp: ISSUER } } } },
  } as unknown as Exchange
  const { ground, counted } = worldOf()
  const step = stepOf({ jwt: { ...STEP, ...more } }, ground)
  const foreseen = step.explain?.(x)
  const answer = await step.request?.(x, undefined)
  return { x, answer, counted, foreseen, sent: (name: string) => x.request.get(name) }
}

test('who has a good token is whom it names; servers are told what it says, and nothing that clients say', async () => {
  const token = await issuer.token({ groups: ['a', 'b\r\nX-Admin: 1'], level: 7 })
  const forged = ['X-Groups: root', 'x_groups: root', 'X-Mail: root', 'X-User: root']
  const { x, answer, sent, counted } = await ask([`Authorization: Bearer ${token}`, ...forged], {
    user_header: 'X-User',
  })
  expect(answer).toBeUndefined()
  expect(x.identity).toMatchObject({ via: 'jwt', name: 'anna', claims: { level: 7 } })
  expect([sent('authorization'), sent('x-user'), sent('x-level'), sent('x-mail')]).toEqual([
    null,
    'anna',
    '7',
    null,
  ])
  const lines = x.request.edits?.added.map(({ line }) => line.toString())
  expect(lines).toContain('X-Groups: a, b%0D%0AX-Admin: 1\r\n')
  expect([...(x.request.edits?.removed ?? [])].map(String)).toContain('x_groups')
  expect(counted).toEqual(['allowed test jwt'])
})

test('a cookie counts before a field, and other cookies stay', async () => {
  const token = await issuer.token()
  const cookie = await ask([`Cookie: a=b; session=${token}; c=d`])
  expect([cookie.answer, cookie.sent('cookie')]).toEqual([undefined, 'a=b; c=d'])
  const kept = await ask([`Cookie: session=${token}`], { pass_credentials: true })
  expect(kept.sent('cookie')).toBe(`session=${token}`)
  expect((await ask([`Cookie: session=x`, `Authorization: Bearer ${token}`])).answer?.fault).toBe(
    'token_invalid',
  )
})

test('refusals say what RFC 6750 has them say', async () => {
  const good = `Authorization: Bearer ${await issuer.token({ groups: ['a'] })}`
  const bad = `Authorization: Bearer ${await issuer.token({ exp: -1 })}`
  for (const [fields, more, status, wanted] of [
    [[], {}, 401, 'Bearer realm="App"'],
    [['Authorization: Basic x'], {}, 401, 'Bearer realm="App"'],
    [[bad], {}, 401, 'Bearer realm="App", error="invalid_token", error_description="it has expired"'],
    [
      [good, bad],
      {},
      401,
      'Bearer realm="App", error="invalid_token", error_description="two tokens that differ"',
    ],
    [[good], { claims: { groups: 'b' } }, 403, 'Bearer realm="App", error="insufficient_scope"'],
  ] as const) {
    const { x, answer } = await ask(fields, more)
    expect([answer?.status, fieldOf(answer, 'WWW-Authenticate')]).toEqual([status, wanted])
    // Who may not is known all the same.
    expect(x.identity?.name).toBe(status === 403 ? 'anna' : undefined)
  }
  expect((await ask([good], { claims: { groups: { has: 'a' } } })).answer).toBeUndefined()
})

test('without one requests pass where that is said; with a bad one they do not', async () => {
  const none = await ask(['X-Groups: root'], { optional: true })
  expect([none.answer, none.x.identity, none.sent('x-groups')]).toEqual([undefined, null, null])
  expect((await ask(['Authorization: Bearer x'], { optional: true })).answer?.status).toBe(401)
})

test('in shadow mode the token stays, and what clients say of themselves does not', async () => {
  const { answer, x, sent, counted } = await ask(['Authorization: Bearer x', 'X-Groups: root'], {
    mode: 'shadow',
  })
  expect([answer, x.shadow, sent('authorization'), sent('x-groups')]).toEqual([
    undefined,
    'jwt',
    'Bearer x',
    null,
  ])
  expect(counted).toEqual(['shadow test jwt'])
})

test('what it would do is foreseen without a look at the token', async () => {
  expect((await ask([])).foreseen).toMatchObject({ why: 'no token', answer: { status: 401 } })
  expect((await ask(['Authorization: Bearer x'])).foreseen).toMatchObject({ depends: true })
})
