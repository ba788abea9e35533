// What steps make of heads and bodies, as clients and servers see it; and the example of them.
import { afterAll, afterEach, beforeAll, describe, expect, test } from 'bun:test'
import { brotliCompressSync, deflateSync, gunzipSync, gzipSync, zstdCompressSync } from 'node:zlib'
import { parseConfig } from '../../server/config/load.ts'
import { tellBugsTo } from '../../server/lib/bug.ts'
import { encoderBytes } from '../../server/lib/encoder.ts'
import { startEngine, toServers } from '../support/engine.ts'
import { adapted, PORTS } from '../support/example-config.ts'
import { startOrigin } from '../support/origin.ts'
import { waitFor } from '../support/wait.ts'

const bugs: unknown[] = []
beforeAll(() => tellBugsTo((error) => bugs.push(error)))
afterEach(() => expect(bugs.splice(0)).toEqual([]))
afterAll(() => tellBugsTo((error) => process.stderr.write(`bug: ${String(error)}\n`)))

/** Rules by path, each with its steps, to one origin. */
const withSteps = (url: string, rules: Readonly<Record<string, readonly object[]>>) => ({
  ...toServers([url]),
  rules: Object.entries(rules).map(([name, middleware]) => ({
    name,
    match: { path: `/${name}` },
    middleware,
    backend: 'origin',
  })),
})

const UNTIL = '2099-01-01T00:00:00Z'

describe('request_id', () => {
  test('is the same one for the server, the client and the log', async () => {
    await using origin = startOrigin((_, reply) => reply.send(200, '', ['X-Request-Id: of the server']))
    await using gateway = startEngine({
      config: withSteps(origin.url, {
        uuid: [{ request_id: { format: 'uuid' } }],
        own: [{ request_id: { header: 'X-Trace', trust: 'always' } }],
        refused: [{ request_id: { format: 'trace' } }, { ip: { deny: ['127.0.0.0/8'] } }],
      }),
      listener: { trusted_proxies: [] },
    })
    await using client = await gateway.client()
    const one = await client.get('/uuid', 'X-Request-Id: guessed\r\n')
    const uuid = one.get('x-request-id') ?? ''
    expect(uuid).toMatch(/^[0-9a-f]{8}-[0-9a-f]{4}-7/)
    const own = await client.get('/own', 'X-Trace: t-1\r\n')
    expect(own.get('x-trace')).toBe('t-1')
    const refused = await client.get('/refused')
    const trace = refused.get('x-request-id') ?? ''
    expect(trace).toMatch(/^[0-9a-f]{32}$/)
    expect(JSON.parse(refused.body)).toMatchObject({ request_id: trace })
    const [first, second] = origin.requests
    expect(first?.all('x-request-id')).toEqual([uuid])
    expect([second?.all('x-trace'), second?.all('x-request-id')]).toEqual([['t-1'], []])
    await gateway.settled()
    expect(gateway.log.map(({ id }) => id)).toEqual([uuid, 't-1', trace])
  })
})

describe('security_headers', () => {
  test('stand in answers of servers and in ours, without what tells what runs there', async () => {
    await using origin = startOrigin((_, reply) =>
      reply.send(200, 'page', ['Server: x', 'X-Frame-Options: DENY']),
    )
    await using gateway = startEngine({
      config: withSteps(origin.url, {
        page: [{ security_headers: { csp: "default-src 'self'" } }],
        refused: [{ security_headers: {} }, { ip: { deny: ['127.0.0.0/8'] } }],
      }),
    })
    await using client = await gateway.client()
    const page = await client.get('/page')
    expect(['server', 'x-frame-options', 'content-security-policy'].map((name) => page.get(name))).toEqual([
      null,
      'DENY',
      "default-src 'self'",
    ])
    expect(page.get('strict-transport-security')).toBeNull()
    const refused = await client.get('/refused')
    expect([refused.status, refused.get('x-frame-options')]).toEqual([403, 'SAMEORIGIN'])
    expect(refused.fields.filter(([name]) => /^x-content-type-options$/i.test(name))).toHaveLength(1)
    await gateway.settled()
  })
})

