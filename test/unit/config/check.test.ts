import { describe, expect, test } from 'bun:test'
import { linesOf, problemsOf, withBackend, withRules } from './parse.ts'

const SERVER = '[{ url: "http://a:1" }]'
const listeners = (lines: string, more = ''): string =>
  `listeners:\n${lines}\nbackends: { app: { servers: ${SERVER} } }\n${more}`

describe('listeners', () => {
  test.each([
    ['0.0.0.0:80', '127.0.0.1:80', false],
    ['0.0.0.0:80', '0.0.0.0:81', true],
    ['127.0.0.1:80', '127.0.0.2:80', true],
    ['127.0.0.1:80', 'localhost:80', false],
    ['[::1]:80', 'localhost:80', false],
    ['[::]:80', '10.0.0.1:80', false],
    [':80', '10.0.0.1:80', false],
    ['0.0.0.0:80', '[2001:db8::1]:80', true],
    ['[2001:db8::1]:80', '[2001:DB8:0::1]:80', false],
    ['[::ffff:10.0.0.1]:80', '10.0.0.1:80', false],
    ['127.0.0.1:0', '127.0.0.1:0', true],
    ['0.0.0.0:9090', '0.0.0.0:80', false],
  ])('binds %s and %s: %p', (a, b, isGood) => {
    const lines = linesOf(
      listeners(`  a: { bind: "${a}", backend: app }\n  b: { bind: "${b}", backend: app }`),
    )
    expect(lines).toHaveLength(isGood ? 0 : 1)
  })

  test('an address that is taken is told with who has it', () => {
    expect(
      linesOf(
        listeners('  a: { bind: ":80", backend: app }\n  b: { bind: "127.0.0.1:80", backend: app }'),
      )[0],
    ).toBe(
      '3:8 listeners.b.bind: found "127.0.0.1:80", allowed an address and port of its own; listener "a" is at ":80"',
    )
    expect(linesOf(listeners('  a: { bind: ":9090", backend: app }'))[0]).toBe(
      '2:8 listeners.a.bind: found ":9090", allowed an address and port of its own; the admin listener is at "127.0.0.1:9090"; move it with admin: { bind: "127.0.0.1:PORT" }',
    )
    const written = linesOf(listeners('  a: { bind: ":99", backend: app }', 'admin: { bind: ":99" }'))
    expect(written[0]).toStartWith('4:10 admin.bind: found ":99"')
    expect(linesOf(listeners('  a: { bind: ":9090", backend: app }', 'admin: false'))).toEqual([])
  })

  test('a backend that does not exist is told with the nearest', () => {
    expect(linesOf(listeners('  a: { bind: ":80", backend: apps }'))).toEqual([
      '2:21 listeners.a.backend: found "apps", allowed a backend: app; did you mean "app"?',
    ])
  })

  test('each leads somewhere, and not to two places', () => {
    expect(linesOf(listeners('  a: { bind: ":80" }'))[0]).toStartWith(
      '2:3 listeners.a: found a listener without rules and without backend',
    )
    expect(
      linesOf(listeners('  a: { bind: ":80", backend: app }', 'rules: [{ name: r, backend: app }]'))[0],
    ).toStartWith('2:21 listeners.a.backend: found a backend beside rules that are for this listener too')
    const rules = 'rules: [{ name: r, match: { listener: b }, backend: app }]'
    expect(linesOf(listeners('  a: { bind: ":80", backend: app }\n  b: { bind: ":81" }', rules))).toEqual([])
    expect(
      problemsOf(listeners('  a: { bind: ":80" }\n  b: { bind: ":81" }', rules)).map(({ path }) => path),
    ).toEqual(['listeners.a'])
  })

  test('there is at least one', () => {
    expect(linesOf('backends: {}')[0]).toStartWith('1:1 listeners: found no listener')
    expect(linesOf('listeners: {}')[0]).toStartWith('1:1 listeners: found no listener')
  })

  test('a target larger than the head is a problem where it was written', () => {
    const withLimits = (limits: string) =>
      listeners(`  a: { bind: ":80", backend: app, limits: { ${limits} } }`)
    expect(problemsOf(withLimits('head: 1KiB'))).toEqual([])
    expect(problemsOf(withLimits('head: 1KiB, target: 2KiB'))[0]?.path).toBe('listeners.a.limits.target')
  })
})

