// Resources of the config by the API: secrets, several who change things at once, and several things at once.
import { describe, expect, test } from 'bun:test'
import { existsSync, readdirSync, readFileSync, statSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { unifiedDiff } from '../../../server/lib/unified-diff.ts'
import { selfSigned } from '../../../server/tls/self-signed.ts'
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

describe('weights', () => {
  test('are known to be sound without reading the whole config again', async () => {
    using w = world()
    const ops = [{ op: 'update', resource: 'backends/api/servers/two', value: { weight: 9 } }]
    await w.ask('PATCH', '/backends/api/servers/two', { body: { weight: 7 } })
    await w.ask('POST', '/changesets', { body: { ops } })
    // Anything beside them, and what may not be, is for the checks.
    await w.ask('PATCH', '/backends/api/servers/two', { body: { weight: 8, max_connections: 5 } })
    expect(w.applied.map(({ found }) => found?.config.backends['api']?.servers[1]?.weight ?? null)).toEqual([
      7,
      9,
      null,
    ])
    expect((await w.ask('PATCH', '/backends/api/servers/two', { body: { weight: 1001 } })).status).toBe(422)
    expect(
      (await w.ask('PATCH', '/backends/web/servers/127.0.0.1:9', { body: { weight: 0 } })).body.errors,
    ).toMatchObject([{ path: 'backends.web.servers', line: 14 }])
  })
})

describe('rules and backends of a large file', () => {
  const more = Array.from(
    { length: 900 },
    (_, i) => `  - name: more-${i}\n    match: { path: /more/${i} }   # ${'x'.repeat(40)}\n    backend: api`,
  )
  const large = TEXT.replace('rules:\n', `rules:\n${more.join('\n')}\n`).replace(
    'name: all\n',
    'name: all\n    match: { path: /all/* }\n',
  )

  test('are known to be sound by looking at what is new, in one change or in several at once', async () => {
    using w = world(large)
    const rule = { name: 'new', match: { path: '/new' }, backend: 'api' }
    const ops = [
      { op: 'create', resource: 'backends/extra', value: { servers: [{ url: 'http://10.0.0.4:80' }] } },
      { op: 'create', resource: 'rules', index: 0, value: { ...rule, name: 'extra', backend: 'extra' } },
    ].map((one) =>
      one.resource === 'rules' ? { ...one, value: { ...one.value, match: { path: '/e' } } } : one,
    )
    for (const [method, path, body] of [
      ['POST', '/rules', rule],
      ['PATCH', '/rules/more-7', { match: { path: '/seven' } }],
      ['POST', '/rules/more-9/move', { index: 0 }],
      ['POST', '/backends/api/servers', { url: 'http://10.0.0.3:80', weight: 2 }],
      ['DELETE', '/backends/api/servers/10.0.0.3:80', undefined],
      ['POST', '/changesets', { ops }],
      ['DELETE', '/rules/new', undefined],
    ] as const) {
      const { status } = await w.ask(method, path, body === undefined ? {} : { body })
      expect([path, status < 300]).toEqual([path, true])
    }
    expect(w.applied.map(({ found }) => found?.added?.rules.map(({ name }) => name) ?? null)).toEqual([
      ['new'],
      ['more-7'],
      null,
      [],
      [],
      ['extra'],
      null,
    ])
    expect(w.applied.every(({ found }) => found !== null)).toBe(true)
    expect(w.text).toContain('name: extra')
  })

  test('are for the whole check where anything stands against them, with places in the file', async () => {
    using w = world(large)
    const same = { name: 'more-3', match: { path: '/new' }, backend: 'api' }
    expect((await w.ask('PATCH', '/rules/more-7', { body: same })).status).toBe(409)
    const { status, body } = await w.ask('PATCH', '/rules/more-7', { body: { backend: 'none' } })
    expect([status, body.errors]).toMatchObject([422, [{ pointer: '/backend', path: 'rules[7].backend' }]])
    await w.ask('POST', '/rules', { body: { name: 'again', match: { path: '/more/5' }, backend: 'api' } })
    expect(w.applied.map(({ found }) => found)).toEqual([null])
  })
})

describe('secrets', () => {
  test('stay as they are where they are left out, or sent as they were shown', async () => {
    using w = world()
    const { body } = await w.ask('GET', '/rules/canary')
    expect(
      (await w.ask('PUT', '/rules/canary', { body: { ...body.configured, backend: 'web' } })).status,
    ).toBe(200)
    expect(w.text).toContain('X-Api-Key: secret-key')
    expect(diffOf(TEXT, w)).toEqual(['-    backend: api', '+    backend: web'])
    const other = { middleware: [{ headers: { request: { set: { 'X-Api-Key': 'another' } } } }] }
    expect((await w.ask('PATCH', '/rules/canary', { body: other })).status).toBe(200)
    expect(w.text).toContain('X-Api-Key: another')
  })

  test('variables are never filled in', async () => {
    using w = world()
    await w.ask('POST', '/backends/web/servers', { body: { url: 'http://more:1' } })
    await w.ask('PATCH', '/backends/web/servers/127.0.0.1:9', { body: { weight: 2 } })
    expect(w.text).toContain('{ url: "${WEB}", weight: 2 }')
  })
})

describe('two who change things at once', () => {
  test('of different resources both are served', async () => {
    using w = world()
    const all = await Promise.all([
      w.ask('PATCH', '/backends/api', { body: { algorithm: 'random' } }),
      w.ask('PATCH', '/backends/web', { body: { algorithm: 'least_connections' } }),
      w.ask('PATCH', '/rules/all', { body: { match: { path: '/x' } } }),
    ])
    expect(all.map(({ status }) => status)).toEqual([200, 200, 200])
    expect(w.text).toContain('algorithm: random')
    expect(w.text).toContain('algorithm: least_connections')
    expect(w.text).toContain('path: /x')
  })

  test('of the same one the second is told what the first has made of it', async () => {
    using w = world()
    const { body } = await w.ask('GET', '/backends/api')
    const headers = { 'If-Match': body.etag }
    const [first, second] = await Promise.all([
      w.ask('PATCH', '/backends/api', { body: { algorithm: 'random' }, headers }),
      w.ask('PATCH', '/backends/api', { body: { algorithm: 'least_connections' }, headers }),
    ])
    expect(first.status).toBe(200)
    expect(codeOf(second)).toEqual([412, 'etag_mismatch'])
    expect(second.body).toMatchObject({
      current: { algorithm: 'random' },
      current_etag: first.headers.get('etag'),
    })
    expect(w.text).toContain('algorithm: random')
  })

  test('a second tab that saves what it has never undoes the first', async () => {
    using w = world()
    const [tab, other] = await Promise.all([w.ask('GET', '/backends/api'), w.ask('GET', '/backends/api')])
    const saved = { ...tab.body.configured, algorithm: 'random' }
    expect(
      (await w.ask('PUT', '/backends/api', { body: saved, headers: { 'If-Match': tab.body.etag } })).status,
    ).toBe(200)
    const stale = { ...other.body.configured, panic_threshold: 0.5 }
    expect(
      (await w.ask('PUT', '/backends/api', { body: stale, headers: { 'If-Match': other.body.etag } })).status,
    ).toBe(412)
    // The field alone, on what there is now, takes nothing back.
    const { etag } = (await w.ask('GET', '/backends/api')).body
    expect(
      (
        await w.ask('PATCH', '/backends/api', {
          body: { panic_threshold: 0.5 },
          headers: { 'If-Match': etag },
        })
      ).status,
    ).toBe(200)
    expect(w.text).toContain('algorithm: random')
    expect(w.text).toContain('panic_threshold: 0.5')
  })

  test('somebody who edits the file meanwhile is not written over: all three versions are told', async () => {
    using w = world()
    writeFileSync(w.file, `${TEXT}# by hand\n`)
    const told = await w.ask('PATCH', '/backends/api', { body: { algorithm: 'random' } })
    expect(codeOf(told)).toEqual([412, 'file_changed'])
    expect(told.body.base.text).toBe(TEXT)
    expect(told.body.theirs.text).toBe(`${TEXT}# by hand\n`)
    expect(told.body.yours.text).toBe(TEXT.replace('round_robin', 'random'))
    expect(w.text).toBe(`${TEXT}# by hand\n`)
  })

  test('one who was overtaken is done anew on what is served by then', async () => {
    using w = world()
    let isFirst = true
    w.before = () => {
      if (isFirst) w.serve(TEXT.replace('weight: 3', 'weight: 4'))
      isFirst = false
      return Promise.resolve()
    }
    expect((await w.ask('PATCH', '/backends/api', { body: { algorithm: 'random' } })).status).toBe(200)
    expect(w.text).toBe(TEXT.replace('weight: 3', 'weight: 4').replace('round_robin', 'random'))
  })
})

describe('changesets', () => {
  test('are one change of all that they name', async () => {
    using w = world()
    const ops = [
      { op: 'create', resource: 'backends/x', value: { servers: [{ url: 'http://x:1' }] } },
      {
        op: 'create',
        resource: 'rules',
        index: 0,
        value: { name: 'x', match: { path: '/x' }, backend: 'x' },
      },
      { op: 'update', resource: 'backends/api', value: { algorithm: 'random' } },
      { op: 'update', resource: 'backends/api/servers/two', value: { weight: 2 } },
      { op: 'move', resource: 'rules/all', before: 'canary' },
      { op: 'delete', resource: 'backends/api/servers/10.0.0.1%3A80' },
    ]
    const told = await w.ask('POST', '/changesets', { body: { ops, message: 'all of it' } })
    expect([told.status, told.body.change.revision]).toEqual([200, 2])
    expect(w.applied).toMatchObject([{ note: { message: 'all of it' } }])
    const rules = (await w.ask('GET', '/rules')).body.items.map(({ id }: { id: string }) => id)
    expect(rules).toEqual(['x', 'all', 'canary'])
  })

  test('are nothing where one of them cannot be, and say which', async () => {
    using w = world()
    const ops = [
      { op: 'update', resource: 'backends/api', value: { algorithm: 'random' } },
      { op: 'delete', resource: 'backends/none' },
    ]
    const told = await w.ask('POST', '/changesets', { body: { ops } })
    expect(codeOf(told)).toEqual([404, 'not_found'])
    expect(told.body).toMatchObject({ op_index: 1, errors: [{ pointer: '/ops/1/value' }] })
    const bad = [
      ops[0],
      { op: 'create', resource: 'backends/y', value: { servers: [{ url: 'http://y:1', weight: -1 }] } },
    ]
    const invalid = await w.ask('POST', '/changesets', { body: { ops: bad } })
    expect(invalid.body.errors).toMatchObject([{ pointer: '/ops/1/value/servers/0/weight' }])
    expect(w.text).toBe(TEXT)
  })

  test('take an If-Match that is a hash, and nothing in its place', async () => {
    using w = world()
    const ops = [{ op: 'update', resource: 'backends/api', value: { algorithm: 'random' } }]
    for (const tag of ['""', '"', '"a"', 'W/"abc"', '"aaaaaaaa", "bbbbbbbb"'])
      expect([
        tag,
        (await w.ask('POST', '/changesets', { body: { ops }, headers: { 'If-Match': tag } })).status,
      ]).toEqual([tag, 400])
    const other = { 'If-Match': '"00000000"' }
    expect(codeOf(await w.ask('POST', '/changesets', { body: { ops }, headers: other }))).toEqual([
      ...[412, 'etag_mismatch'],
    ])
    expect(w.text).toBe(TEXT)
  })

  test('are made from the revision that they name', async () => {
    using w = world()
    const body = { base_revision: 7, ops: [{ op: 'delete', resource: 'rules/canary' }] }
    expect(codeOf(await w.ask('POST', '/changesets', { body }))).toEqual([412, 'etag_mismatch'])
    const none = { ops: body.ops }
    expect(
      codeOf(await w.ask('POST', '/changesets', { body: none, headers: { 'If-Match': '"00000000"' } })),
    ).toEqual([412, 'etag_mismatch'])
    expect(w.text).toBe(TEXT)
  })
})

describe('certificates', () => {
  test('that are uploaded are kept for this user alone, and the key is never read back', async () => {
    using w = world()
    const { cert, key } = selfSigned(['a.example'], { nowMs: Date.now() })
    const body = { name: 'site', certificate_pem: cert, private_key_pem: key }
    const told = await w.ask('POST', '/certificates', { body })
    expect(told.status).toBe(201)
    const folder = join(w.folder, 'data', 'uploaded')
    const files = readdirSync(folder)
    expect(files).toHaveLength(2)
    for (const file of files) expect(statSync(join(folder, file)).mode & 0o777).toBe(0o600)
    expect(w.text).toMatch(/certificates:\n {2}site: ?[^]*cert: data\/uploaded\/site-/)
    for (const path of ['/certificates', '/certificates/site', '/config'])
      expect(
        JSON.stringify(
          (await w.ask('GET', path, { headers: { Accept: 'application/json' }, role: 'viewer' })).body,
        ),
      ).not.toContain('PRIVATE KEY')
    expect(JSON.stringify(told.body)).not.toContain('PRIVATE KEY')
    // The same pair again, refused: it is still there for who serves it.
    expect((await w.ask('POST', '/certificates', { body })).status).toBe(409)
    expect(readdirSync(folder)).toEqual(files)
    // A pair that does not fit leaves nothing behind.
    const other = selfSigned(['b.example'], { nowMs: Date.now() })
    const wrong = await w.ask('POST', '/certificates', {
      body: { ...body, name: 'b', private_key_pem: other.key },
    })
    expect(wrong).toMatchObject({ status: 422, body: { errors: [{ pointer: '/private_key_pem' }] } })
    // Of the fields that were sent, not of files that are gone again.
    expect(wrong.body.detail).toContain('found "private_key_pem", the key of another certificate')
    expect(JSON.stringify(wrong.body)).not.toContain('uploaded')
    expect(readdirSync(folder)).toEqual(files)
    expect(readFileSync(join(folder, files.find((file) => file.endsWith('.key')) ?? ''), 'utf8')).toBe(key)
    expect(existsSync(join(folder, 'b.key'))).toBe(false)
  })

  test('that go one after the other leave no empty map behind, nor one that comes and goes in one change', async () => {
    using w = world()
    const { cert, key } = selfSigned(['a.example'], { nowMs: Date.now() })
    const files = { cert: join(w.folder, 'a.pem'), key: join(w.folder, 'a.key') }
    writeFileSync(files.cert, cert)
    writeFileSync(files.key, key)
    const ops = (['create', 'delete'] as const).map((op) =>
      op === 'create'
        ? { op, resource: 'certificates/two', value: files }
        : { op, resource: 'certificates/two' },
    )
    for (const name of ['one', 'two'])
      expect((await w.ask('POST', '/certificates', { body: { name, ...files } })).status).toBe(201)
    expect((await w.ask('DELETE', '/certificates/one')).status).toBeLessThan(300)
    expect(w.text).toContain('certificates:\n  two:')
    const dry = await w.ask('DELETE', '/certificates/two?dry_run=true')
    expect(JSON.stringify(dry.body)).not.toContain('{}')
    expect((await w.ask('DELETE', '/certificates/two')).status).toBeLessThan(300)
    expect(w.text).toBe(TEXT)
    expect((await w.ask('POST', '/changesets', { body: { ops } })).status).toBeLessThan(300)
    expect(w.text).toBe(TEXT)
  })

  test('a map that somebody left empty stays through the change of something else', async () => {
    using w = world(`${TEXT}certificates: {}\n`)
    await w.ask('PATCH', '/backends/api', { body: { algorithm: 'random' } })
    expect(w.text).toEndWith('certificates: {}\n')
  })
})
