// Tokens that are signed: ours, and those of another issuer; and what attackers make of them.
import { afterEach, beforeEach, describe, expect, test } from 'bun:test'
import { exportJWK, exportSPKI, generateKeyPair, type JWTPayload, SignJWT } from 'jose'
import { createHmac } from 'node:crypto'
import { writeFileSync } from 'node:fs'
import { join } from 'node:path'
import type { AdminConfig } from '../../../../server/admin/admin.options.ts'
import { type AdminWorld, adminWorld, type Answered } from '../../../support/admin-world.ts'
import { PASSWORD } from '../../../support/store-world.ts'

const [ours, others] = await Promise.all([
  generateKeyPair('RS256', { extractable: true }),
  generateKeyPair('RS256', { extractable: true }),
])
const publicPem = await exportSPKI(ours.publicKey)
const publicJwk = { ...(await exportJWK(ours.publicKey)), kid: 'k1', alg: 'RS256', use: 'sig' }

let world: AdminWorld
let jwt: NonNullable<AdminConfig['jwt']>
beforeEach(() => {
  const access = (): AdminConfig => ({
    ...{ bind: '127.0.0.1:0', trusted: [], hosts: [], plain_http: false, jwt },
  })
  world = adminWorld({ access })
  const file = join(world.data, 'keys.json')
  writeFileSync(file, JSON.stringify({ keys: [publicJwk] }))
  jwt = {
    ...{ issuer: 'https://id.example', audience: ['sluice'], jwks_file: file, role_claim: 'role' },
    ...{ name_claim: 'sub', roles: {} },
  }
})
afterEach(() => world.close())

const codeOfProblem = ({ status, body }: Answered): unknown[] => [status, body['code']]
const me = (token: string): Promise<Answered> => world.by(token, { path: '/api/v1/auth/me' })
const base64 = (value: object): string => Buffer.from(JSON.stringify(value)).toString('base64url')
const now = (): number => Math.floor(Date.now() / 1000)

const CLAIMS = { iss: 'https://id.example', aud: 'sluice', sub: 'ci-bot', role: 'editor' }
const signed = (claims: JWTPayload = {}, by = ours, header: object = {}): Promise<string> =>
  new SignJWT({ ...CLAIMS, exp: now() + 300, ...claims })
    .setProtectedHeader({ alg: 'RS256', kid: 'k1', ...header })
    .sign(by.privateKey)

describe('tokens of another issuer', () => {
  test('are taken with the name and the role that they say', async () => {
    const { status, body } = await me(await signed({ jti: 'job-7' }))
    expect([status, body]).toEqual([200, { kind: 'jwt', name: 'ci-bot', role: 'editor', id: 'job-7' }])
  })

  test('have their roles within other claims, in other words, and the greatest counts', async () => {
    jwt = { ...jwt, role_claim: 'realm_access.roles', roles: { ops: 'operator', boss: 'admin' } }
    const groups = (...roles: string[]): Promise<string> => signed({ realm_access: { roles } })
    expect((await me(await groups('x', 'ops'))).body).toMatchObject({ role: 'operator' })
    expect((await me(await groups('ops', 'boss'))).body).toMatchObject({ role: 'admin' })
    // A word of ours is none of theirs, and what objects have by themselves is no role.
    for (const odd of ['admin', 'constructor', '__proto__', 'friends of boss'])
      expect(codeOfProblem(await me(await groups(odd)))).toEqual([401, 'token_invalid'])
  })

  test.each([
    ['of another issuer', { iss: 'https://evil.example' }, 'its claim "iss" is not admin.jwt.issuer'],
    ['for somebody else', { aud: 'other' }, 'it is for somebody else: its claim "aud"'],
    ['for nobody', { aud: undefined }, 'it has no claim "aud"'],
    ['that have expired', { exp: 1_700_000_000 }, 'it has expired at 2023-11-14T22:13:20.000Z'],
    ['without an end', { exp: undefined }, 'it has no claim "exp"'],
    ['that are not to be used yet', { nbf: now() + 300 }, 'it is not good yet'],
    ['without a name', { sub: undefined }, 'it has no claim "sub"'],
    ['without a role', { role: undefined }, 'its claim "role" names no role that is known'],
    ['of a role that there is not', { role: 'root' }, 'its claim "role" names no role that is known'],
  ])('%s are refused, and told why', async (_, claims, why) => {
    const refused = await me(await signed(claims as JWTPayload))
    expect(codeOfProblem(refused)).toEqual([401, 'token_invalid'])
    expect(refused.body).toMatchObject({ detail: expect.stringContaining(`one of its issuer, but ${why}`) })
    // Who has not signed it hears nothing of what it says.
    const forged = await me(await signed(claims as JWTPayload, others))
    expect(forged.body).toMatchObject({
      code: 'token_invalid',
      detail: expect.not.stringContaining('issuer'),
    })
  })

  test('that somebody else signed, or nobody, are refused', async () => {
    const body = base64({ ...CLAIMS, role: 'admin', exp: now() + 300 })
    const hmac = (key: string, head: object): string => {
      const text = `${base64(head)}.${body}`
      return `${text}.${createHmac('sha256', key).update(text).digest('base64url')}`
    }
    const good = await signed()
    const [head = '', , signature = ''] = good.split('.')
    const forged = [
      await signed({}, others),
      // The public key taken for a shared secret.
      hmac(publicPem, { alg: 'HS256', kid: 'k1' }),
      hmac(String(publicJwk.n), { alg: 'HS256', kid: 'k1' }),
      `${base64({ alg: 'none' })}.${body}.`,
      `${base64({ alg: 'None', kid: 'k1' })}.${body}.${signature}`,
      `${head}.${body}.${signature}`,
      `${head}.${body}.`,
      await signed({}, others, { jwk: publicJwk }),
      await signed({}, others, { jku: 'http://evil.example/keys' }),
    ]
    for (const token of forged) expect(codeOfProblem(await me(token))).toEqual([401, 'token_invalid'])
    expect((await me(good)).status).toBe(200)
  })

  test('whose keys cannot be read are told so, and our own go on', async () => {
    writeFileSync(jwt.jwks_file ?? '', 'no JSON')
    expect(codeOfProblem(await me(await signed()))).toEqual([503, 'issuer_unavailable'])
    expect((await me(world.token('viewer'))).status).toBe(200)
  })

  test('are worth nothing where the config names no issuer', async () => {
    jwt = undefined as never
    expect(codeOfProblem(await me(await signed()))).toEqual([401, 'token_invalid'])
  })

  test('are read by the keys that are published at a URL, which is asked once', async () => {
    let asked = 0
    using server = Bun.serve({
      port: 0,
      fetch: () => {
        asked++
        return Response.json({ keys: [publicJwk] })
      },
    })
    const { jwks_file: _, ...rest } = jwt
    jwt = { ...rest, jwks_url: `http://127.0.0.1:${server.port}/keys` }
    for (let times = 0; times < 3; times++) expect((await me(await signed())).status).toBe(200)
    expect(codeOfProblem(await me(await signed({}, others, { kid: 'unknown' })))).toEqual([
      401,
      'token_invalid',
    ])
    expect(asked).toBeLessThan(3)
  })
})

