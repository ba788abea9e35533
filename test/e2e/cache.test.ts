// The cache of a rule between clients and servers: what is given from it, and what never is.
import { afterAll, afterEach, beforeAll, describe, expect, test } from 'bun:test'
import { tellBugsTo } from '../../server/lib/bug.ts'
import { CachePlace } from '../support/cache-place.ts'

const bugs: unknown[] = []
const place = new CachePlace()
beforeAll(() => tellBugsTo((error) => bugs.push(error)))
afterEach(() => place.forget())
afterAll(async () => {
  await place[Symbol.asyncDispose]()
  tellBugsTo((error) => process.stderr.write(`bug: ${String(error)}\n`))
  expect(bugs).toEqual([])
})

describe('what is stored', () => {
  test('is given to others with its age, until it is stale, and is asked about then', async () => {
    place.script = (request, reply) =>
      request.get('if-none-match') === '"a"'
        ? reply.send(304, '', ['ETag: "a"', 'Cache-Control: max-age=100', 'X-New: 1'])
        : reply.send(200, 'one', ['ETag: "a"', 'Cache-Control: max-age=60', 'Keep-Alive: x', 'X-Old: 1'])
    await using client = await place.gateway.client()
    await using other = await place.gateway.client()
    const first = await place.get(client, 'plain', '/a')
    expect(first.get('cache-status')).toBe('Sluice; fwd=uri-miss; fwd-status=200; stored')
    place.nowMs += 59_000
    const hit = await place.get(other, 'plain', '/a')
    expect([hit.status, hit.body, hit.get('age'), hit.get('x-old')]).toEqual([200, 'one', '59', '1'])
    expect(hit.get('cache-status')).toBe('Sluice; hit; ttl=1')
    expect([hit.get('keep-alive'), hit.get('date')]).toEqual([
      null,
      new Date(place.nowMs - 59_000).toUTCString(),
    ])
    place.nowMs += 1000
    const asking = await place.get(other, 'plain', '/a')
    expect([asking.status, asking.body, asking.get('age'), asking.get('x-new')]).toEqual([
      200,
      'one',
      '0',
      '1',
    ])
    expect(asking.get('cache-status')).toBe('Sluice; fwd=stale; fwd-status=304')
    place.nowMs += 99_000
    expect((await place.get(other, 'plain', '/a')).get('age')).toBe('99')
    expect([place.asked, place.origin.accepted]).toEqual([2, 1])
  })

  test('answers conditions, parts and HEAD by itself', async () => {
    place.script = place.counted('ETag: "a"', 'Cache-Control: max-age=60', 'Content-Type: text/x')
    await using client = await place.gateway.client()
    await place.get(client, 'plain', '/a')
    const unchanged = await place.get(client, 'plain', '/a', 'If-None-Match: W/"a"')
    expect([unchanged.status, unchanged.body, unchanged.get('etag')]).toEqual([304, '', '"a"'])
    expect(unchanged.get('content-type')).toBeNull()
    const part = await place.get(client, 'plain', '/a', 'Range: bytes=1-2')
    expect([part.status, part.body, part.get('content-range')]).toEqual([206, 'a ', 'bytes 1-2/4'])
    const beyond = await place.get(client, 'plain', '/a', 'Range: bytes=9-')
    expect([beyond.status, beyond.get('content-range')]).toEqual([416, 'bytes */4'])
    expect((await place.get(client, 'plain', '/a', 'Range: bytes=1-2', 'If-Range: "b"')).status).toBe(200)
    client.send('HEAD /a HTTP/1.1\r\nHost: plain.test\r\n\r\n')
    const head = await client.readAnswer({ method: 'HEAD' })
    expect([head.status, head.get('content-length'), head.get('age')]).toEqual([200, '4', '0'])
    expect(place.asked).toBe(1)
  })

  test('goes by what Vary names, with what means the same counted as the same', async () => {
    place.script = (request, reply) =>
      reply.send(200, request.get('accept-encoding') ?? '-', [
        'Vary: Accept-Encoding',
        'Cache-Control: max-age=60',
      ])
    await using client = await place.gateway.client()
    const bodies: string[] = []
    for (const value of ['gzip, br', 'BR,gzip', 'gzip', 'br;q=1.0, gzip'])
      bodies.push((await place.get(client, 'plain', '/a', `Accept-Encoding: ${value}`)).body)
    bodies.push((await place.get(client, 'plain', '/a')).body)
    expect(bodies).toEqual(['gzip, br', 'gzip, br', 'gzip', 'gzip, br', '-'])
  })

  test('is as the server gave it where it is compressed after, and has what steps before it have made of it', async () => {
    place.script = (_, reply) =>
      reply.send(200, 'text '.repeat(500), [
        'Content-Type: text/plain',
        'ETag: "a"',
        'Cache-Control: max-age=60',
      ])
    await using client = await place.gateway.client()
    for (let i = 0; i < 2; i++) {
      const packed = await place.get(client, 'pressed', '/a', 'Accept-Encoding: gzip')
      expect([packed.get('content-encoding'), packed.get('etag'), packed.get('vary')]).toEqual([
        'gzip',
        'W/"a"',
        'Accept-Encoding',
      ])
      expect(Buffer.from(Bun.gunzipSync(Buffer.from(packed.body, 'latin1'))).toString()).toBe(
        'text '.repeat(500),
      )
      expect((await place.get(client, 'pressed', '/a')).body).toBe('text '.repeat(500))
    }
    expect(place.asked).toBe(1)
    place.script = place.counted()
    for (let i = 0; i < 2; i++) {
      const after = await place.get(client, 'after', '/b')
      expect([after.all('x-in'), after.all('x-out'), after.body]).toEqual([['1'], ['1'], '/b 2'])
    }
  })

  test('large ones come whole to a client that takes its time', async () => {
    const body = Buffer.alloc(900_000, 'abcdefghi')
    place.script = (_, reply) => reply.send(200, body, ['Cache-Control: max-age=60'])
    await using client = await place.gateway.client()
    for (let i = 0; i < 3; i++) {
      const answer = await place.get(client, 'plain', '/large')
      expect([answer.status, answer.bodyLength, answer.body === body.toString('latin1')]).toEqual([
        200,
        900_000,
        true,
      ])
    }
    expect(place.asked).toBe(1)
    await using slow = await place.gateway.client()
    slow.send(place.ask('plain', '/large').repeat(8))
    for (let i = 0; i < 8; i++) expect((await slow.readAnswer({ keep: false })).bodyLength).toBe(900_000)
  })

  test('chunked ones have their length, and empty ones are stored too', async () => {
    place.script = (request, reply) =>
      void reply.raw(
        request.target === '/empty'
          ? 'HTTP/1.1 200 OK\r\nCache-Control: max-age=60\r\nContent-Length: 0\r\n\r\n'
          : request.target === '/none'
            ? 'HTTP/1.1 204 No Content\r\nCache-Control: max-age=60\r\n\r\n'
            : 'HTTP/1.1 200 OK\r\nCache-Control: max-age=60\r\nTransfer-Encoding: chunked\r\n\r\n3\r\nabc\r\n2\r\nde\r\n0\r\nX: 1\r\n\r\n',
      )
    await using client = await place.gateway.client()
    for (const path of ['/chunks', '/empty', '/none']) await place.get(client, 'plain', path)
    const [chunks, empty, none] = [
      await place.get(client, 'plain', '/chunks'),
      await place.get(client, 'plain', '/empty'),
      await place.get(client, 'plain', '/none'),
    ]
    expect([chunks.body, chunks.get('content-length')]).toEqual(['abcde', '5'])
    expect([empty.status, empty.get('content-length'), none.status, none.get('content-length')]).toEqual([
      200,
      '0',
      204,
      null,
    ])
    expect(place.asked).toBe(3)
  })
})

