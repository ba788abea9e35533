import { describe, expect, test } from 'bun:test'
import type { Problem } from '../../../server/config/problem.ts'
import { linesOf, problemsOf, withTurn } from './parse.ts'

/** As `LEVEL path: hint`. */
const briefly = (text: string, env: Record<string, string> = {}): string[] =>
  problemsOf(text, { env }).map(({ severity, path, hint }) => `${severity} ${path}: ${hint}`)

const http = (bind: string): string =>
  `  web: { bind: "${bind}", backend: a }\nbackends: { a: { servers: [{ url: "http://a:1" }] } }\n`

describe('credentials', () => {
  test.each([
    'auth: {}',
    'auth: { users: {} }',
    'auth: { secrets: [] }',
    'auth: { nonce_ttl: 1m, users: {}, secrets: [] }',
  ])('%s lets nobody in', (keys) => {
    expect(linesOf(withTurn(keys))).toEqual([
      expect.stringMatching(
        /^6:5 listeners\.turn\.auth: found neither users nor secrets, allowed at least one of them; .*auth: none lets everybody$/,
      ),
    ])
  })

  test.each([
    'auth: { users: { a: b } }',
    'auth: { secrets: [a] }',
    'auth: { users: { a: b }, secrets: [c] }',
  ])('%s is enough', (keys) => {
    expect(linesOf(withTurn(keys))).toEqual([])
  })

  const users = (map: string, env: Record<string, string> = {}) =>
    problemsOf(withTurn(`auth: { users: ${map} }`), { env }).map(
      ({ severity, found, allowed, hint }) => `${severity}: found ${found}, allowed ${allowed}; ${hint}`,
    )

  test('a name or a password that clients may spell in another way is told, the password not', () => {
    expect(users('{ "al\\u200bice": pass }')).toEqual([
      'error: found the name "al\\u200bice", with characters that cannot be seen, allowed one of letters, digits, signs and spaces (RFC 8265); whom it is meant for cannot be told',
    ])
    const password =
      'error: found a password with characters that cannot be seen, allowed one of letters, digits, signs and spaces (RFC 8265); clients may leave them out, and be refused'
    expect(users('{ alice: "hid\\u00adden" }')).toEqual([password])
    expect(users('{ alice: "${PASSWORD}" }', { PASSWORD: 'hid\u200bden' })).toEqual([password])
    expect(users('{ "J\\u00fcrgen": "p\\u00e4ss w\\u00f6rd \\u2666" }')).toEqual([])
  })

  test('two names that are one to clients are told', () => {
    expect(users('{ "J\\u00fcrgen": a, "Ju\\u0308rgen": b, "a\\u00a0b": c, "a b": d }')).toEqual(
      [
        ['"Ju\\u0308rgen"', '"J\\u00fcrgen"'],
        ['"a b"', '"a\\u00a0b"'],
      ].map(
        ([one, other]) =>
          `error: found ${one}, another spelling of ${other}, allowed names that differ in more than how their letters are composed; to clients both are one user (RFC 8265)`,
      ),
    )
    expect(users('{ alice: a, Alice: b }')).toEqual([])
  })

  test('nothing more is said where users or secrets are of another kind', () => {
    expect(problemsOf(withTurn('auth: { users: [alice] }')).map(({ path }) => path)).toEqual([
      'listeners.turn.auth.users',
    ])
    expect(problemsOf(withTurn('auth: { users: { alice: 7 } }')).map(({ path }) => path)).toEqual([
      'listeners.turn.auth.users.alice',
    ])
  })
})