describe('rules', () => {
  test('lead to exactly one place', () => {
    expect(linesOf(withRules('  - name: a'))[0]).toStartWith('4:5 rules[0]: found a rule without destination')
    expect(linesOf(withRules('  - { name: a, backend: app, respond: {} }'))[0]).toStartWith(
      '4:30 rules[0].respond: found backend and respond in one rule',
    )
  })

  test('name backends and listeners that exist', () => {
    expect(linesOf(withRules('  - { name: a, match: { listener: [web, wab] }, backend: ap }'))).toEqual([
      '4:41 rules[0].match.listener[1]: found "wab", allowed a listener: web; did you mean "web"?',
      '4:49 rules[0].backend: found "ap", allowed a backend: app; did you mean "app"?',
    ])
  })

  test('have a name of their own', () => {
    expect(
      linesOf(
        withRules('  - { name: a, match: { path: /a }, backend: app }\n  - { name: a, backend: app }'),
      )[0],
    ).toBe(
      '5:7 rules[1].name: found "a" a second time, allowed a name of its own for each rule; rules[0] has it as well',
    )
  })

  test('that an earlier one hides are told, as a warning', () => {
    const lines = linesOf(
      withRules(`  - { name: a, match: { path: /a }, backend: app }
  - { name: same, match: { path: [/a] }, backend: app }
  - { name: web, match: { listener: web }, backend: app }
  - { name: late, match: { path: /b }, backend: app }`),
    )
    expect(lines).toEqual([
      '5:5 rules[1]: warning: found rule "same", which no request reaches, allowed rules in an order in which each can match; rule "a" before it takes all that it would match',
      '7:5 rules[3]: warning: found rule "late", which no request reaches, allowed rules in an order in which each can match; rule "web" before it takes all that it would match',
    ])
  })

  test('of one listener hide nothing of another', () => {
    const text = `listeners: { a: { bind: ":80" }, b: { bind: ":81" } }
rules:
  - { name: r1, match: { listener: a }, backend: app }
  - { name: r2, backend: app }
  - { name: r3, match: { listener: b, path: /x }, backend: app }
backends: { app: { servers: ${SERVER} } }`
    expect(problemsOf(text).map(({ path }) => path)).toEqual(['rules[2]'])
  })

  test('never reach TRACE and CONNECT', () => {
    expect(problemsOf(withRules('  - { name: a, match: { method: TRACE }, backend: app }'))[0]).toMatchObject(
      { severity: 'warning', code: 'unreachable' },
    )
  })

  test.each([
    ['/new', true],
    ['https://a.example{path}{query}', true],
    ['{scheme}://{host}/x', true],
    ['{path}x', true],
    ['/{foo}', false],
    ['/{path', false],
    ['/path}', false],
    ['new', false],
    ['www.example.org', false],
  ])('redirect to %s: %p', (to, isGood) => {
    const lines = linesOf(
      withRules(
        `  - { name: a, backend: app, match: { path: /a } }\n  - { name: b, redirect: { to: ${JSON.stringify(to)} } }`,
      ),
    )
    expect(lines).toHaveLength(isGood ? 0 : 1)
  })

  test('leave alone the fields that frame messages or belong to connections', () => {
    const edits = `request: { set: { Content-Length: "1", Host: "a.example:80" }, add: { Host: a }, remove: [host, X-A, Upgrade] }, response: { set: { Host: a, Transfer-Encoding: chunked, Server: x } }`
    expect(
      problemsOf(withRules(`  - { name: a, middleware: [{ headers: { ${edits} } }], backend: app }`)).map(
        ({ path }) => path,
      ),
    ).toEqual([
      'rules[0].middleware[0].headers.request.set.Content-Length',
      'rules[0].middleware[0].headers.request.add.Host',
      'rules[0].middleware[0].headers.request.remove[0]',
      'rules[0].middleware[0].headers.request.remove[2]',
      'rules[0].middleware[0].headers.response.set.Host',
      'rules[0].middleware[0].headers.response.set.Transfer-Encoding',
    ])
    const host =
      '  - { name: a, middleware: [{ headers: { request: { set: { Host: "a b" } } } }], backend: app }'
    expect(problemsOf(withRules(host))[0]?.path).toBe('rules[0].middleware[0].headers.request.set.Host')
  })

  test('answer with what an answer may hold', () => {
    const more = '  - { name: b, backend: app, match: { path: /b } }\n'
    const paths = (respond: string) =>
      problemsOf(withRules(`${more}  - { name: a, respond: ${respond} }`)).map(({ path }) => path)
    expect(paths('{ status: 204, body: x }')).toEqual(['rules[1].respond.body'])
    expect(paths('{ headers: { Connection: close, content-length: "2", X-A: a } }')).toEqual([
      'rules[1].respond.headers.Connection',
      'rules[1].respond.headers.content-length',
    ])
    expect(paths('{ status: 204 }')).toEqual([])
  })

  test('let somebody in or keep somebody out, when they look at addresses', () => {
    const step = (ip: string) =>
      linesOf(withRules(`  - { name: a, middleware: [{ ip: ${ip} }], backend: app }`))
    expect(step('{}')[0]).toContain('rules[0].middleware[0].ip: found neither allow nor deny')
    expect(step('{ allow: [] }')[0]).toContain('found neither allow nor deny')
    expect(step('{ deny: ["::/0"] }')).toEqual([])
    expect(step('{ deny: 10.0.0.1 }')).toHaveLength(1)
  })
})