describe('faults', () => {
  test('fail, break off or wait before a server is asked, and are told as what they are', async () => {
    await using origin = startOrigin((_, reply) => reply.send(200, 'ok'))
    await using gateway = startEngine({
      config: withSteps(origin.url, {
        abort: [{ faults: { until: UNTIL, abort: { status: 500 } } }],
        reset: [{ faults: { until: UNTIL, reset: {} } }],
        delay: [{ faults: { until: UNTIL, delay: { time: '5ms' } } }],
        over: [{ faults: { until: '2020-01-01T00:00:00Z', reset: {} } }],
      }),
    })
    await using client = await gateway.client()
    const aborted = await client.get('/abort')
    expect([aborted.status, aborted.get('proxy-status')]).toEqual([
      500,
      expect.stringContaining('fault_injected'),
    ])
    expect((await client.get('/delay')).body).toBe('ok')
    expect((await client.get('/over')).body).toBe('ok')
    expect(origin.requests).toHaveLength(2)
    client.send('GET /reset HTTP/1.1\r\nHost: h\r\n\r\n')
    expect((await client.readAnswer().catch(() => null))?.complete ?? false).toBe(false)
    await gateway.settled()
    expect(gateway.log.map(({ status, fault, detail, aborted }) => [status, fault, detail, aborted])).toEqual(
      [
        [500, 'fault_injected', 'rules.abort.faults.abort', false],
        [200, null, 'rules.delay.faults.delay: 5 ms', false],
        [200, null, null, false],
        [0, 'fault_injected', 'rules.reset.faults.reset', true],
      ],
    )
  })

  test('leave nothing behind when the client goes while it waits', async () => {
    await using origin = startOrigin((_, reply) => reply.send(200, 'ok'))
    await using gateway = startEngine({
      config: withSteps(origin.url, { delay: [{ faults: { until: UNTIL, delay: { time: '20s' } } }] }),
    })
    const client = await gateway.client()
    client.send('GET /delay HTTP/1.1\r\nHost: h\r\n\r\n')
    client.rst()
    expect(await gateway.logged()).toMatchObject({ fault: 'client_abort', attempts: 0 })
    await gateway.settled()
  })
})

