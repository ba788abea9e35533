// Resources of the config by the API: what is told of them, and that a change is one of their own lines.
import { describe, expect, test } from 'bun:test'
import { changedLines, unifiedDiff } from '../../../server/lib/unified-diff.ts'
import type { ServerHealth } from '../../../server/telemetry/server-health.ts'
import { ResourceWorld, type Told } from '../../support/resource-world.ts'

const TEXT = `# Our gateway
listeners:
  web: { bind: "127.0.0.1:8080" }   # the web

backends:
  api:
    # how
    algorithm: round_robin
    servers:
      - url: http://10.0.0.1:80   # one
        weight: 3
      - { url: "http://10.0.0.2:80", name: two }
  web:
    servers: [{ url: "\${WEB}" }]

rules:
  # canary
  - name: canary
    match: { path: /c/* }
    middleware: [{ headers: { request: { set: { X-Api-Key: secret-key } } } }]
    backend: api
  - name: all
    backend: web
`
const world = (text = TEXT, name = 'sluice.yaml') =>
  new ResourceWorld(text, { name, env: { WEB: 'http://127.0.0.1:9' } })
const codeOf = ({ status, body }: Told): unknown[] => [status, body.code]
const diffOf = (text: string, { text: now }: ResourceWorld): string[] =>
  unifiedDiff(text, now, { context: 0 })
    .split('\n')
    .filter((line) => /^[+-](?![+-])/.test(line))

describe('what is told', () => {
  test('is what is written, what takes effect, and where it stands', async () => {
    using w = world()
    const { body, headers } = await w.ask('GET', '/backends/api')
    expect(body).toMatchObject({
      id: 'api',
      configured: {
        algorithm: 'round_robin',
        servers: [{ url: 'http://10.0.0.1:80', weight: 3 }, { name: 'two' }],
      },
      effective: { retry: { attempts: 3, backoff: '25ms' }, servers: [{}, { weight: 1 }] },
      place: { file: w.file, line: 6, column: 3, end_line: 12 },
      live: { servers: 0 },
    })
    expect(headers.get('etag')).toBe(body.etag)
    const same = await w.ask('GET', '/backends/api', { headers: { 'If-None-Match': body.etag } })
    expect([same.status, same.body]).toEqual([304, null])
    // A variable stands as it is written beside what it stands for.
    expect((await w.ask('GET', '/backends/web/servers/127.0.0.1:9')).body).toMatchObject({
      configured: { url: '${WEB}' },
      effective: { url: 'http://127.0.0.1:9' },
    })
  })

  test('never has secrets, for whatever role', async () => {
    using w = world()
    for (const path of ['/rules', '/rules/canary']) {
      const told = await w.ask('GET', path)
      expect(told.status).toBe(200)
      expect(JSON.stringify(told.body)).not.toContain('secret-key')
    }
  })

  test('comes in pages, by name, and with the members that are asked for', async () => {
    using w = world()
    const first = (await w.ask('GET', '/backends?limit=1')).body
    expect([first.items.map((one: { id: string }) => one.id), first.total]).toEqual([['api'], 2])
    const next = (await w.ask('GET', `/backends?limit=1&cursor=${first.next_cursor}`)).body
    expect(next.items).toMatchObject([{ id: 'web' }])
    const some = (await w.ask('GET', '/backends/api/servers?name=TWO&fields=configured')).body
    expect(some.items.map((one: object) => Object.keys(one))).toEqual([['id', 'etag', 'configured']])
    expect(codeOf(await w.ask('GET', '/backends/none/servers'))).toEqual([404, 'not_found'])
  })

  test('are kinds of middleware with their schemas and rules', async () => {
    using w = world()
    const { body } = await w.ask('GET', '/middleware')
    expect(body.items.find((one: { name: string }) => one.name === 'headers')).toMatchObject({
      used_by: ['rules/canary'],
    })
    expect((await w.ask('GET', '/middleware/body_limit')).body.schema.required).toEqual(['size'])
    expect(codeOf(await w.ask('GET', '/middleware/none'))).toEqual([404, 'not_found'])
  })
})

