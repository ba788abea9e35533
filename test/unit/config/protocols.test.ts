// What a listener may hold depends on its protocol.
import { describe, expect, test } from 'bun:test'
import { turnListener } from '../../support/turn-config.ts'
import { configOf, linesOf, problemsOf, withTurn } from './parse.ts'

const http = (keys: string): string =>
  `listeners: { web: { bind: ":80", backend: a, ${keys} } }\nbackends: { a: { servers: [{ url: "http://a:1" }] } }`

test('each protocol has its own defaults', () => {
  const { turn, web } = configOf(
    `${withTurn()}  web: { bind: ":80", backend: a }\nbackends: { a: { servers: [{ url: "http://a:1" }] } }`,
  ).listeners
  const auth = { users: { alice: 'pass' }, secrets: [], strict_expiry: false, nonce_ttl: 3_600_000 }
  expect(turn).toEqual(turnListener({ bind: '192.0.2.1:3478', auth }))
  expect(web).toMatchObject({ protocol: 'http', limits: { connections: 16_384, body: 10_485_760 } })
  expect(web).not.toHaveProperty('realm')
})

test('auth may be none and relay false, by one word', () => {
  expect(configOf(withTurn('auth: none\nrelay: false')).listeners['turn']).toMatchObject({
    auth: 'none',
    relay: false,
  })
  const given = { env: { AUTH: 'none', RELAY: 'false' } }
  expect(configOf(withTurn('auth: "${AUTH}"\nrelay: "${RELAY}"'), given).listeners['turn']).toMatchObject({
    auth: 'none',
    relay: false,
  })
})

describe('keys of the other protocol', () => {
  const hintOf = (text: string, path: string): string | null | undefined =>
    problemsOf(text).find((problem) => problem.path === path)?.hint

  test.each(['backend: app', 'trusted_proxies: [10.0.0.0/8]', 'forwarded: both', 'half_close: abort'])(
    'a turn listener knows no %s',
    (key) => {
      const name = key.split(':')[0]!
      const [problem, ...others] = problemsOf(withTurn(key))
      expect(others).toEqual([])
      expect(problem).toMatchObject({ code: 'unknown-key', path: `listeners.turn.${name}` })
      expect(problem?.hint).toBe('it needs "protocol: http"')
      // The keys that are allowed are its own.
      expect(problem?.allowed).toContain('realm')
      expect(problem?.allowed).not.toContain(name)
    },
  )

  test.each(['realm: a', 'auth: none', 'relay: false', 'quotas: {}'])(
    'an http listener knows no %s',
    (key) => {
      expect(hintOf(http(key), `listeners.web.${key.split(':')[0]}`)).toBe('it needs "protocol: turn"')
      expect(hintOf(http(`protocol: http, ${key}`), `listeners.web.${key.split(':')[0]}`)).toBe(
        'it needs "protocol: turn"',
      )
    },
  )

  test('a time for handshakes is for those that end TLS', () => {
    expect(hintOf(http('timeouts: { handshake: 5s }'), 'listeners.web.timeouts.handshake')).toBe(
      'it needs "protocol: https"',
    )
    expect(linesOf(withTurn('timeouts: { handshake: 5s }'))[0]).toContain(
      'warning: found a time for handshakes where no TLS ends',
    )
    const tcp = (more: string): string =>
      `listeners: { db: { bind: ":5432", protocol: tcp, backend: a${more} } }\nbackends: { a: { servers: [{ url: "tcp://a:1" }] } }`
    expect(problemsOf(tcp('')).length).toBe(0)
    expect(problemsOf(tcp(', timeouts: { handshake: 5s }'))).toMatchObject([
      { code: 'missing-key', path: 'listeners.db', found: 'no "certificates"' },
    ])
  })

  test('further below they are told with their place', () => {
    expect(hintOf(withTurn('limits: { head: 1KiB }'), 'listeners.turn.limits.head')).toContain(
      'listeners.NAME.limits with protocol: http',
    )
    expect(hintOf(http('limits: { unauthenticated: 1 }'), 'listeners.web.limits.unauthenticated')).toBe(
      'it belongs to listeners.NAME.limits with protocol: turn',
    )
    // What both know is told without.
    expect(linesOf(`${withTurn()}transports: [udp]\nbind: ":80"`).join('\n')).toMatch(
      /transports: .*; it belongs to listeners\.NAME with protocol: turn\n.*bind: .*; it belongs to listeners\.NAME or /,
    )
  })

  test('a word that is wrong in a list is told once: what stands in for it is no double', () => {
    expect(problemsOf(withTurn('transports: [udp, tls]')).map(({ path, code }) => `${path} ${code}`)).toEqual(
      ['listeners.turn.transports[1] wrong-value'],
    )
    expect(
      problemsOf(withTurn('transports: [sctp, udp, udp]')).map(({ path, code }) => `${path} ${code}`),
    ).toEqual(['listeners.turn.transports[0] wrong-value', 'listeners.turn.transports[2] duplicate'])
  })

  test('a slip in a key is told with the nearest of its own protocol', () => {
    expect(hintOf(withTurn('quota: {}'), 'listeners.turn.quota')).toBe('did you mean "quotas"?')
    expect(hintOf(withTurn('relay: { port: 49152-65535 }'), 'listeners.turn.relay.port')).toBe(
      'did you mean "ports"?',
    )
  })
})

