import { describe, expect, test } from 'bun:test'
import { STICKY_COOKIE } from '../../../server/backends/sticky.options.ts'
import { needsSecret, stickyWords, USUAL } from '../../../server/backends/sticky-words.ts'
import { parseConfig } from '../../../server/config/load.ts'

type Words = Record<string, unknown>

const load = (
  backends: Words,
  rules: unknown = [{ name: 'all', backend: 'a' }],
  more: Words = {},
): ReturnType<typeof parseConfig> =>
  parseConfig(
    'test.json',
    Buffer.from(JSON.stringify({ listeners: { web: { bind: '127.0.0.1:0' } }, rules, backends, ...more })),
    {},
  )
const A = { servers: [{ url: 'http://127.0.0.1:1' }] }
const SECRET = 'a secret of the tests'

/** What is said of one backend: `path: message; hint`, warnings too. */
function said(backend: Words): string[] {
  const loaded = load({ a: { ...A, ...backend } })
  const all = loaded.ok ? loaded.warnings : loaded.problems
  return all.map(({ path, message, hint }) => `${path}: ${message}; ${hint}`)
}

describe('sticky', () => {
  test('is the short form of what the schema says is usual', () => {
    for (const sticky of [true, {}]) {
      const loaded = load({ a: { ...A, sticky } })
      if (!loaded.ok) throw new Error(loaded.problems.join())
      const { secrets, cookie, by, ...rest } = stickyWords(loaded.config.backends['a']!)!
      expect(rest).toEqual(USUAL)
      expect({ secrets, cookie, by }).toEqual({ secrets: [], cookie: STICKY_COOKIE, by: 'cookie' })
      expect(needsSecret(loaded.config.backends['a']!)).toBe(true)
    }
    expect(stickyWords({ sticky: false })).toBeNull()
    expect(stickyWords({})).toBeNull()
  })

  test('that turns off the one way it names is told to stay by a cookie', () => {
    expect(said({ sticky: { client_ip: false } })).toEqual([
      'backends.a.sticky.client_ip: found client_ip: false and no other way, so sessions stay by a cookie, allowed the way that is meant, or no "sticky"; write "sticky": true for the cookie, "sticky": false for none',
    ])
    expect(said({ sticky: { client_ip: false, cookie: 'sid' } })).toEqual([])
    expect(said({ sticky: { client_ip: false, header: 'X-User' } })).toEqual([])
    expect(said({ sticky: true })).toEqual([])
  })

  test('may stand at the top of the short form', () => {
    const text = JSON.stringify({ listen: '127.0.0.1:0', backends: A.servers, sticky: { secret: SECRET } })
    const loaded = parseConfig('test.json', Buffer.from(text), {})
    expect(loaded.ok && loaded.config.backends['default']?.sticky).toMatchObject({ secret: SECRET })
  })

  test.each([
    [{ same_site: 'none' }, 'sticky.same_site', 'same_site none without secure: true'],
    [{ same_site: 'none', secure: false }, 'sticky.same_site', 'same_site none without secure: true'],
    [{ cookie: '__Host-a' }, 'sticky.cookie', 'without secure: true'],
    [{ cookie: '__Host-a', secure: true, path: '/b' }, 'sticky.cookie', 'with a path or a domain'],
    [{ cookie: 'sluice-0123abcd' }, 'sticky.cookie', 'as cookies of sign-ins to a dashboard are called'],
    [{ cookie: 'a b' }, 'sticky.cookie', 'the name of a cookie'],
    [{ cookie: 'a', header: 'X-A' }, 'sticky.header', '"header" beside "cookie"'],
    [{ header: 'X-A', ttl: '1h' }, 'sticky.ttl', '"ttl" with sessions by header'],
    [{ client_ip: true, secrets: [SECRET] }, 'sticky.secrets', '"secrets" with sessions by client_ip'],
    [{ learn: 'sid', header: 'X-A' }, 'sticky.learn', '"learn" beside "header"'],
    [{ learn: 'sid', same_site: 'none' }, 'sticky.same_site', '"same_site" with sessions by learn'],
    [{ learn: 'sid', cookie: 'sid' }, 'sticky.learn', 'two names'],
    [{ learn: 'a;b' }, 'sticky.learn', 'the name of a cookie'],
    [{ secret: SECRET, secrets: [SECRET] }, 'sticky.secrets', '"secrets" beside "secret"'],
    [{ secret: 'short' }, 'sticky.secret', 'text of 16 to 512 characters'],
    [{ secrets: [] }, 'sticky.secrets', 'at least 1'],
    [{ path: 'a' }, 'sticky.path', 'a path that begins with "/"'],
    [{ path: '/a;b' }, 'sticky.path', 'a path that begins with "/"'],
    [{ domain: 'a b' }, 'sticky.domain', 'a domain'],
    [{ domain: 'example.org;x' }, 'sticky.domain', 'a domain'],
    [{ ttl: '400d' }, 'sticky.ttl', '24d'],
    [{ drain: 'never' }, 'sticky.drain', 'one of leave, sticky'],
    [{ cookie_name: 'a' }, 'sticky.cookie_name', 'it is called "cookie"'],
    [{ ttl_secs: 60 }, 'sticky.ttl_secs', 'it is called "ttl"'],
  ])('of %j is refused where it is wrong', (sticky, path, message) => {
    const problems = said({ sticky }).filter((one) => one.startsWith(`backends.a.${path}:`))
    expect(problems.join('\n')).toContain(message)
    expect(problems.join('\n')).not.toContain(SECRET)
  })

  test('has what browsers ask of the names and attributes that it takes', () => {
    for (const sticky of [
      { same_site: 'none', secure: true },
      { cookie: '__Host-a', secure: true },
      { cookie: '__Secure-a', secure: true, path: '/b', domain: 'example.org' },
      { secrets: [SECRET, `${SECRET} of before`], ttl: '0s' },
      { header: 'X-User', drain: 'sticky' },
      { client_ip: true },
      { learn: 'JSESSIONID', cookie: 'where', secret: SECRET, drain: 'sticky', full: 'wait' },
    ])
      expect(said({ sticky })).toEqual([])
  })

  test('by old names is told its own', () => {
    expect(said({ sticky_session: { cookie_name: 'a' } }).join()).toContain('it is called "sticky"')
    expect(said({ sticky_sessions: true }).join()).toContain('it is called "sticky"')
  })

  test('of connections and datagrams goes by address alone', () => {
    for (const family of ['tcp', 'udp']) {
      const servers = [{ url: `${family}://127.0.0.1:1` }]
      for (const sticky of [true, { header: 'X-A' }, { cookie: 'a' }, { ttl: '1h' }])
        expect(said({ servers, sticky }).join('\n')).toContain(
          'client_ip: nothing else is known of who connects',
        )
      expect(said({ servers, sticky: { client_ip: true } }).join('\n')).not.toContain('sticky')
    }
  })

  test('by a key goes with no algorithm that has one', () => {
    for (const algorithm of ['hash', 'ip_hash']) {
      const hash = algorithm === 'hash' ? { hash: { by: 'path' } } : {}
      expect(said({ algorithm, ...hash, sticky: { header: 'X-A' } }).join()).toContain('with algorithm')
      expect(said({ algorithm, ...hash, sticky: true })).toEqual([])
    }
  })

  test('of two backends that the same clients ask is warned of, where the cookie is the same', () => {
    const warnings = (b: Words, host: readonly [unknown, unknown]): number => {
      const match = (at: 0 | 1) => (host[at] === null ? {} : { host: host[at] })
      const rules = [
        { name: 'one', match: { path: '/b', ...match(0) }, backend: 'b' },
        { name: 'two', match: match(1), backend: 'a' },
      ]
      const loaded = load({ a: { ...A, sticky: true }, b: { ...A, ...b } }, rules)
      if (!loaded.ok) throw new Error(loaded.problems.map(({ message }) => message).join())
      return loaded.warnings.filter(({ message }) => message.includes('sets as well')).length
    }
    expect(warnings({ sticky: true }, [null, null])).toBe(1)
    expect(warnings({ sticky: { domain: 'example.org' } }, [null, null])).toBe(0)
    expect(warnings({ sticky: { cookie: 'other' } }, [null, null])).toBe(0)
    expect(warnings({ sticky: { header: 'X-A' } }, [null, null])).toBe(0)
    expect(warnings({ sticky: true }, ['a.org', 'b.org'])).toBe(0)
    expect(warnings({ sticky: true }, [['a.org', 'b.org'], 'B.org'])).toBe(1)
  })
})