const CHANGES: readonly (readonly [
  method: string,
  path: string,
  body: unknown,
  status: number,
  ...diff: string[],
])[] = [
  [
    'PATCH',
    '/backends/api/servers/two',
    { weight: 7 },
    200,
    '-      - { url: "http://10.0.0.2:80", name: two }',
    '+      - { url: "http://10.0.0.2:80", name: two, weight: 7 }',
  ],
  ['PATCH', '/backends/api/servers/http%3A%2F%2F10.0.0.1%3A80', { weight: null }, 200, '-        weight: 3'],
  ['PATCH', '/backends/api/servers/10.0.0.1:80', { weight: 3 }, 200],
  [
    'POST',
    '/backends/api/servers',
    { url: 'http://10.0.0.3:80', weight: 2 },
    201,
    '+      - { url: "http://10.0.0.3:80", weight: 2 }',
  ],
  [
    'DELETE',
    '/backends/api/servers/10.0.0.1:80',
    undefined,
    200,
    '-      - url: http://10.0.0.1:80   # one',
    '-        weight: 3',
  ],
  [
    'POST',
    '/backends',
    { name: 'new', servers: [{ url: 'http://n:1' }] },
    201,
    '+  new:',
    '+    servers: [{ url: "http://n:1" }]',
  ],
  [
    'PUT',
    '/backends/new',
    { servers: [{ url: 'http://n:1' }] },
    201,
    '+  new:',
    '+    servers: [{ url: "http://n:1" }]',
  ],
  [
    'PATCH',
    '/backends/web',
    { name: 'front' },
    200,
    '-  web:',
    '+  front:',
    '-    backend: web',
    '+    backend: front',
  ],
  ['PUT', '/rules/all', { backend: 'api' }, 200, '-    backend: web', '+    backend: api'],
  [
    'POST',
    '/rules/all/move',
    { index: 0 },
    200,
    '+  - name: all',
    '+    backend: web',
    '-  - name: all',
    '-    backend: web',
  ],
  [
    'POST',
    '/rules/all/move',
    { before: 'canary' },
    200,
    '+  - name: all',
    '+    backend: web',
    '-  - name: all',
    '-    backend: web',
  ],
  [
    'POST',
    '/rules/reorder',
    { order: ['all', 'canary'] },
    200,
    '+  - name: all',
    '+    backend: web',
    '-  - name: all',
    '-    backend: web',
  ],
  ['PUT', '/listeners/more', { bind: '127.0.0.1:1' }, 201, '+  more: { bind: "127.0.0.1:1" }'],
  [
    'PATCH',
    '/listeners/web',
    { limits: { body: '1MiB' } },
    200,
    '-  web: { bind: "127.0.0.1:8080" }   # the web',
    '+  web: { bind: "127.0.0.1:8080", limits: { body: 1MiB } }   # the web',
  ],
  // A server of a balancer that has one list of them.
  [
    'PUT',
    '/backends/two',
    { weight: 9 },
    200,
    '-      - { url: "http://10.0.0.2:80", name: two }',
    '+      - { url: "http://10.0.0.2:80", name: two, weight: 9 }',
  ],
  ['DELETE', '/backends/10.0.0.2:80', undefined, 200, '-      - { url: "http://10.0.0.2:80", name: two }'],
]

