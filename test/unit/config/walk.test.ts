import { describe, expect, test } from 'bun:test'
import { Lines } from '../../../server/config/tree.ts'
import { Problems } from '../../../server/config/problem.ts'
import { ConfigOptions } from '../../../server/config/schema.ts'
import type { SchemaNode } from '../../../server/config/schema-node.ts'
import { walk } from '../../../server/config/walk.ts'
import { Duration } from '../../../server/lib/kinds.ts'
import { configOf, linesOf, problemsOf, withBackend, withRules } from './parse.ts'

describe('decoding', () => {
  test('every default is filled in', () => {
    const config = configOf(
      'listeners: { web: { bind: ":0", backend: a } }\nbackends: { a: { servers: [{ url: "http://a:1" }] } }',
    )
    expect(config.listeners['web']).toMatchObject({
      protocol: 'http',
      timeouts: { head: 10_000, idle: 30_000, keep_alive: 75_000, tunnel: 3_600_000, step: 30_000 },
      limits: { head: 16_384, body: 10_485_760 },
      trusted_proxies: [],
    })
    expect(config.backends['a']).toMatchObject({
      algorithm: 'round_robin',
      servers: [{ url: 'http://a:1', weight: 1, backup: false }],
      retry: { attempts: 3, backoff: 25 },
      queue: { size: 1024, timeout: 5000 },
    })
    expect(config.admin).toEqual({ bind: '127.0.0.1:9090', trusted: [], hosts: [], plain_http: false })
    expect(config).toMatchObject({ rules: [], drain: 30_000, metrics: { prefix: 'lb' } })
    expect('workers' in config).toBe(false)
    expect('health_check' in (config.backends['a'] ?? {})).toBe(false)
    expect('name' in (config.backends['a']?.servers[0] ?? {})).toBe(false)
  })

  test('what one or more values may stand for is always a list', () => {
    const { rules } = configOf(
      withRules('  - { name: a, match: { host: a.example, method: [GET, PUT] }, backend: app }'),
    )
    expect(rules[0]?.match).toEqual({
      listener: [],
      host: ['a.example'],
      path: [],
      method: ['GET', 'PUT'],
      header: {},
      query: {},
      cookie: {},
      claims: {},
      client: [],
      country: [],
      continent: [],
      asn: [],
      all: [],
      any: [],
      server_name: [],
      alpn: [],
    })
  })

  test('statuses become ranges, 200-399 unless named', () => {
    const statusOf = (expected: string) =>
      configOf(withBackend(`health_check: { expect: { ${expected} } }`)).backends['app']?.health_check?.[0]
        ?.expect.status
    expect(statusOf('')).toEqual(['200-399'])
    expect(statusOf('status: 204')).toEqual(['204-204'])
    expect(statusOf('status: [200, "201", 2xx, 300-302, "400 - 404"]')).toEqual([
      '200-200',
      '201-201',
      '200-299',
      '300-302',
      '400-404',
    ])
  })

  test('sizes may be plain numbers, and admin may be false', () => {
    const config = configOf(
      'listeners: { web: { bind: ":0", backend: a, limits: { body: 4096 } } }\nbackends: { a: { servers: [{ url: "http://a:1" }] } }\nadmin: false',
    )
    expect(config.listeners['web']).toMatchObject({ limits: { body: 4096 } })
    expect(config.admin).toBe(false)
  })
})

