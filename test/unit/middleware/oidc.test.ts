// What oidc keeps in cookies, without a provider.
import { describe, expect, test } from 'bun:test'
import type { OidcProviderConfig } from '../../../server/middleware/oidc-provider.options.ts'
import { OidcProvider } from '../../../server/middleware/oidc-provider.ts'
import type { Session } from '../../../server/middleware/oidc-session.ts'
import { testGround } from '../../support/step-world.ts'
import { headOf } from './exchanges.ts'

const OPTIONS: OidcProviderConfig = {
  issuer: 'https://id.example',
  client_id: 'sluice',
  client_auth: 'basic',
  scopes: ['openid'],
  params: { prompt: 'login', state: 'mine' },
  redirect_path: '/cb',
  logout_path: '/out',
  post_logout: '/',
  session: { ttl: 3_600_000, idle: 600_000, same_site: 'lax' },
  claims_to_headers: { 'X-User': 'email', 'X-Roles': 'realm.roles', 'X-Sub': 'sub' },
  userinfo: false,
  refresh: true,
  timeout: 1000,
  clock_skew: 30_000,
  ca: [],
}

const providerOf = (
  more: Partial<OidcProviderConfig> = {},
  secret = 'a secret of tests, long enough',
  name = 'test',
) => new OidcProvider({ name, options: { ...OPTIONS, ...more }, secret, ca: null, board: testGround().board })

const NOW = 1_800_000_000
const ALICE: Session = {
  sinceS: NOW,
  seenS: NOW,
  untilS: 0,
  sub: 'alice',
  claims: { email: 'alice@a.example', realm: { roles: ['a', 'b'] } },
  refresh: null,
  idToken: null,
}

const request = (...cookies: string[]) =>
  headOf('GET /a HTTP/1.1', 'Host: a.example', ...cookies.map((cookie) => `Cookie: ${cookie}`))

/** The pairs of Set-Cookie lines, as a browser sends them back. */
const pairsOf = (lines: readonly string[] | null): string =>
  (lines ?? [])
    .filter((line) => !line.includes('Max-Age=0'))
    .map((line) => line.split(';')[0])
    .join('; ')

describe('a session', () => {
  const provider = providerOf()
  const written = (session = ALICE, isSecure = true) =>
    provider.sessions.write(session, request(), isSecure, NOW)

  test('is in a cookie that scripts and other sites do not see, by https of this very host', () => {
    const [line = '', ...more] = written() ?? []
    expect(more).toEqual([])
    expect(line).toStartWith('__Host-sluice_oidc_test=1.')
    expect(line).toEndWith('; Path=/; Max-Age=3600; HttpOnly; SameSite=Lax; Secure')
    expect(written(ALICE, false)?.[0]).toMatch(
      /^sluice_oidc_test=[^;]+; Path=\/; Max-Age=3600; HttpOnly; SameSite=Lax$/,
    )
  })

  test('is read again, until it is over or nobody has come for long', () => {
    const cookie = pairsOf(written())
    const read = (nowS: number) => provider.sessions.read(request(`a=b; ${cookie}`, 'c=d'), true, nowS)
    expect(read(NOW)).toEqual(ALICE)
    expect(read(NOW + 600)).toEqual(ALICE)
    expect(read(NOW + 601)).toBeNull()
    expect(read(NOW - 31)).toBeNull()
    expect(provider.sessions.isStale(ALICE, NOW + 61)).toBe(true)
    expect(provider.sessions.isStale(ALICE, NOW + 59)).toBe(false)
    const busy = pairsOf(
      provider.sessions.write({ ...ALICE, seenS: NOW + 3590 }, request(), true, NOW + 3590),
    )
    expect(provider.sessions.read(request(busy), true, NOW + 3600)?.sub).toBe('alice')
    expect(provider.sessions.read(request(busy), true, NOW + 3601)).toBeNull()
  })

  test('of http is none by https, and the other way round: any page of the net could have set it', () => {
    expect(provider.sessions.read(request(pairsOf(written(ALICE, false))), true, NOW)).toBeNull()
    expect(provider.sessions.read(request(pairsOf(written())), false, NOW)).toBeNull()
  })

  test('is nobody’s with another secret, provider, issuer or client', () => {
    const cookie = pairsOf(written())
    const by = (other: OidcProvider) => other.sessions.read(request(cookie), true, NOW)
    expect(by(providerOf())).toEqual(ALICE)
    expect(by(providerOf({}, 'another secret of tests'))).toBeNull()
    expect(by(providerOf({ issuer: 'https://other.example' }))).toBeNull()
    expect(by(providerOf({ client_id: 'other' }))).toBeNull()
    const named = { ...OPTIONS.session, cookie: 'sluice_oidc_test' }
    expect(by(providerOf({ session: named }, undefined, 'other'))).toBeNull()
    const both = {
      ...OPTIONS.session,
      secrets: ['a new secret, long enough', 'a secret of tests, long enough'],
    }
    expect(by(providerOf({ session: both }))).toEqual(ALICE)
  })

  test('that is long is in several cookies; one that is too long for them has no ID token, or is refused', () => {
    const long = { ...ALICE, claims: { much: 'x'.repeat(4000) } }
    const lines = provider.sessions.write(long, request(), true, NOW) ?? []
    expect(lines.length).toBe(2)
    for (const line of lines) expect(line.length).toBeLessThan(4096)
    const read = (cookie: string) => provider.sessions.read(request(...cookie.split('; ')), true, NOW)
    expect(read(pairsOf(lines))).toEqual(long)
    expect(read(pairsOf(lines.slice(0, 1)))).toBeNull()
    expect(read(pairsOf(lines.slice(1)))).toBeNull()
    const longer = { ...long, idToken: 'y'.repeat(9000) }
    expect(provider.sessions.write(longer, request(), true, NOW)?.length).toBe(2)
    expect(
      provider.sessions.write({ ...ALICE, claims: { much: 'x'.repeat(20_000) } }, request(), true, NOW),
    ).toBeNull()
    // What was of a longer one before goes.
    const shorter = provider.sessions.write(ALICE, request(pairsOf(lines)), true, NOW) ?? []
    expect(shorter.map((line) => line.slice(0, 26))).toEqual([
      '__Host-sluice_oidc_test=1.',
      '__Host-sluice_oidc_test.1=',
    ])
    expect(shorter[1]).toContain('Max-Age=0')
  })

  test('beside one that somebody has slipped in is found', () => {
    const cookie = pairsOf(written())
    const name = '__Host-sluice_oidc_test'
    expect(provider.sessions.read(request(`${name}=1.x; ${cookie}`), true, NOW)).toEqual(ALICE)
    expect(provider.sessions.read(request(`${`${name}=x; `.repeat(50)}${cookie}`), true, NOW)).toBeNull()
  })

  test.each([
    '',
    '1.',
    '3.a',
    '9.a',
    '1.a.b',
    '\xff\xfe',
    '1.'.repeat(1500),
    '1.e30..AAAAAAAAAAAAAAAA.A.AAAAAAAAAAAAAAAAAAAAAA',
  ])('a cookie with %p is nobody', (odd) => {
    expect(provider.sessions.read(request(`__Host-sluice_oidc_test=${odd}`), true, NOW)).toBeNull()
  })

  test('is seen by no server, whatever else the cookies hold', () => {
    const head = request(
      `a=b;${pairsOf(written())}; __Host-sluice_oidc_test-at-abc=x`,
      'sluice_oidc_test.1=x; c=d;sluice_oidc_tested=1',
    )
    provider.strip(head)
    expect(head.get('cookie')).toBe('a=b; c=d; sluice_oidc_tested=1')
    const none = request('sluice_oidc_test=1')
    provider.strip(none)
    expect(none.get('cookie')).toBeNull()
  })

  test('tells servers what is asked for, and no line more', () => {
    expect(provider.fieldsOf(ALICE)).toEqual([
      ['X-User', 'alice@a.example'],
      ['X-Roles', 'a, b'],
      ['X-Sub', 'alice'],
    ])
    expect(provider.fieldsOf({ ...ALICE, claims: { email: { a: 1 }, realm: null } })).toEqual([
      ['X-Sub', 'alice'],
    ])
    const head = request()
    const bad = providerOf().fieldsOf({ ...ALICE, claims: { email: 'a\r\nX-Admin: 1\0Ċ' } })
    for (const [name, value] of bad) head.set(name, value)
    expect(head.edits?.added[0]?.line.toString()).toBe('X-User: a  X-Admin: 1 Ċ\r\n')
    expect(providerOf().fieldsOf({ ...ALICE, claims: { email: 'x'.repeat(65_536) } })).toEqual([
      ['X-Sub', 'alice'],
    ])
    expect(provider.userOf(ALICE)).toBe('alice@a.example')
    expect(provider.userOf({ ...ALICE, claims: {} })).toBe('alice')
  })
})