describe('addresses that are opened', () => {
  const turn2 = (keys: string): string => `  two: { protocol: turn, realm: a, auth: none, ${keys} }\n`

  test.each([
    // UDP and TCP are spaces of their own.
    ['', http('192.0.2.1:3478'), ['listeners.web.bind']],
    ['transports: [udp]', http('192.0.2.1:3478'), []],
    ['transports: [udp]', 'admin: { bind: "192.0.2.1:3478" }\n', []],
    ['', 'admin: { bind: "192.0.2.1:3478" }\n', ['admin.bind']],
    ['', turn2('bind: "192.0.2.1:3478"'), ['listeners.two.bind']],
    ['transports: [udp]', turn2('bind: "192.0.2.1:3478", transports: [tcp]'), []],
    ['transports: [udp]', turn2('bind: ":3478", transports: [udp]'), ['listeners.two.bind']],
    ['transports: [udp]', turn2('bind: "192.0.2.2:3478", transports: [udp]'), []],
    ['bind: "0.0.0.0:3478"', turn2('bind: "[2001:db8::1]:3478"'), []],
    ['bind: ":3478"', '', []],
    ['bind: "0.0.0.0:0"', turn2('bind: "0.0.0.0:0"'), []],
  ])('%j beside %j: %j', (keys, more, paths) => {
    const errors = problemsOf(withTurn(keys, more)).filter(({ code }) => code === 'duplicate')
    expect(errors.map(({ path }) => path)).toEqual(paths)
  })

  test('that of TLS is held against all of TCP, and none of UDP', () => {
    const tls = (bind: string, more = '', keys = ''): string[] =>
      problemsOf(withTurn(`tls: { bind: "${bind}", cert: c.pem, key: k.pem }${keys}`, more))
        .filter(({ code }) => code === 'duplicate')
        .map(({ path, hint }) => `${path}: ${hint}`)
    const own = 'listeners.turn.tls.bind: listener "turn" is at "192.0.2.1:3478"'
    expect(tls('192.0.2.1:3478')).toEqual([own])
    expect(tls(':3478')).toEqual([own])
    expect(tls('192.0.2.1:3478', '', '\ntransports: [udp]')).toEqual([])
    expect(tls('192.0.2.1:443', http('0.0.0.0:443'))).toEqual([
      'listeners.web.bind: listener "turn" is at "192.0.2.1:443"',
    ])
  })

  test('those of discovery are held against others of UDP', () => {
    const two = (bind: string): string[] =>
      briefly(withTurn('discovery: "192.0.2.2:3479"', turn2(`bind: "${bind}"`)))
    for (const bind of ['192.0.2.1:3479', '192.0.2.2:3478', '192.0.2.2:3479'])
      expect(two(bind)).toEqual([
        'error listeners.two.bind: listener "turn" has discovery at "192.0.2.2:3479"',
      ])
    expect(two('192.0.2.3:3479')).toEqual([])
    expect(briefly(withTurn('discovery: "192.0.2.2:3479"', http('192.0.2.2:3479')))).toEqual([])
  })

  test('the default address of the admin listener is told where it was not written', () => {
    expect(briefly(withTurn('bind: "127.0.0.1:9090"'))).toEqual([
      'error listeners.turn.bind: the admin listener is at "127.0.0.1:9090"; move it with admin: { bind: "127.0.0.1:PORT" }',
    ])
  })

  test.each(['localhost:3478', 'turn.example.org:3478'])('are no names, as %s', (bind) => {
    for (const keys of [`bind: "${bind}"`, `discovery: "${bind}"`]) {
      const [problem] = problemsOf(withTurn(keys))
      expect(problem).toMatchObject({ severity: 'error', found: `"${bind}"` })
      expect(problem?.hint).toBe(bind.startsWith('l') ? 'write "127.0.0.1:3478" or "[::1]:3478"' : null)
    }
  })
})

describe('discovery', () => {
  const discovery = (bind: string, second: string, more = ''): string[] =>
    linesOf(withTurn(`bind: "${bind}"\ndiscovery: "${second}"${more}`)).map((line) =>
      line.slice(line.indexOf(' ') + 1),
    )

  test('needs an address and a port of its own, of the same family', () => {
    expect(discovery('192.0.2.1:3478', '192.0.2.2:3479')).toEqual([])
    expect(discovery('[2001:db8::1]:3478', '[2001:db8::2]:3479')).toEqual([])
    expect(discovery('192.0.2.1:0', '192.0.2.2:0')).toEqual([])
    expect(discovery('192.0.2.1:3478', '192.0.2.1:3479')).toEqual([
      'listeners.turn.discovery: found "192.0.2.1:3479", allowed another address than that of "192.0.2.1:3478"',
    ])
    expect(discovery('192.0.2.1:3478', '192.0.2.2:3478')).toEqual([
      'listeners.turn.discovery: found "192.0.2.2:3478", allowed another port than that of "192.0.2.1:3478"',
    ])
    expect(discovery('192.0.2.1:3478', '192.0.2.1:3478')).toHaveLength(2)
    expect(discovery('192.0.2.1:3478', '[2001:db8::2]:3479')).toEqual([
      'listeners.turn.discovery: found "[2001:db8::2]:3479", allowed an address of the same family as "192.0.2.1:3478"',
    ])
  })

  test('needs addresses, not all of them', () => {
    for (const bind of [':3478', '0.0.0.0:3478', '[::]:3478'])
      expect(discovery(bind, '192.0.2.2:3479')).toEqual([
        `listeners.turn.bind: found "${bind}" with discovery, allowed one address of this machine beside discovery`,
      ])
    expect(discovery('192.0.2.1:3478', ':3479')).toEqual([
      'listeners.turn.discovery: found ":3479", allowed one address of this machine',
    ])
  })

  test('needs UDP', () => {
    expect(discovery('192.0.2.1:3478', '192.0.2.2:3479', '\ntransports: [tcp]')).toEqual([
      'listeners.turn.discovery: found discovery without UDP, allowed it where transports has udp; it is about UDP only (RFC 5780)',
    ])
  })
})