describe('backends', () => {
  test('have servers that can be told apart', () => {
    const paths = (servers: string) => problemsOf(withBackend('retry: {}', servers)).map(({ path }) => path)
    expect(paths('[{ url: "http://a" }, { url: "http://a" }]')).toEqual(['backends.app.servers[1].url'])
    expect(paths('[{ url: "http://a" }, { url: "http://a", name: b }]')).toEqual([])
    expect(paths('[{ url: "http://a", name: b }, { url: "http://c", name: b }]')).toEqual([
      'backends.app.servers[1].name',
    ])
  })

  test('send something to at least one of them', () => {
    expect(problemsOf(withBackend('retry: {}', '[{ url: "http://a", weight: 0 }]'))[0]?.found).toBe(
      'only servers with weight 0',
    )
  })

  test('have servers in groups, and backups behind them', () => {
    const of = (more: string, keys = 'retry: {}') =>
      problemsOf(withBackend(keys, `[{ url: "http://a" }, { url: "http://b", ${more} }]`)).map(
        ({ code, path }) => `${code} ${path}`,
      )
    expect(of('group: 2', 'failover_below: 0.9')).toEqual([])
    expect(of('group: 2, backup: true')).toEqual(['conflict backends.app.servers[1].group'])
    expect(of('group: 0')).toEqual(['wrong-value backends.app.servers[1].group'])
    expect(of('priority: 2')).toEqual(['unknown-key backends.app.servers[1].priority'])
    expect(of('slow_start: {}')).toEqual(['unknown-key backends.app.servers[1].slow_start'])
  })

  test.each([
    ['algorithm: hash', 'missing-key backends.app.algorithm'],
    ['hash: { by: path }', 'conflict backends.app.hash'],
    ['algorithm: random\nhash: { by: path }', 'conflict backends.app.hash'],
    ['algorithm: hash\nhash: { by: header }', 'missing-key backends.app.hash'],
    ['algorithm: hash\nhash: { by: path, name: x }', 'conflict backends.app.hash.name'],
    ['algorithm: hash\nhash: { by: cookie, name: "a b" }', 'wrong-value backends.app.hash.name'],
    ['algorithm: hash\nhash: { by: query, name: "a b" }', ''],
    ['algorithm: hash\nhash: { by: header, name: X-A }', ''],
    ['health_check: { type: tcp, interval: 1s }', ''],
    ['health_check: { type: tcp, path: /, }', 'conflict backends.app.health_check.path'],
    ['health_check: { headers: { Connection: x } }', 'conflict backends.app.health_check.headers.Connection'],
    [
      'health_check: { method: HEAD, expect: { body: ok } }',
      'conflict backends.app.health_check.expect.body',
    ],
    [
      'health_check: { expect: { body_regex: "(" } }',
      'wrong-value backends.app.health_check.expect.body_regex',
    ],
    ['health_check: { port: 8081, host: "app.example.org:8443", follow_redirects: 2 }', ''],
    ['health_check: [{ path: /a }, { type: tcp, port: 9000 }]', ''],
    ['health_check: []', 'wrong-value backends.app.health_check'],
    ['health_check: [{ path: /a }, { path: /b, }, { path: /a }]', 'duplicate backends.app.health_check[2]'],
    ['health_check: [{ type: tcp, path: /a }]', 'conflict backends.app.health_check[0].path'],
    ['health_check: [{ path: /a, rize: 2 }]', 'unknown-key backends.app.health_check[0].rize'],
    ['health_check: { port: 0 }', 'wrong-value backends.app.health_check.port'],
    ['health_check: { host: "http://a" }', 'wrong-value backends.app.health_check.host'],
    ['health_check: { type: tcp, host: a }', 'conflict backends.app.health_check.host'],
    [
      'health_check: { type: tcp, follow_redirects: 1 }',
      'conflict backends.app.health_check.follow_redirects',
    ],
    ['health_check: { follow_redirects: 11 }', 'wrong-value backends.app.health_check.follow_redirects'],
    ['health_check: { host: a, headers: { HOST: b } }', 'conflict backends.app.health_check.headers.HOST'],
    ['passive_health: {}', ''],
    ['passive_health: { failures: 0, faults_in_a_row: 0, success_rate: { min_servers: 3 } }', ''],
    [
      'passive_health: { failures: 0, faults_in_a_row: 0, success_rate: false }',
      'conflict backends.app.passive_health',
    ],
    ['passive_health: { cooldown: 10m }', 'conflict backends.app.passive_health.cooldown'],
    ['passive_health: { cooldown_max: 1s }', 'conflict backends.app.passive_health.cooldown_max'],
    ['passive_health: { max_out: 50 }', 'wrong-value backends.app.passive_health.max_out'],
    ['passive_health: { statuses: [5xx, 600] }', 'wrong-value backends.app.passive_health.statuses[1]'],
    ['passive_health: { window: 10ms }', 'wrong-value backends.app.passive_health.window'],
    ['passive_health: { max_fails: 3 }', 'unknown-key backends.app.passive_health.max_fails'],
    ['passive_health: true', 'wrong-type backends.app.passive_health'],
    ['panic_threshold: 0.5', 'conflict backends.app.panic_threshold'],
    ['failover_below: 0.5', 'conflict backends.app.failover_below'],
    ['failover_below: 1.4', 'wrong-value backends.app.failover_below'],
    ['slow_start: {}', ''],
    ['slow_start: { over: 10s, aggression: 2, least: 0.2 }', ''],
    ['slow_start: { over: 0s }', 'wrong-value backends.app.slow_start.over'],
    ['slow_start: { least: 0 }', 'wrong-value backends.app.slow_start.least'],
    ['slow_start: { aggression: 0 }', 'wrong-value backends.app.slow_start.aggression'],
    ['slow_start: { window: 10s }', 'unknown-key backends.app.slow_start.window'],
    ['dynamic_weights: {}', ''],
    ['dynamic_weights: { least: 0 }', 'wrong-value backends.app.dynamic_weights.least'],
    ['dynamic_weights: { most: 0.5 }', 'wrong-value backends.app.dynamic_weights.most'],
    ['dynamic_weights: { mode: dry-run }', 'wrong-value backends.app.dynamic_weights.mode'],
    ['algorithm: ip_hash\ndynamic_weights: {}', 'conflict backends.app.dynamic_weights'],
    ['algorithm: least_response_time\ndynamic_weights: {}', 'conflict backends.app.dynamic_weights'],
    ['algorithm: ip_hash\ndynamic_weights: { mode: off }', ''],
    ['sticky: { client_ip: true }\ndynamic_weights: {}', 'conflict backends.app.dynamic_weights'],
    ['sticky: true\ndynamic_weights: {}', ''],
    ['slow_start: 30s', 'wrong-type backends.app.slow_start'],
    ['algorithm: first_available\nslow_start: {}', 'conflict backends.app.slow_start'],
    ['retry: { statuses: [502-504, 429], faults: [default, response_timeout], timeout: 2s }', ''],
    ['retry: { statuses: [], faults: [] }', ''],
    ['max_connections: 100\nadaptive_limit: {}', ''],
    ['max_connections: 0', 'wrong-value backends.app.max_connections'],
    ['adaptive_limit: { least: 50, most: 20 }', 'conflict backends.app.adaptive_limit.least'],
    ['adaptive_limit: { window: 10ms }', 'wrong-value backends.app.adaptive_limit.window'],
    ['adaptive_limit: { quantile: 50 }', 'wrong-value backends.app.adaptive_limit.quantile'],
    ['adaptive_limit: { mode: dry-run }', 'wrong-value backends.app.adaptive_limit.mode'],
    ['adaptive_limit: true', 'wrong-type backends.app.adaptive_limit'],
    ['retry: { statuses: 200 }', 'wrong-value backends.app.retry.statuses'],
    ['retry: { statuses: [503, 2xx] }', 'wrong-value backends.app.retry.statuses[1]'],
    ['retry: { statuses: [600] }', 'wrong-value backends.app.retry.statuses[0]'],
    ['retry: { faults: [connect_refuse] }', 'wrong-value backends.app.retry.faults[0]'],
    ['retry: { attempts: 1, statuses: 503 }', 'conflict backends.app.retry.statuses'],
    ['retry: { hedge: {} }', 'conflict backends.app.retry.hedge'],
    ['retry: { hedge: { quantile: 0.3 } }', 'wrong-value backends.app.retry.hedge.quantile'],
    ['retry: { budget: { ratio: 20 } }', 'wrong-value backends.app.retry.budget.ratio'],
    ['retry: { budget: { least: -1 } }', 'wrong-value backends.app.retry.budget.least'],
    ['retry: { timeout: 0s }', 'wrong-value backends.app.retry.timeout'],
    ['retry: { timeout: 5s }\ntimeouts: { total: 3s }', 'conflict backends.app.retry.timeout'],
    ['timeouts: { total: 0s }', ''],
    ['timeouts: { attempt: 3s }', 'unknown-key backends.app.timeouts.attempt'],
    ['passive_health: {}\npanic_threshold: 0.5', ''],
  ])('%s', (keys, expected) => {
    expect(
      problemsOf(withBackend(keys))
        .map(({ code, path }) => `${code} ${path}`)
        .join(),
    ).toBe(expected)
  })

  test('that nothing leads to are told, as a warning', () => {
    const text = `listeners: { web: { bind: ":80", backend: a } }\nbackends: { a: { servers: ${SERVER} }, b: { servers: ${SERVER} } }`
    expect(problemsOf(text)).toMatchObject([{ severity: 'warning', code: 'unused', path: 'backends.b' }])
  })
})

