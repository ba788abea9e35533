// Which tokens are believed, by the letter of RFC 7519 and RFC 8725, and which attacks are not.
import { afterAll, beforeAll, describe, expect, test } from 'bun:test'
import { exportSPKI, generateKeyPair, SignJWT } from 'jose'
import { isRefusal, JwtProvider } from '../../../server/tokens/jwt-provider.ts'
import type { JwtProviderConfig } from '../../../server/tokens/jwt-provider.options.ts'
import { type KeysNews, TokenKeys } from '../../../server/tokens/token-keys.ts'
import { Issuer, type TokenWords } from '../../support/issuer.ts'

const OPTIONS: JwtProviderConfig = {
  issuer: 'https://issuer.test',
  audience: ['app', 'other'],
  jwks_url: 'https://issuer.test/jwks.json',
  refresh: 600_000,
  algorithms: [],
  clock_skew: 30_000,
  from: ['header Authorization'],
  name_claim: 'sub',
  required_claims: ['exp'],
  claims_to_headers: {},
  max_size: 16_384,
}
const SOURCE = OPTIONS.jwks_url ?? ''
const nowS = Math.floor(Date.now() / 1000)

let issuer: Issuer
beforeAll(async () => void (issuer = await Issuer.start()))
afterAll(() => issuer.stop())

function world(more: Partial<JwtProviderConfig> = {}) {
  const clock = { ms: 0, s: nowS }
  const asked: KeysNews[] = []
  const keys = new TokenKeys(() => clock.ms)
  keys.tellTo((news) => asked.push(news))
  keys.serve({ [SOURCE]: JSON.stringify(issuer.jwks) })
  return {
    clock,
    asked,
    keys,
    provider: new JwtProvider('corp', { ...OPTIONS, ...more }, keys, () => clock.s),
  }
}

/** Whom it names, or why it is not taken. */
async function read(provider: JwtProvider, token: string): Promise<string> {
  const done = await provider.read(token)
  return isRefusal(done) ? `${done.is}: ${done.why}` : done.name
}

const b64 = (value: unknown): string => Buffer.from(JSON.stringify(value)).toString('base64url')

describe('claims', () => {
  test.each([
    ['all is well', {}, 'anna'],
    ['one of several audiences', { aud: ['x', 'other'] }, 'anna'],
    ['expired within the skew', { exp: -29 }, 'anna'],
    ['expired', { exp: -31 }, 'invalid: it has expired'],
    ['without an end', { exp: null }, 'invalid: it has no claim "exp"'],
    ['good soon, within the skew', { nbf: nowS + 29 }, 'anna'],
    ['good later', { nbf: nowS + 90 }, 'invalid: it is not good yet: its claim "nbf" is still to come'],
    ['of another issuer', { iss: 'https://issuer.test/' }, 'invalid: its claim "iss" is not issuer'],
    [
      'for somebody else',
      { aud: 'app2' },
      'invalid: it is for somebody else: its claim "aud" has nothing of audience',
    ],
    ['for nobody', { aud: undefined }, 'invalid: it has no claim "aud"'],
    ['an end that is no number', { exp: null, ...{ x: 1 } }, 'invalid: it has no claim "exp"'],
    ['a name with a line break', { sub: 'anna\r\nX-Admin: 1' }, 'anna\r\nX-Admin: 1'],
    ['nobody', { sub: undefined }, ''],
  ] as [string, TokenWords, string][])('%s', async (_, words, wanted) => {
    expect(await read(world().provider, await issuer.token(words))).toBe(wanted)
  })

  test('the name may stand in another claim, and further ones may be asked for', async () => {
    const { provider } = world({ name_claim: 'user.mail', required_claims: ['jti'] })
    expect(
      await read(provider, await issuer.token({ user: { mail: 'a@b.test' }, jti: '1', exp: null })),
    ).toBe('a@b.test')
    expect(await read(provider, await issuer.token())).toBe('invalid: it has no claim "jti"')
  })
})