describe('relays', () => {
  const PUBLIC = 'name the public one; the same one when all of them are inside'

  test.each([
    ['bind: [192.0.2.1]', []],
    ['bind: [192.0.2.1, "2001:db8::1"]', []],
    ['bind: [127.0.0.1, "::1"]', []],
    ['bind: [10.0.0.5], advertise: [203.0.113.7]', []],
    ['bind: [10.0.0.5, "2001:db8::1"], advertise: [203.0.113.7]', []],
    ['advertise: [203.0.113.7]', []],
    ['bind: [10.0.0.5]', [`warning listeners.turn.relay.bind[0]: ${PUBLIC}`]],
    ['bind: [192.0.2.1, "fd00::1"]', [`warning listeners.turn.relay.bind[1]: ${PUBLIC}`]],
    ['bind: ["::ffff:10.0.0.5"]', [`warning listeners.turn.relay.bind[0]: ${PUBLIC}`]],
    ['bind: [10.0.0.5], advertise: [10.0.0.5]', []],
    ['bind: [192.0.2.1, 192.0.2.2]', ['error listeners.turn.relay.bind[1]: null']],
    ['bind: [192.0.2.1, "::ffff:192.0.2.2"]', ['error listeners.turn.relay.bind[1]: null']],
    ['advertise: ["2001:db8::1", "2001:db8::2"]', ['error listeners.turn.relay.advertise[1]: null']],
    [
      'bind: [192.0.2.1], advertise: ["2001:db8::1"]',
      [
        'error listeners.turn.relay.advertise[0]: name the IPv6 address of this machine in relay.bind as well',
      ],
    ],
    [
      'bind: [0.0.0.0]',
      [
        'error listeners.turn.relay.bind[0]: leave "bind" out to take those that the routes of this machine prefer',
      ],
    ],
    ['advertise: ["::"]', ['error listeners.turn.relay.advertise[0]: null']],
    ['advertise: [224.0.0.1]', ['error listeners.turn.relay.advertise[0]: null']],
    ['lifetime: 1h, lifetime_max: 1h', []],
    ['lifetime: 30m, lifetime_max: 20m', ['error listeners.turn.relay.lifetime: null']],
    ['lifetime_max: 5m', ['error listeners.turn.relay.lifetime_max: null']],
  ])('%s: %j', (relay, expected) => {
    expect(briefly(withTurn(`relay: { ${relay} }`))).toEqual(expected)
  })

  test('hold no port of a listener', () => {
    const turn = (bind: string, relay: string, more = ''): string[] =>
      briefly(withTurn(`bind: "${bind}"\nrelay: { ${relay} }`, more))
    const warning = (at: string): string =>
      `warning listeners.turn.relay.ports: listener "turn" is at "${at}"; allocations never get this port`
    expect(turn('192.0.2.1:50000', '')).toEqual([warning('192.0.2.1:50000')])
    expect(turn(':50000', 'bind: [192.0.2.1]')).toEqual([warning(':50000')])
    expect(turn('192.0.2.1:50000', 'bind: [192.0.2.1]')).toEqual([warning('192.0.2.1:50000')])
    expect(turn('192.0.2.1:50000', 'bind: [192.0.2.2]')).toEqual([])
    expect(turn('127.0.0.1:50000', '')).toEqual([])
    expect(turn('192.0.2.1:3478', 'ports: 3000-6000')).toEqual([warning('192.0.2.1:3478')])
    expect(turn('192.0.2.1:3478', 'ports: 3479-6000')).toEqual([])
    // TCP ports matter only where TCP is relayed, and then more.
    expect(turn('192.0.2.1:3478', '', http(':50000'))).toEqual([])
    expect(turn('192.0.2.1:3478', 'tcp: true', http(':50000'))).toEqual([
      'error listeners.turn.relay.ports: listener "web" is at ":50000"',
    ])
    expect(turn('192.0.2.1:3478', 'tcp: true', http(':49151'))).toEqual([])
  })

  test('are no fewer than a total that was written', () => {
    const total = (quota: string, ports = '50000-50099'): string[] =>
      linesOf(withTurn(`relay: { ports: ${ports} }\nquotas: { ${quota} }`)).map((line) =>
        line.replace(/^\S+ /, ''),
      )
    expect(total('total: 100')).toEqual([])
    expect(total('total: 101')).toEqual([
      'listeners.turn.quotas.total: warning: found 101, allowed at most 100, as many as relay.ports has; an allocation takes a port; without one clients get 508',
    ])
    expect(total('user: 1')).toEqual([])
  })

  test('are not checked where there are none', () => {
    expect(briefly(withTurn('relay: false\nquotas: { total: 1000000 }'))).toEqual([])
  })
})