describe('timeouts of a rule', () => {
  test.each([
    ['backend: app, timeouts: { response: 5s, attempt: 0s, total: 0s }', ''],
    ['respond: {}, timeouts: { total: 5s }', 'conflict rules[0].timeouts'],
    ['backend: app, timeouts: { attempt: 5s, total: 5s }', 'conflict rules[0].timeouts.attempt'],
    ['backend: app, timeouts: { head: 5s }', 'unknown-key rules[0].timeouts.head'],
    ['backend: app, timeouts: { connect: 0s }', 'wrong-value rules[0].timeouts.connect'],
    ['backend: app, timeouts: 5s', 'wrong-type rules[0].timeouts'],
  ])('%s', (keys, expected) => {
    expect(
      problemsOf(withRules(`  - { name: a, ${keys} }`))
        .filter(({ code }) => code !== 'unused')
        .map(({ code, path }) => `${code} ${path}`)
        .join(),
    ).toBe(expected)
  })

  test('that are of no use are told with what to do', () => {
    expect(linesOf(withBackend('retry: { statuses: [301] }'))[0]).toContain('allowed statuses from 400 on')
  })
})

test('resolvers are addresses, and their bounds are in order', () => {
  const text =
    'resolver: { servers: ["10.0.0.2:53", "[::1]:53", "dns.example:53", ":53", "10.0.0.2:0"], ttl_min: 10s, ttl_max: 1s }'
  expect(problemsOf(withRules('  - { name: a, backend: app }', text)).map(({ path }) => path)).toEqual([
    'resolver.servers[2]',
    'resolver.servers[3]',
    'resolver.servers[4]',
    'resolver.ttl_min',
  ])
})