describe('attacks', () => {
  const NONE = 'invalid: it is none'
  const WAY = 'invalid: it is signed in a way that is not taken'
  test('without a signature, or signed by the public key as if it were a secret', async () => {
    const { provider } = world()
    const token = await issuer.token()
    const [, payload = ''] = token.split('.')
    for (const alg of ['none', 'None', 'nOnE', 'HS256', '', undefined, ['ES256'], null])
      expect(await read(provider, `${b64({ alg })}.${payload}.AAAA`)).toBe(WAY)
    expect(await read(provider, `${b64({ alg: 'none' })}.${payload}.`)).toBe(NONE)
    const { publicKey } = await generateKeyPair('RS256', { extractable: true })
    const pem = await exportSPKI(publicKey)
    const { provider: byPem } = world({ jwks_url: undefined, key: pem } as never)
    const forged = await new SignJWT({ iss: OPTIONS.issuer, aud: 'app', sub: 'root' })
      .setProtectedHeader({ alg: 'HS256' })
      .setExpirationTime('5m')
      .sign(new TextEncoder().encode(pem))
    expect(byPem.algorithms).not.toContain('HS256')
    expect(await read(byPem, forged)).toBe(WAY)
    // Not even where the config lists it.
    const listed = world({ jwks_url: undefined, key: pem, algorithms: ['HS256', 'RS256'] } as never).provider
    expect(await read(listed, forged)).toBe(WAY)
  })

  test('an own key within the token, or at an address in it, is not believed; nor is a critical header', async () => {
    const { provider, asked } = world()
    const mallory = await Issuer.start()
    try {
      const [jwk] = mallory.jwks.keys
      const invalid = 'invalid: its signature is of no key of the issuer'
      const withKey = { jwk, jku: mallory.url, x5u: mallory.url, x5c: ['AAAA'] }
      expect(await read(provider, await mallory.token({ header: withKey }))).toBe(invalid)
      expect(mallory.fetched).toBe(0)
      const crit = await issuer.token({ header: { crit: ['x-must'], 'x-must': 1 } })
      expect(await read(provider, crit)).toBe('invalid: it cannot be read')
      for (const kid of ['../../dev/null', "' OR 1=1", 'key-1\0', '__proto__', 5])
        expect(
          await Promise.race([read(provider, await issuer.token({ header: { kid } })), 'waits']),
        ).not.toBe('anna')
      expect(new Set(asked.map(({ source }) => source))).toEqual(new Set([SOURCE]))
    } finally {
      await mallory.stop()
    }
  })

  test('what is cut, changed, too long or no token at all', async () => {
    const { provider } = world()
    const token = await issuer.token()
    const [header = '', payload = '', signature = ''] = token.split('.')
    const other = b64({ ...JSON.parse(Buffer.from(payload, 'base64url').toString()), sub: 'root' })
    const deep = Buffer.from(`{"alg":"ES256","a":${'['.repeat(5000)}${']'.repeat(5000)}}`).toString(
      'base64url',
    )
    for (const bad of [
      `${header}.${other}.${signature}`,
      `${header}.${payload}.${signature.slice(0, -4)}`,
      `${header}.${payload}`,
      `${token}.x`,
      `${header}.${payload}.${signature}\r\n`,
      `${token}\0`,
      `${token}ÿ`,
      `${deep}.${payload}.${signature}`,
      `${Buffer.from([0xff, 0xfe]).toString('base64url')}.${payload}.${signature}`,
      `${b64('x')}.${payload}.${signature}`,
      'x'.repeat(65_536),
      `${header}.${'A'.repeat(65_536)}.${signature}`,
      '',
      '..',
    ])
      expect(await read(provider, bad)).toStartWith('invalid: ')
  })
})

describe('keys', () => {
  test('of several without a name each is tried, and RSA and Ed25519 are taken, too', async () => {
    for (const alg of ['RS256', 'PS256', 'EdDSA']) {
      const one = await Issuer.start(alg)
      const other = await Issuer.start(alg)
      const { provider, keys } = world()
      const both = [...other.jwks.keys, ...one.jwks.keys].map(({ kid: _, ...key }) => key)
      keys.serve({ [SOURCE]: JSON.stringify({ keys: both }) })
      expect(await read(provider, await one.token({ header: { kid: undefined } }))).toBe('anna')
      await Promise.all([one.stop(), other.stop()])
    }
  })

  test('by a secret that both share', async () => {
    const key = 's'.repeat(32)
    const { provider } = world({ jwks_url: undefined, key } as never)
    const sign = (secret: string) =>
      new SignJWT({ iss: OPTIONS.issuer, aud: 'app', sub: 'anna' })
        .setProtectedHeader({ alg: 'HS256' })
        .setExpirationTime('5m')
        .sign(new TextEncoder().encode(secret))
    expect(await read(provider, await sign(key))).toBe('anna')
    expect(await read(provider, await sign('t'.repeat(32)))).toStartWith('invalid: its signature')
  })

  test('one that is not known is asked for once in a while, and who waits is answered', async () => {
    const { provider, keys, asked, clock } = world()
    const next = await Issuer.start()
    try {
      await next.rotate() // its key is called key-2
      const token = await next.token()
      const waiting = [read(provider, token), read(provider, await next.token({ sub: 'ben' }))]
      await Promise.resolve()
      while (asked.length === 0) await new Promise(setImmediate)
      keys.serve({ [SOURCE]: JSON.stringify(next.jwks) })
      expect(await Promise.all(waiting)).toEqual(['anna', 'ben'])
      // What the key of before has signed is good no more.
      expect(await read(provider, await issuer.token())).toBe(
        'invalid: it names a key that the issuer does not have',
      )
      expect(asked).toEqual([{ type: 'keys-wanted', source: SOURCE }])
      clock.ms = 30_000
      const again = read(provider, await issuer.token())
      while (asked.length === 1) await new Promise(setImmediate)
      keys.serve({ [SOURCE]: JSON.stringify(next.jwks) })
      expect(await again).toStartWith('invalid: it names a key')
    } finally {
      await next.stop()
    }
  })

  test('without any a token is neither good nor bad', async () => {
    const { provider, keys } = world()
    keys.serve({})
    const waiting = read(provider, await issuer.token())
    await new Promise(setImmediate)
    keys.serve({})
    expect(await waiting).toBe('unavailable: no keys of the issuer have come yet')
  })
})

test('a signature is checked once, until the token expires or the keys change', async () => {
  const { provider, clock, keys } = world()
  const token = await issuer.token({ exp: 10 })
  expect(provider.read(token)).toBeInstanceOf(Promise)
  await provider.read(token)
  expect(provider.read(token)).toMatchObject({ name: 'anna', untilS: expect.any(Number) })
  // Its time is that of the clock, which this file may have taken a while to come to.
  clock.s = nowS + 600
  expect(await read(provider, token)).toBe('invalid: it has expired')
  clock.s = nowS
  await provider.read(token)
  keys.serve({ [SOURCE]: JSON.stringify({ keys: [...issuer.jwks.keys, ...issuer.jwks.keys] }) })
  expect(provider.read(token)).toBeInstanceOf(Promise)
})