describe('a sign-in', () => {
  const provider = providerOf()
  const way = { isSecure: true, origin: 'https://a.example' }
  const begin = (head = request()) => provider.signIns.begin('https://id.example/auth?x=1', head, way, NOW)

  test('goes to the provider with all that it needs, and nothing that config could weaken', () => {
    const { location, cookies } = begin()
    const { searchParams: query } = new URL(location)
    expect([query.get('x'), query.get('prompt'), query.get('response_type')]).toEqual(['1', 'login', 'code'])
    expect([query.get('redirect_uri'), query.get('scope')]).toEqual(['https://a.example/cb', 'openid'])
    expect(query.getAll('state').length).toBe(1)
    expect(query.get('state')).not.toBe('mine')
    expect(query.get('code_challenge_method')).toBe('S256')
    expect(query.get('code_challenge')).toMatch(/^[\w-]{43}$/)
    expect(cookies.length).toBe(1)
    expect(cookies[0]).toMatch(
      /^__Host-sluice_oidc_test-at-[\w-]{8}=[^;]+; Path=\/; Max-Age=900; HttpOnly; SameSite=Lax; Secure$/,
    )
    expect(cookies[0]).not.toContain(query.get('nonce') ?? '')
  })

  test('is found by who began it, at the same host, in time', () => {
    const { location, cookies } = begin()
    const state = new URL(location).searchParams.get('state') ?? ''
    const cookie = pairsOf(cookies)
    const find = (head = request(cookie), nowS = NOW) => provider.signIns.find(head, state, true, nowS)
    expect(find()).toMatchObject({ state, to: '/a', host: 'a.example' })
    expect(find(request(cookie), NOW + 900)?.state).toBe(state)
    expect(find(request(cookie), NOW + 901)).toBeNull()
    expect(find(request())).toBeNull()
    expect(find(headOf('GET /cb HTTP/1.1', 'Host: b.example', `Cookie: ${cookie}`))).toBeNull()
    expect(provider.signIns.find(request(cookie), state.toUpperCase(), true, NOW)).toBeNull()
    // That of a session is no sign-in, and the other way round.
    const session = pairsOf(provider.sessions.write(ALICE, request(), true, NOW)).split('=1.')[1] ?? ''
    expect(find(request(`${cookie.split('=')[0]}=${session}`))).toBeNull()
  })

  test('takes old cookies away where there are many', () => {
    const many = Array.from({ length: 9 }, (_, i) => `__Host-sluice_oidc_test-at-0000000${i}=x`).join('; ')
    expect(begin(request(many)).cookies.length).toBe(10)
  })
})