test('names are not looked for among what is broken itself', () => {
  expect(
    problemsOf('listeners: { web: { bind: ":80", backend: a } }\nbackends: 3').map(({ path }) => path),
  ).toEqual(['backends'])
  expect(
    problemsOf(
      `listeners: 3\nrules: [{ name: a, match: { listener: web }, backend: b }]\nbackends: { b: { servers: ${SERVER} } }`,
    ).map(({ path }) => path),
  ).toEqual(['listeners'])
  expect(
    problemsOf(`listeners: { web: { bind: ":80" } }\nrules: 3\nbackends: { b: { servers: ${SERVER} } }`).map(
      ({ path }) => path,
    ),
  ).toEqual(['rules'])
})

test('old names of passive health say what they are called here', () => {
  const hint = (keys: string): string | null | undefined => problemsOf(withBackend(keys))[0]?.hint
  expect(hint('passive_health: { max_fails: 3 }')).toBe('it is called "failures"')
  expect(hint('passive_health: { fail_timeout: 3s }')).toBe('it is called "cooldown"')
  expect(hint('passive_health: { base_ejection_time: 3s }')).toBe('it is called "cooldown"')
  expect(hint('outlier_detection: {}')).toBe('it is called "passive_health"')
  expect(hint('health_check: { cooldown: 30s }')).toBe('see "cooldown" of "passive_health"')
  const server = (key: string): string | null | undefined =>
    problemsOf(
      `listeners: { web: { bind: ":80", backend: a } }\nbackends: { a: { servers: [{ url: "http://a", ${key} }] } }`,
    )[0]?.hint
  expect(server('max_fails: 3')).toContain('"failures" of the passive_health')
  expect(server('fail_timeout: 3s')).toContain('"cooldown" of the passive_health')
})