describe('what is never given to others', () => {
  test.each([
    ['private', ['Cache-Control: private, max-age=60'], []],
    ['no-store', ['Cache-Control: no-store, max-age=60'], []],
    ['cookies', ['Cache-Control: max-age=60', 'Set-Cookie: a=b'], []],
    ['answers to credentials', ['Cache-Control: max-age=60'], ['Authorization: Basic eA==']],
    ['what varies by anything', ['Cache-Control: max-age=60', 'Vary: *'], []],
    ['what is made for an address', ['Cache-Control: max-age=60', 'Vary: X-Forwarded-For'], []],
    ['what says nothing', [], []],
    ['what the request wants stored nowhere', ['Cache-Control: max-age=60'], ['Cache-Control: no-store']],
  ])('%s', async (_, answered, sent) => {
    place.script = place.counted(...answered)
    await using client = await place.gateway.client()
    await place.get(client, 'plain', '/a', ...sent)
    expect((await place.get(client, 'plain', '/a')).body).toBe('/a 2')
  })

  test('cookies are stripped where that is said: who asks first has them', async () => {
    place.script = place.counted('Cache-Control: max-age=60', 'Set-Cookie: a=b')
    await using client = await place.gateway.client()
    expect((await place.get(client, 'strip', '/a')).get('set-cookie')).toBe('a=b')
    const second = await place.get(client, 'strip', '/a')
    expect([second.get('set-cookie'), second.body]).toEqual([null, '/a 1'])
  })

  test('answers that broke off, or are too long', async () => {
    place.script = (_, reply) => {
      void reply
        .raw('HTTP/1.1 200 OK\r\nCache-Control: max-age=60\r\nContent-Length: 10\r\n\r\nabc')
        .then(() => reply.fin())
    }
    const client = await place.gateway.client()
    expect((await place.get(client, 'plain', '/a')).complete).toBe(false)
    place.script = (_, reply) => reply.send(200, 'x'.repeat(2000))
    await using other = await place.gateway.client()
    expect((await place.get(other, 'plain', '/a')).body).toHaveLength(2000)
    for (let i = 0; i < 2; i++) await place.get(other, 'small', '/a')
    place.script = (_, reply) =>
      void reply.raw(
        `HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n7d0\r\n${'x'.repeat(2000)}\r\n0\r\n\r\n`,
      )
    for (let i = 0; i < 2; i++) expect((await place.get(other, 'small', '/b')).bodyLength).toBe(2000)
    expect(place.asked).toBe(6)
    expect(place.store.figures.entries).toBe(0)
  })

  test('bodies, upgrades and conditions for servers go past it, each to its server', async () => {
    place.script = place.counted('Cache-Control: max-age=60')
    await using client = await place.gateway.client()
    await place.get(client, 'plain', '/a')
    expect((await place.get(client, 'plain', '/a', 'If-Match: "x"')).body).toBe('/a 2')
    client.send(`${place.ask('plain', '/a', 'Content-Length: 3')}abc`)
    expect((await client.readAnswer()).body).toBe('/a 3')
    expect((await place.get(client, 'plain', '/a')).body).toBe('/a 1')
  })
})