describe('decompress', () => {
  const plain = Buffer.alloc(
    300_000,
    'All happy families are alike; each unhappy one is unhappy in its own way. ',
  )
  const decompressing = (url: string, more: object = {}, backend: Readonly<Record<string, unknown>> = {}) =>
    startEngine({
      config: {
        ...toServers([url], backend),
        rules: [{ name: 'all', middleware: [{ decompress: {} }], backend: 'origin', ...more }],
      },
    })
  const post = (fields: string, path = '/'): string => `POST ${path} HTTP/1.1\r\nHost: h\r\n${fields}\r\n\r\n`

  test('short bodies reach servers with their length, long ones in chunks, of every coding', async () => {
    await using origin = startOrigin((_, reply) => reply.send(200, 'ok'))
    await using gateway = decompressing(origin.url)
    await using client = await gateway.client()
    const codings = { gzip: gzipSync, deflate: deflateSync, br: brotliCompressSync, zstd: zstdCompressSync }
    let count = 0
    for (const [coding, encode] of Object.entries(codings))
      for (const body of [plain.subarray(0, 500), plain]) {
        const encoded = encode(body)
        client.send(post(`Content-Encoding: ${coding}\r\nContent-Length: ${encoded.length}`))
        client.send(encoded)
        expect((await client.readAnswer()).status).toBe(200)
        const got = await origin.received(++count)
        expect(got.body === body.toString('latin1')).toBe(true)
        expect(got.get('content-encoding')).toBeNull()
        expect(got.get('content-length')).toBe(body.length === 500 ? '500' : null)
        expect(got.get('transfer-encoding')).toBe(body.length === 500 ? null : 'chunked')
      }
    await gateway.settled()
  })

  test('chunks with trailers, and bodies that come behind 100 Continue', async () => {
    await using origin = startOrigin(
      async (request, reply) => {
        if (request.get('expect') !== null) await reply.raw('HTTP/1.1 100 Continue\r\n\r\n')
        await request.done
        reply.send(200, 'ok')
      },
      { when: 'head' },
    )
    await using gateway = decompressing(origin.url)
    await using client = await gateway.client()
    const encoded = gzipSync(plain.subarray(0, 2000))
    client.send(post('Content-Encoding: gzip\r\nTransfer-Encoding: chunked\r\nTrailer: X-Sum'))
    for (const piece of [encoded.subarray(0, 5), encoded.subarray(5)]) {
      client.send(`${piece.length.toString(16)}\r\n`)
      client.send(piece)
      client.send('\r\n')
    }
    client.send('0\r\nX-Sum: 1\r\nContent-Digest: sha-256=:x:\r\n\r\n')
    expect((await client.readAnswer()).status).toBe(200)
    const got = await origin.received(1)
    expect([got.bodyLength, got.trailers.map((one) => one.join(': '))]).toEqual([2000, ['X-Sum: 1']])
    client.send(post(`Content-Encoding: gzip\r\nExpect: 100-continue\r\nContent-Length: ${encoded.length}`))
    expect(await client.readUntil('\r\n\r\n')).toBe('HTTP/1.1 100 Continue\r\n\r\n')
    client.send(encoded)
    expect((await client.readAnswer()).status).toBe(200)
    expect((await origin.received(2)).bodyLength).toBe(2000)
    await gateway.settled()
  })

  test('what is refused reaches no server, as long as it is short', async () => {
    await using origin = startOrigin((_, reply) => reply.send(200, 'ok'))
    await using gateway = decompressing(origin.url, {
      middleware: [{ decompress: {} }, { body_limit: { size: '100KiB' } }],
    })
    const answerTo = async (fields: string, body: Buffer) => {
      await using client = await gateway.client()
      client.send(post(`${fields}\r\nContent-Length: ${body.length}`))
      client.send(body)
      const answer = await client.readAnswer()
      return [answer.status, JSON.parse(answer.body).fault, answer.get('accept-encoding')]
    }
    const encoded = gzipSync(plain.subarray(0, 500))
    const taken = 'gzip, deflate, br, zstd'
    expect(await answerTo('Content-Encoding: compress', encoded)).toEqual([
      415,
      'content_coding_unsupported',
      taken,
    ])
    expect(await answerTo('Content-Encoding: gzip', Buffer.from('no gzip'))).toEqual([
      400,
      'content_malformed',
      null,
    ])
    expect(await answerTo('Content-Encoding: gzip', encoded.subarray(0, -9))).toEqual([
      400,
      'content_malformed',
      null,
    ])
    expect(origin.requests).toHaveLength(0)
    // Of what comes of a body, as of any other, the limit holds.
    expect(await answerTo('Content-Encoding: gzip', gzipSync(plain))).toEqual([413, 'body_too_large', null])
    await gateway.settled()
    expect(gateway.log.map(({ detail }) => detail)).toEqual([
      'rules.all.decompress.codings: Content-Encoding: compress',
      'rules.all.decompress: gzip',
      'rules.all.decompress: gzip',
      expect.stringContaining('102400'),
    ])
  })

  test('a body that is kept is sent again as it was decoded', async () => {
    let asked = 0
    await using origin = startOrigin((_, reply) => (asked++ === 0 ? reply.rst() : reply.send(200, 'ok')))
    await using gateway = decompressing(origin.url, {}, { retry: { attempts: 2, backoff: '1ms' } })
    await using client = await gateway.client()
    const encoded = zstdCompressSync(plain.subarray(0, 5000))
    client.send(
      `PUT / HTTP/1.1\r\nHost: h\r\nContent-Encoding: zstd\r\nContent-Length: ${encoded.length}\r\n\r\n`,
    )
    client.send(encoded)
    expect((await client.readAnswer()).status).toBe(200)
    expect(origin.requests.map(({ bodyLength }) => bodyLength)).toEqual([5000, 5000])
    await gateway.settled()
  })

  test('a server that does not read stops its client, and nothing is lost or left', async () => {
    const before = encoderBytes()
    const large = Buffer.alloc(6_000_000, 'alike, but not quite so ')
    let reads: (() => void) | null = null
    await using origin = startOrigin(
      async (request, reply) => {
        reply.pause()
        await new Promise<void>((resolve) => (reads = resolve))
        reply.resume()
        await request.done
        reply.send(200, String(request.bodyLength))
      },
      { when: 'head' },
    )
    await using gateway = decompressing(origin.url)
    await using client = await gateway.client()
    const encoded = gzipSync(large, { level: 1 })
    client.send(post(`Content-Encoding: gzip\r\nContent-Length: ${encoded.length}`))
    client.send(encoded)
    await waitFor(() => reads !== null)
    ;(reads as unknown as () => void)()
    expect((await client.readAnswer()).body).toBe(String(large.length))
    // And one whose client goes in the middle of it.
    reads = null
    const other = await gateway.client()
    other.send(post(`Content-Encoding: gzip\r\nContent-Length: ${encoded.length}`))
    other.send(encoded.subarray(0, encoded.length >> 1))
    await waitFor(() => reads !== null)
    other.rst()
    await gateway.settled()
    expect(encoderBytes()).toBe(before)
  })
})