describe('a change is a change of its own lines', () => {
  const named = CHANGES.map((row) => [`${row[0]} ${row[1]} ${JSON.stringify(row[2]) ?? ''}`, row] as const)
  test.each(named)('%s', async (_, [method, path, body, status, ...diff]) => {
    using w = world()
    const told = await w.ask(method, path, { body, isBased: status !== 201 })
    expect([told.status, told.body.code]).toEqual([status, undefined])
    // Where a part moves up or down, either side of the other is the same.
    const lines = diffOf(TEXT, w)
    if (path.includes('move') || path.includes('reorder'))
      expect(w.text.indexOf('name: all')).toBeLessThan(w.text.indexOf('name: canary'))
    else expect(lines).toEqual([...diff])
    expect(told.body.change).toMatchObject({ changed: diff.length > 0, reformatted: false })
    expect(told.headers.get('sluice-config-revision')).toBe(diff.length > 0 ? '2' : '1')
  })

  test('a dry run has the diff, and changes nothing', async () => {
    using w = world()
    const { status, body } = await w.ask('DELETE', '/rules/canary?dry_run=true')
    expect([status, body.dry_run, body.changed]).toEqual([200, true, true])
    expect(body.diff).toContain('-  - name: canary')
    expect(w.text).toBe(TEXT)
  })

  test('who made it and why goes with it', async () => {
    using w = world()
    await w.ask('PATCH', '/backends/api?message=less%20of%20it', { body: { algorithm: 'random' } })
    expect(w.applied).toMatchObject([{ by: 'admin', note: { source: 'ui', message: 'less of it' } }])
  })

  test('a server of the only backend comes by what older balancers take', async () => {
    using w = world('listen: "127.0.0.1:0"\nbackends:\n  - url: http://a:1\n')
    expect((await w.ask('POST', '/backends', { body: { url: 'http://b:1', weight: 2 } })).status).toBe(201)
    expect((await w.ask('PUT', '/backends/http%3A%2F%2Fa%3A1', { body: { weight: 5 } })).status).toBe(200)
    expect(w.text).toBe(
      'listen: "127.0.0.1:0"\nbackends:\n  - url: http://a:1\n    weight: 5\n  - url: http://b:1\n    weight: 2\n',
    )
    expect((await w.ask('DELETE', '/backends/b:1')).status).toBe(200)
    expect(w.text).toBe('listen: "127.0.0.1:0"\nbackends:\n  - url: http://a:1\n    weight: 5\n')
  })

  test('JSON and TOML are edited by the same paths', async () => {
    using json = world(
      '{\n  "listen": "127.0.0.1:0",\n  "backends": [{ "url": "http://a:1" }]\n}\n',
      'sluice.json',
    )
    expect((await json.ask('PATCH', '/backends/default/servers/a:1', { body: { weight: 4 } })).status).toBe(
      200,
    )
    expect(json.text).toContain('[{ "url": "http://a:1", "weight": 4 }]')
    using toml = world(
      '# here\n[listeners.web]\nbind = "127.0.0.1:0"\n\n[backends.a]\nservers = [{ url = "http://a:1" }] # one\n\n[[rules]]\nname = "all"\nbackend = "a"\n',
      'sluice.toml',
    )
    const before = toml.text
    expect((await toml.ask('PATCH', '/backends/a/servers/a:1', { body: { weight: 4 } })).status).toBe(200)
    expect(changedLines(before, toml.text)).toEqual({ went: 1, came: 1 })
  })
})

describe('what does not go', () => {
  const REFUSED: readonly (readonly [
    method: string,
    path: string,
    body: unknown,
    status: number,
    code: string,
    more: object,
  ])[] = [
    ['POST', '/backends/api/servers', { url: 'http://10.0.0.1:80' }, 409, 'exists', {}],
    ['POST', '/backends', { url: 'http://10.0.0.3:80' }, 409, 'conflict', { backends: ['api', 'web'] }],
    [
      'POST',
      '/backends',
      { name: 'bad', servers: [{ url: 'http://n:1', weight: 'x' }] },
      422,
      'config_invalid',
      { errors: [{ pointer: '/servers/0/weight', line: 16 }] },
    ],
    [
      'PATCH',
      '/rules/all',
      { backend: 'nope' },
      422,
      'config_invalid',
      { errors: [{ pointer: '/backend' }] },
    ],
    ['POST', '/rules', { backend: 'api' }, 422, 'body_invalid', { errors: [{ pointer: '/name' }] }],
    ['POST', '/rules/reorder', { order: ['canary'] }, 422, 'body_invalid', { missing: ['all'] }],
    ['POST', '/rules/all/move', { index: 9 }, 422, 'body_invalid', {}],
    ['POST', '/rules/all/move', { before: 'none' }, 422, 'body_invalid', {}],
    ['DELETE', '/backends/api', undefined, 409, 'in_use', { used_by: ['rules/canary'] }],
    ['DELETE', '/backends/none', undefined, 404, 'not_found', {}],
    ['PATCH', '/listeners/none', { bind: ':1' }, 404, 'not_found', {}],
    [
      'PATCH',
      '/rules/canary',
      { middleware: [{ headers: { request: { set: { 'X-New': '(a secret, hidden)' } } } }] },
      422,
      'body_invalid',
      {},
    ],
    ['PATCH', '/backends/web', { name: 'api' }, 409, 'exists', {}],
  ] as never
  const named = REFUSED.map((row) => [`${row[0]} ${row[1]} ${JSON.stringify(row[2]) ?? ''}`, row] as const)
  test.each(named)('%s', async (_, [method, path, body, status, code, more]) => {
    using w = world()
    const told = await w.ask(method, path, { body })
    expect(codeOf(told)).toEqual([status, code])
    expect(told.body).toMatchObject(more)
    expect(w.text).toBe(TEXT)
  })

  test('a page must say what it was made from', async () => {
    using w = world()
    const told = await w.ask('PATCH', '/backends/api', { body: { algorithm: 'random' }, isBased: false })
    expect(codeOf(told)).toEqual([428, 'precondition_required'])
  })

  test('a change whose author says nothing of it has in the history what it was, without values', async () => {
    using w = world()
    await w.ask('PATCH', '/backends/api', { body: { algorithm: 'random', queue: { size: 7 } } })
    await w.ask('POST', '/backends/api/servers', { body: { url: 'http://10.0.0.7:80' } })
    await w.ask('DELETE', '/backends/api/servers/10.0.0.7:80')
    expect(w.applied.map(({ note }) => note?.message)).toEqual([
      'backends/api changed (algorithm, queue)',
      'backends/api/servers/http://10.0.0.7:80 added',
      'backends/api/servers/10.0.0.7:80 removed',
    ])
    // Not yet known to be a map.
    expect((await w.ask('PATCH', '/backends/api', { body: null })).status).toBe(422)
  })

  test('the short form says so where it cannot say it, and offers the long one', async () => {
    const short = '# small\nlisten: "127.0.0.1:0"\nbackends:\n  - url: http://a:1   # one\n'
    using w = world(short)
    const more = { name: 'more', servers: [{ url: 'http://b:1' }] }
    const told = await w.ask('POST', '/backends', { body: more })
    expect(codeOf(told)).toEqual([409, 'not_spliced'])
    expect(told.body).toMatchObject({
      needs_long_form: true,
      hint: 'POST /api/v1/config/long-form writes it',
    })
    expect((await w.ask('POST', '/config/long-form?dry_run=true')).body.diff).toContain('+listeners:')
    expect((await w.ask('POST', '/config/long-form')).status).toBe(200)
    expect(w.text).toContain('# small\nlisteners:\n  default:\n    bind: "127.0.0.1:0"')
    expect(w.text).toContain('# one')
    expect((await w.ask('POST', '/backends', { body: more })).status).toBe(201)
  })

  test('a field of the short form that is wrong is told by its place in the body', async () => {
    using w = new ResourceWorld('listen: "127.0.0.1:0"\nbackends:\n  - url: http://127.0.0.1:9\n')
    const wrong = { algorithm: 'rand', queue: { size: 'x' } }
    const told = await w.ask('PATCH', '/backends/default', { body: wrong })
    expect(told.body.errors.map(({ path, pointer }: Record<string, unknown>) => [path, pointer])).toEqual([
      ['algorithm', '/algorithm'],
      ['queue.size', '/queue/size'],
    ])
  })
})