describe('what requests say', () => {
  test('is obeyed, or not where the config says so', async () => {
    place.script = place.counted('Cache-Control: max-age=60')
    await using client = await place.gateway.client()
    for (const host of ['plain', 'alone']) await place.get(client, host, '/a')
    expect((await place.get(client, 'plain', '/a', 'Cache-Control: no-cache')).body).toBe('/a 3')
    expect((await place.get(client, 'plain', '/a', 'Pragma: no-cache')).body).toBe('/a 4')
    expect((await place.get(client, 'plain', '/a', 'Cache-Control: only-if-cached')).status).toBe(200)
    const ignored = await place.get(client, 'alone', '/a', 'Cache-Control: no-cache')
    expect([ignored.body, ignored.get('cache-status')]).toEqual(['/a 2', null])
    const none = await place.get(client, 'plain', '/b', 'Cache-Control: only-if-cached')
    expect([none.status, place.asked]).toEqual([504, 4])
  })

  test('an unsafe one that succeeds takes out what it may have changed', async () => {
    place.script = (request, reply) =>
      request.method === 'POST'
        ? reply.send(request.target === '/fails' ? 400 : 201, '', [
            'Location: /made',
            'Content-Location: http://elsewhere.test/a',
          ])
        : reply.send(200, String(place.asked), ['Cache-Control: max-age=60'])
    await using client = await place.gateway.client()
    for (const path of ['/a', '/made', '/fails', '/kept']) await place.get(client, 'plain', path)
    const told: unknown[] = []
    place.store.tell = (purge) => told.push(purge)
    for (const path of ['/a', '/fails']) {
      client.send(`POST ${path} HTTP/1.1\r\nHost: plain.test\r\nContent-Length: 0\r\n\r\n`)
      await client.readAnswer()
    }
    place.store.tell = null
    const bodies: string[] = []
    for (const path of ['/a', '/made', '/fails', '/kept'])
      bodies.push((await place.get(client, 'plain', path)).body)
    expect(bodies).toEqual(['7', '8', '3', '4'])
    expect(told).toEqual([
      { is: 'place', host: 'plain.test', target: '/a' },
      { is: 'place', host: 'plain.test', target: '/made' },
    ])
  })
})