describe('replace', () => {
  test('changes pages on their way, whatever the pieces; compress behind it sees what came of them', async () => {
    const page = '<a href="http://old.example/a">old</a>\n'
    await using origin = startOrigin(async (request, reply) => {
      if (request.target === '/short') return reply.send(200, page, ['Content-Type: text/html', 'ETag: "x"'])
      if (request.target === '/encoded')
        return reply.send(200, gzipSync(page), ['Content-Type: text/html', 'Content-Encoding: gzip'])
      void reply.raw('HTTP/1.1 200 OK\r\nContent-Type: text/html\r\nTransfer-Encoding: chunked\r\n\r\n')
      const body = page.repeat(5000)
      for (let at = 0; at < body.length; at += 30_011) {
        const piece = body.slice(at, at + 30_011)
        await reply.raw(`${piece.length.toString(16)}\r\n${piece}\r\n`)
      }
      await reply.raw('0\r\n\r\n')
    })
    const edits = [
      { text: 'http://old.example', with: 'https://{host}' },
      { regex: '>(o)ld<', with: '>$1ther<' },
    ]
    await using gateway = startEngine({
      config: {
        ...toServers([origin.url]),
        rules: [
          {
            name: 'all',
            middleware: [{ compress: { codings: ['gzip'] } }, { replace: { edits } }],
            backend: 'origin',
          },
        ],
      },
    })
    const changed = '<a href="https://h/a">other</a>\n'
    await using client = await gateway.client()
    const short = await client.get('/short', 'Accept-Encoding: br\r\nRange: bytes=0-3\r\n')
    expect([short.body, short.get('content-length'), short.get('etag')]).toEqual([
      changed,
      String(changed.length),
      'W/"x"',
    ])
    expect(origin.requests[0]?.get('accept-encoding')).toBeNull()
    expect(origin.requests[0]?.get('range')).toBeNull()
    expect((await client.get('/long')).body === changed.repeat(5000)).toBe(true)
    const encoded = await client.get('/long', 'Accept-Encoding: gzip\r\n')
    expect(encoded.get('content-encoding')).toBe('gzip')
    expect(gunzipSync(Buffer.from(encoded.body, 'latin1')).toString() === changed.repeat(5000)).toBe(true)
    expect(gunzipSync(Buffer.from((await client.get('/encoded')).body, 'latin1')).toString()).toBe(page)
    await gateway.settled()
  })

  test('leaves nothing behind when its client goes, and breaks off where its server does', async () => {
    let isOver = false
    await using origin = startOrigin(async (_, reply) => {
      void reply.raw('HTTP/1.1 200 OK\r\nContent-Type: text/html\r\nContent-Length: 90000\r\n\r\n')
      await reply.raw('a'.repeat(80_000))
      if (isOver) reply.rst()
    })
    await using gateway = startEngine({
      config: withSteps(origin.url, { page: [{ replace: { edits: [{ text: 'a', with: 'b' }] } }] }),
    })
    const client = await gateway.client()
    client.send('GET /page HTTP/1.1\r\nHost: h\r\n\r\n')
    await client.readUntil('bbbb')
    client.rst()
    expect(await gateway.logged()).toMatchObject({ fault: 'client_abort' })
    isOver = true
    const other = await gateway.client()
    other.send('GET /page HTTP/1.1\r\nHost: h\r\n\r\n')
    expect((await other.readAnswer().catch(() => null))?.complete ?? false).toBe(false)
    await gateway.settled()
  })
})

test('content.yaml: what it says holds', async () => {
  await using origin = startOrigin((_, reply) =>
    reply.send(200, '<a href="http://old.example.org/">page</a>', [
      'Server: sample',
      'Content-Type: text/html',
    ]),
  )
  const text = adapted('content.yaml', Object.fromEntries(PORTS.map((port) => [port, origin])))
  const loaded = parseConfig('content.yaml', Buffer.from(text), {})
  expect(loaded.ok ? [] : loaded.problems).toEqual([])
  await using gateway = startEngine({ config: Bun.YAML.parse(text) as Record<string, unknown> })
  await using client = await gateway.client()
  const site = await client.get('/')
  expect([site.get('server'), site.get('x-frame-options')]).toEqual([null, 'DENY'])
  expect(site.get('x-request-id')).toMatch(/-7/)
  expect(site.body).toBe('<a href="https://www.example.org/">page</a>')
  client.send('GET / HTTP/1.1\r\nHost: staging.example.org\r\nX-Chaos: 1\r\n\r\n')
  expect((await client.readAnswer()).status).toBe(503)
  await gateway.settled()
})