describe('problems', () => {
  test('all of them are told at once, each in its place', () => {
    const text = withBackend(
      'retry: { attempts: 11, backof: 1s }\ntimeouts: { connect: 5 }\nalgorithm: 3',
      '[{ url: "ftp://a" }, { wait: 1 }]',
    )
    expect(
      problemsOf(text).map(({ line, column, path, code }) => `${line}:${column} ${path} ${code}`),
    ).toEqual([
      '5:22 backends.app.servers[0].url wrong-value',
      '5:35 backends.app.servers[1] missing-key',
      '5:37 backends.app.servers[1].wait unknown-key',
      '6:24 backends.app.retry.attempts wrong-value',
      '6:28 backends.app.retry.backof unknown-key',
      '7:26 backends.app.timeouts.connect wrong-type',
      '8:16 backends.app.algorithm wrong-type',
    ])
  })

  test('an unknown key is told with the nearest known one, or with its home', () => {
    const hintOf = (line: string): string | null | undefined =>
      problemsOf(
        `listeners: { web: { bind: ":0", backend: a } }\nbackends: { a: { servers: [{ url: "http://a:1" }] } }\n${line}`,
      )[0]?.hint
    expect(hintOf('worker: 2')).toBe('did you mean "workers"?')
    expect(hintOf('wokrers: 2')).toBe('did you mean "workers"?')
    expect(hintOf('Rules: []')).toBe('did you mean "rules"?')
    expect(hintOf('health_check: {}')).toBe('it belongs to backends.NAME')
    expect(hintOf('zzzzz: 1')).toBeNull()
  })

  test('nothing where a value should be is told apart from a wrong value', () => {
    expect(linesOf(withRules('  - { name: a, backend: app }', 'admin:'))).toEqual([
      '7:7 admin: found nothing, allowed false or a map; write {} for the defaults, or remove the key',
    ])
  })

  test.each([
    ['workers: 2.5', '7:10 workers: found 2.5, allowed a whole number from 0 to 256'],
    [
      'workers: "2"',
      '7:10 workers: found "2", allowed a whole number from 0 to 256; write it without quotes',
    ],
    ['workers: .inf', '7:10 workers: found Infinity, allowed a whole number from 0 to 256'],
    [
      'drain: { accept: 5, finish: 10s }',
      '7:18 drain.accept: found 5, allowed a duration between 0s and 24d, such as 250ms, 10s, 1m, 1h; write "5s" or "5ms"',
    ],
    [
      'drain: [5s]',
      '7:8 drain: found a list, allowed a duration between 0s and 24d, such as 250ms, 10s, 1m, 1h, or a map',
    ],
    [
      'drain: 10',
      '7:8 drain: found 10, allowed a duration between 0s and 24d, such as 250ms, 10s, 1m, 1h, or a map; write "10s" or "10ms"',
    ],
    [
      'drain: 10 sec',
      '7:8 drain: found "10 sec", allowed a duration between 0s and 24d, such as 250ms, 10s, 1m, 1h, or a map; write "10s"',
    ],
    [
      'admin: yes',
      '7:8 admin: found "yes", allowed false or a map; write {} for the defaults, or remove the key',
    ],
    ['logs: { format: xml }', '7:17 logs.format: found "xml", allowed one of json, text'],
    [
      'logs: { level: warning }',
      '7:16 logs.level: found "warning", allowed one of debug, info, warn, error; did you mean "warn"?',
    ],
    [
      'logs: { access: { enabled: on } }',
      '7:28 logs.access.enabled: found "on", allowed true or false; write true',
    ],
    [
      'admin: { bind: 9090 }',
      '7:16 admin.bind: found 9090, allowed "address:port", such as "0.0.0.0:8080", "[::]:8080" or ":8080"; write "127.0.0.1:9090"',
    ],
    [
      'admin: { bind: "::1:9090" }',
      '7:16 admin.bind: found "::1:9090", allowed "address:port", such as "0.0.0.0:8080", "[::]:8080" or ":8080"; write "[::1]:9090"',
    ],
    [
      'admin: { trusted: 10.0.0.0/8 }',
      '7:19 admin.trusted: found "10.0.0.0/8", allowed a list; write ["10.0.0.0/8"]',
    ],
    [
      'admin: { trusted: [10.0.0.0/33] }',
      '7:20 admin.trusted[0]: found "10.0.0.0/33", allowed an address or range, such as 10.0.0.1, 10.0.0.0/8 or 2001:db8::/32',
    ],
    [
      'metrics: { prefix: "9x" }',
      '7:20 metrics.prefix: found "9x", allowed a letter, then at most 31 letters, digits and "_"',
    ],
  ])('%s', (line, expected) => {
    expect(linesOf(withRules('  - { name: a, backend: app }', line))).toEqual([expected])
  })

  test.each([
    ['http://a', true],
    ['http://a.example.:80', true],
    ['http://10.0.0.1:8080/', true],
    ['http://[2001:db8::1]:80', true],
    ['http://under_score:80', true],
    ['https://a', true],
    ['http://user:secret@a', false],
    ['http://a/path', false],
    ['http://a?x', false],
    ['http://a:0', false],
    ['http://a:65536', false],
    ['http://10.0.0.256', false],
    ['http://[::g]:80', false],
    ['http://', false],
    ['http://a b', false],
    ['a:80', false],
  ])('server %s: %p', (url, isGood) => {
    const lines = linesOf(withBackend('retry: {}', JSON.stringify([{ url }])))
    expect(lines).toHaveLength(isGood ? 0 : 1)
    expect(lines.join()).not.toContain('secret')
  })

  test('names keep to their letters, and away from words of the language', () => {
    for (const name of ['a b', 'ä', '__proto__', 'constructor', 'x'.repeat(64), ''])
      expect(
        problemsOf(
          `listeners: { ${JSON.stringify(name)}: { bind: ":0", backend: a } }\nbackends: { a: { servers: [{ url: "http://a:1" }] } }`,
        ).map(({ code }) => code),
      ).toEqual(['wrong-value'])
  })

  test('a header field stands once in a map, in whatever case', () => {
    const rule = '  - { name: a, match: { header: { X-A: "1", x-a: "2" } }, backend: app }'
    expect(linesOf(withRules(rule))[0]).toContain(
      'rules[0].match.header.x-a: found the key "x-a" a second time',
    )
  })

  test('a field value takes no line break, also not by way of a variable', () => {
    const rule =
      '  - { name: a, middleware: [{ headers: { request: { set: { X-A: "${V}" } } } }], backend: app }'
    expect(problemsOf(withRules(rule), { env: { V: 'a\r\nX-B: b' } })[0]?.code).toBe('wrong-value')
    expect(problemsOf(withRules(rule), { env: { V: 'a b' } })).toEqual([])
  })

  test('a step of middleware has one name', () => {
    const rule = '  - { name: a, middleware: [{ ip: { allow: ["::1"] }, headers: {} }, {}], backend: app }'
    expect(problemsOf(withRules(rule)).map(({ found }) => found)).toEqual(['2 keys', 'an empty map'])
  })

  test('a file of another program gives no flood', () => {
    const lines = Array.from({ length: 5000 }, (_, i) => `key${i}: 1`)
    expect(problemsOf(lines.join('\n')).length).toBe(1000)
  })
})