describe('lists of those that fare so', () => {
  test('have only these, by the words that their kind has', async () => {
    using w = world()
    const health = (server: string, healthy: boolean): ServerHealth =>
      ({
        backend: 'api',
        server,
        healthy,
        ...{ state: healthy ? 'up' : 'down', operational: healthy ? 'up' : 'down' },
        ...{ active_connections: 0, admin: 'ready', reason: healthy ? null : 'refused' },
      }) as ServerHealth
    w.health = [health('http://10.0.0.1:80', true), health('two', false)]
    w.matches = { canary: 3 }
    const ids = async (path: string): Promise<unknown> => {
      const { status, body } = await w.ask('GET', path)
      return status === 200 ? body.items.map(({ id }: { id: string }) => id) : [status, body.code]
    }
    expect(await ids('/backends/api/servers?filter=status:down')).toEqual(['two'])
    expect(await ids('/backends/api/servers?filter=status:up')).toEqual(['http://10.0.0.1:80'])
    expect(await ids('/backends?filter=status:degraded')).toEqual(['api'])
    expect(await ids('/backends?filter=status:down')).toEqual(['web'])
    // A server that a person took out is not missing: the sentence of the overview says the same.
    const drained = { ...health('two', false), admin: 'drain', operational: 'up', state: 'draining' } as const
    w.health = [health('http://10.0.0.1:80', true), drained]
    expect(await ids('/backends?filter=status:degraded')).toEqual([])
    w.health = [drained]
    expect(await ids('/backends?filter=status:down')).toEqual(['api', 'web'])
    expect(await ids('/rules?filter=status:unmatched')).toEqual(['all'])
    expect(await ids('/rules?filter=status:matched')).toEqual(['canary'])
    expect(await ids('/rules?filter=status:down')).toEqual([400, 'query_invalid'])
    expect(await ids('/listeners?filter=status:up')).toEqual([400, 'query_invalid'])
    expect((await w.ask('GET', '/rules?filter=status:matched')).body.total).toBe(1)
    expect((await w.ask('GET', '/rules/canary')).body.live).toEqual({
      ...{ matches: 3, last_match: null, unmatched_since: null, p99_ms: null, matches_per_min: 0 },
    })
  })
})