describe('a protocol that is none', () => {
  test('is told once, with the nearest', () => {
    expect(linesOf(withTurn('protocol: trun'))).toEqual([
      '6:15 listeners.turn.protocol: found "trun", allowed one of http, https, tcp, tls, udp, turn; did you mean "turn"?',
    ])
    expect(linesOf(http('protocol: htttp')).map((line) => line.split(' ')[1])).toEqual([
      'listeners.web.protocol:',
    ])
  })

  test('leaves the rest checked along the one that it looks like', () => {
    const [first, second, ...others] = problemsOf(withTurn('protocol: stun\nrelay: { lifetime: 1s }'))
    expect(first?.path).toBe('listeners.turn.protocol')
    expect(second?.path).toBe('listeners.turn.relay.lifetime')
    expect(others).toEqual([])
  })

  test.each(['{}', '[turn]', '7', 'null', '~', '""', '__proto__', 'constructor'])('%s', (value) => {
    expect(problemsOf(withTurn(`protocol: ${value}`)).map(({ path }) => path)).toContain(
      'listeners.turn.protocol',
    )
  })

  test('may stand for one by ${…}', () => {
    expect(linesOf(withTurn('protocol: "${P}"'), { env: { P: 'turn' } })).toEqual([])
    const [line = ''] = linesOf(withTurn('protocol: "${P}"'), { env: { P: 'turm' } })
    expect(line).toContain('"${P}"')
    expect(line).not.toContain('turm')
    expect(line).not.toContain('did you mean')
  })
})

test.each(['turn: 1', 'turn: []', 'turn: "turn"', 'turn:'])('a listener that is no map, as %j', (text) => {
  const [problem, ...others] = problemsOf(`listeners: { ${text} }`)
  expect(problem).toMatchObject({ path: 'listeners.turn', allowed: 'a map' })
  expect(others).toEqual([])
})

test('what is missing is told with what to write', () => {
  const text = 'listeners: { turn: { protocol: turn } }'
  expect(linesOf(text)).toEqual([
    '1:14 listeners.turn: found no "bind", allowed "bind", "address:port", such as "0.0.0.0:8080", "[::]:8080" or ":8080"',
    '1:14 listeners.turn: found no "realm", allowed "realm", 1 to 127 characters without quotes',
    '1:14 listeners.turn: found no "auth", allowed "auth", none or a map; write auth: none to let everybody, or name users or secrets in it',
  ])
})