describe('our own short-lived tokens', () => {
  const made = async (token: string, body?: object): Promise<Answered> =>
    world.by(token, { method: 'POST', path: '/api/v1/auth/jwt', body })

  test('are of the role that asks, or less, and make no others', async () => {
    world.clock.nowMs = Date.now()
    const token = world.token('editor')
    const { status, body } = await made(token, { role: 'viewer', seconds: 60 })
    expect([status, body['role']]).toEqual([201, 'viewer'])
    const short = String(body['token'])
    expect((await me(short)).body).toMatchObject({ kind: 'jwt', name: 'editor', role: 'viewer' })
    expect(codeOfProblem(await made(short))).toEqual([409, 'conflict'])
    expect(codeOfProblem(await made(token, { role: 'admin' }))).toEqual([403, 'forbidden'])
    expect(codeOfProblem(await made(token, { seconds: 3601 }))).toEqual([422, 'body_invalid'])
  })

  test('end with the password of who made them', async () => {
    const browser = await world.signedIn('viewer', 'carl')
    const short = String((await browser.post('/api/v1/auth/jwt', {})).body['token'])
    expect((await me(short)).status).toBe(200)
    world.clock.nowMs = Date.now() + 2000
    world.store.users.setPassword('carl', 'x')
    expect(codeOfProblem(await me(short))).toEqual([401, 'token_invalid'])
    world.store.users.remove('carl')
    world.addUser('carl', 'admin')
    expect(codeOfProblem(await me(short))).toEqual([401, 'token_invalid'])
  })

  test('end with what they come from', async () => {
    const token = world.token('editor')
    const short = String((await made(token)).body['token'])
    const [{ id } = { id: '' }] = world.store.tokens.list()
    world.store.tokens.remove(id)
    expect(codeOfProblem(await me(short))).toEqual([401, 'token_invalid'])
    const browser = await world.signedIn('editor', 'bob')
    world.addUser('anna', 'admin')
    const bobs = String((await browser.post('/api/v1/auth/jwt', {})).body['token'])
    expect((await me(bobs)).body).toMatchObject({ name: 'bob', role: 'editor' })
    world.store.users.setRole('bob', 'viewer')
    expect((await me(bobs)).body).toMatchObject({ role: 'viewer' })
    world.store.users.remove('bob')
    expect((await me(bobs)).status).toBe(401)
  })

  test('have the scopes of the token that they come from', async () => {
    const short = String((await made(world.token('admin', { scopes: ['audit'] }))).body['token'])
    expect((await world.by(short, { path: '/api/v1/audit' })).status).toBe(200)
    expect(codeOfProblem(await world.by(short, { path: '/api/v1/users' }))).toEqual([403, 'outside_scope'])
  })

  test('cannot be made by anybody else', async () => {
    const claims = {
      iss: 'sluice',
      aud: 'sluice',
      sub: 'x',
      jti: 'j',
      iat: now(),
      role: 'admin',
      src: 'local',
    }
    const body = base64({ ...claims, exp: now() + 300 })
    const head = base64({ alg: 'HS256', typ: 'at+jwt' })
    for (const key of ['', 'sluice', publicPem, PASSWORD]) {
      const signature = createHmac('sha256', key || '\0')
        .update(`${head}.${body}`)
        .digest('base64url')
      expect((await me(`${head}.${body}.${signature}`)).status).toBe(401)
    }
    expect((await me(`${base64({ alg: 'none', typ: 'at+jwt' })}.${body}.`)).status).toBe(401)
    expect((await me(await signed(claims))).status).toBe(401)
    for (const odd of ['..', 'a.b.c', `${head}.${'A'.repeat(10_000)}.x`, 'eyJ.eyJ.x'])
      expect((await me(odd)).status).toBe(401)
  })
})