describe('defaults', () => {
  /** What is said of a map of one key that is not written. */
  function filledIn(schema: SchemaNode): { readonly value: unknown; readonly problems: readonly string[] } {
    const problems = new Problems(new Lines('', ''))
    const empty = { is: 'map', at: 0, end: 0, entries: new Map() } as never
    const value = walk({ type: 'object', properties: { it: schema } }, empty, '/', problems)
    return { value, problems: problems.sorted().map(({ found, allowed }) => `${found}: ${allowed}`) }
  }

  function* nodesOf(schema: unknown, seen = new Set<unknown>()): Generator<SchemaNode> {
    if (typeof schema !== 'object' || schema === null || seen.has(schema)) return
    seen.add(schema)
    if ('default' in schema) yield schema as SchemaNode
    for (const below of Object.values(schema)) yield* nodesOf(below, seen)
  }

  test('of each schema are what that takes', () => {
    const all = [...nodesOf(ConfigOptions)]
    expect(all.length).toBeGreaterThan(100)
    const wrong = all.filter((schema) => filledIn(schema).problems.length > 0)
    expect(wrong.map((schema) => [schema.description, schema.default])).toEqual([])
  })

  test('that it does not take are told at once, and not looked for without end', () => {
    const month = Duration({ default: '30d', description: 'Longer than any may be.' }) as SchemaNode
    expect(() => filledIn(month)).toThrow('no default for its schema: "30d"')
  })
})