describe('peers', () => {
  const warned = (range: string): Problem[] => [...problemsOf(withTurn(`peers: { allow: ["${range}"] }`))]

  test.each(['0.0.0.0/0', '::/0', '10.0.0.0/0'])(
    '%s lets clients reach everything, which is warned of',
    (range) => {
      expect(warned(range)).toMatchObject([
        { severity: 'warning', path: 'listeners.turn.peers.allow[0]', found: `"${range}"` },
      ])
    },
  )

  test.each(['0.0.0.0', '0.1.0.0/16', '::', '2001::/32', '2001:0:1::/48', '2002::/16', '2002:7f00:1::1'])(
    '%s is never reached, which is warned of',
    (range) => {
      expect(warned(range)).toMatchObject([{ severity: 'warning', allowed: 'ranges that can be reached' }])
    },
  )

  test.each(['10.0.0.0/8', '127.0.0.1', '::1', '2001::/16', 'fe80::/10', '1.0.0.0/8'])(
    '%s is fine',
    (range) => {
      expect(warned(range)).toEqual([])
      expect(problemsOf(withTurn('peers: { deny: [0.0.0.0/0] }'))).toEqual([])
    },
  )
})

describe('alternate servers', () => {
  const alternate = (server: string, keys = ''): string[] =>
    briefly(withTurn(`alternate: { servers: ["192.0.2.9:3478", "${server}"] }${keys}`))
  const NO_NAME = 'error listeners.turn.alternate.servers[1]: clients are told an address, not a name'
  const SELF = 'error listeners.turn.alternate.servers[1]: clients would be sent here again and again'

  test('are addresses with ports', () => {
    for (const server of ['192.0.2.2:3478', '[2001:db8::1]:3478', '192.0.2.1:3479'])
      expect(alternate(server)).toEqual([])
    for (const server of ['turn.example.org:3478', 'localhost:3478', '192.0.2.2:0', ':3478', '0.0.0.0:3478'])
      expect(alternate(server)).toEqual([NO_NAME])
  })

  test('are not the listener itself', () => {
    expect(alternate('192.0.2.1:3478')).toEqual([SELF])
    expect(alternate('[::ffff:192.0.2.1]:3478')).toEqual([SELF])
    const relay = '\nbind: ":3478"\nrelay: { bind: [10.0.0.5], advertise: [203.0.113.7] }'
    expect(alternate('203.0.113.7:3478', relay)).toEqual([SELF])
    expect(alternate('10.0.0.5:3478', relay)).toEqual([SELF])
    expect(alternate('203.0.113.7:3479', relay)).toEqual([])
  })
})

describe('rules and backends', () => {
  const rules = 'rules: [{ name: r, match: { listener: [web, turn] }, respond: { status: 200 } }]\n'

  test('a rule is not for a turn listener', () => {
    expect(linesOf(withTurn('', `  web: { bind: ":80" }\n${rules}`))).toEqual([
      '8:45 rules[0].match.listener[1]: found "turn", a listener of protocol turn, allowed http listeners: others have no rules',
    ])
  })

  test('rules for all listeners leave turn listeners alone', () => {
    const all = 'rules: [{ name: a, respond: { status: 200 } }, { name: b, respond: { status: 200 } }]\n'
    expect(problemsOf(withTurn('', `  web: { bind: ":80" }\n${all}`)).map(({ path }) => path)).toEqual([
      'rules[1]',
    ])
    expect(briefly(withTurn('', all))[0]).toBe('warning rules: null')
  })

  test('a turn listener alone is a whole config', () => {
    expect(linesOf(withTurn())).toEqual([])
  })

  test('a backend that only a turn listener could lead to is unused', () => {
    expect(
      problemsOf(withTurn('', 'backends: { a: { servers: [{ url: "http://a:1" }] } }')).map(
        ({ code }) => code,
      ),
    ).toEqual(['unused'])
  })
})