test.each([
  ['auth:', 'write auth: none to let everybody, or name users or secrets in it'],
  ['auth: false', 'write none'],
  ['auth: nome', 'did you mean "none"?'],
  ['relay: no', 'write false'],
  ['relay: true', 'write {} for the defaults, or remove the key'],
  ['relay:', 'write {} for the defaults, or remove the key'],
  ['transports: udp', 'write [udp]'],
  ['relay: { bind: 10.0.0.1 }', 'write ["10.0.0.1"]'],
  ['relay: { bind: ["10.0.0.1:80"] }', 'write "10.0.0.1"'],
  ['relay: { bind: [10.0.0.0/8] }', 'write "10.0.0.0"'],
  ['relay: { bind: ["[2001:db8::1]"] }', 'write "2001:db8::1"'],
  ['relay: { bind: ["[2001:db8::1]:3478"] }', 'write "2001:db8::1"'],
  ['relay: { bind: ["fe80::1%eth0"] }', 'write "fe80::1"'],
  ['relay: { ports: 50000 }', 'write "50000-50000"'],
  ['relay: { ports: "50000 - 51000" }', 'write "50000-51000"'],
  ['relay: { ports: "50000:51000" }', 'write "50000-51000"'],
  ['relay: { ports: "50000..51000" }', 'write "50000-51000"'],
  ['quotas: { bandwidth: 1 MB/s }', null],
])('%s is a problem with the hint %p', (keys, hint) => {
  const problems = problemsOf(withTurn(keys))
  expect(problems).toHaveLength(1)
  expect(problems[0]!.hint).toBe(hint)
})

test.each([
  'realm: ""',
  'realm: "a\\"b"',
  `realm: ${'a'.repeat(128)}`,
  'transports: []',
  'transports: [udp, udp]',
  'transports: [dtls]',
  'relay: { bind: [localhost] }',
  'relay: { bind: [10.0.0.256] }',
  'relay: { ports: 80-90 }',
  'relay: { ports: 60000-50000 }',
  'relay: { ports: 60000-70000 }',
  'relay: { lifetime: 59s }',
  'relay: { lifetime_max: 25h }',
  'quotas: { user: 0 }',
  'quotas: { channels: 16385 }',
  'quotas: { bandwidth: 1023 }',
  'peers: { allow: [example.org] }',
  'alternate: { servers: [] }',
  'alternate: { servers: ["192.0.2.2:3478"], when: never }',
  'software: "a\\nb"',
  'auth: { nonce_secret: short, secrets: [a] }',
  'auth: { nonce_ttl: 0s, secrets: [a] }',
])('%s is no config', (keys) => {
  expect(problemsOf(withTurn(keys)).filter(({ severity }) => severity === 'error')).toHaveLength(1)
})

describe('user names', () => {
  const named = (name: string) => problemsOf(withTurn(`auth: { users: { ${JSON.stringify(name)}: x } }`))

  test.each(['a', 'alice@example.org', 'a:b', 'マトリックス', 'a b', 'é'.repeat(254), '1700000000:bob'])(
    '%s is one',
    (name) => {
      expect(named(name)).toEqual([])
    },
  )

  test.each(['', 'a\nb', 'a\0', '\u0085', '\u{7f}', 'é'.repeat(255), '__proto__', 'constructor', 'toString'])(
    '%j is none',
    (name) => {
      const problems = named(name)
      expect(problems).toHaveLength(1)
      expect(problems[0]!.path).toStartWith('listeners.turn.auth.users')
    },
  )
})

test('users are taken as they are written, numbers as names too', () => {
  const { turn } = configOf(withTurn('auth: { users: { 7: "0", Alice: "p w", alice: "ü" } }')).listeners
  expect(turn).toMatchObject({ auth: { users: { 7: '0', Alice: 'p w', alice: 'ü' } } })
})
