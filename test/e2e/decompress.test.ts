// Bodies of requests that are decoded on their way, as servers get them.
import { afterAll, afterEach, beforeAll, describe, expect, test } from 'bun:test'
import { brotliCompressSync, deflateSync, gzipSync, zstdCompressSync } from 'node:zlib'
import { tellBugsTo } from '../../server/lib/bug.ts'
import { encoderBytes } from '../../server/lib/encoder.ts'
import { startEngine, toServers } from '../support/engine.ts'
import { startOrigin } from '../support/origin.ts'
import { waitFor } from '../support/wait.ts'

const bugs: unknown[] = []
beforeAll(() => tellBugsTo((error) => bugs.push(error)))
afterEach(() => expect(bugs.splice(0)).toEqual([]))
afterAll(() => tellBugsTo((error) => process.stderr.write(`bug: ${String(error)}\n`)))

const CODINGS = ['gzip', 'deflate', 'br', 'zstd']

describe('decompress', () => {
  const plain = Buffer.alloc(
    300_000,
    'All happy families are alike; each unhappy one is unhappy in its own way. ',
  )
  const decompressing = (url: string, more: object = {}, backend: Readonly<Record<string, unknown>> = {}) =>
    startEngine({
      config: {
        ...toServers([url], backend),
        rules: [
          { name: 'all', middleware: [{ decompress: { codings: CODINGS } }], backend: 'origin', ...more },
        ],
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
    const taken = 'gzip, deflate, zstd'
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
