// Compressed answers as clients read them: curl, the runtime's own fetch, and raw ones that are slow or go.
import { afterAll, afterEach, beforeAll, expect, test } from 'bun:test'
import { brotliDecompressSync, createGunzip, gunzipSync, zstdDecompressSync } from 'node:zlib'
import { tellBugsTo } from '../../server/lib/bug.ts'
import { bufferedBytes } from '../../server/lib/buffers.ts'
import { encoderBytes } from '../../server/lib/encoder.ts'
import { startEngine, type TestEngine, toServers } from '../support/engine.ts'
import { needs } from '../support/needs.ts'
import { type Reply, type Script, startOrigin } from '../support/origin.ts'
import { type Random, seededRandom, seedOfRun } from '../support/random.ts'
import { pause, waitFor } from '../support/wait.ts'

const bugs: unknown[] = []
beforeAll(() => tellBugsTo((error) => bugs.push(error)))
afterEach(() => expect(bugs.splice(0)).toEqual([]))
afterAll(() => tellBugsTo((error) => process.stderr.write(`bug: ${String(error)}\n`)))

const TEXT = Buffer.alloc(
  200_000,
  'All happy families are alike; each unhappy one is unhappy in its own way. ',
)
const HTML = ['Content-Type: text/html', 'ETag: "x"']

const compressing = (url: string, options: object = {}): TestEngine =>
  startEngine({
    config: {
      ...toServers([url]),
      rules: [{ name: 'all', middleware: [{ compress: options }], backend: 'origin' }],
    },
  })

/** Text and noise by chance. */
const someBody = (random: Random): Buffer =>
  Buffer.concat(
    Array.from({ length: random.below(12) }, () =>
      random.below(4) === 0
        ? Buffer.from(random.bytes(random.below(9000)))
        : TEXT.subarray(0, random.below(90_000)),
    ),
  )

/** Sends it in pieces by chance, some of them behind a pause, framed in any way. */
async function sendInPieces(reply: Reply, body: Buffer, random: Random): Promise<void> {
  const framing = random.pick(['length', 'chunked', 'close'] as const)
  const line = {
    length: `Content-Length: ${body.length}`,
    chunked: 'Transfer-Encoding: chunked',
    close: 'Connection: close',
  }
  void reply.raw(`HTTP/1.1 200 OK\r\nContent-Type: text/html\r\n${line[framing]}\r\n\r\n`)
  for (let at = 0; at < body.length;) {
    const piece = body.subarray(at, at + 1 + random.below(random.pick([50, 5000, 120_000])))
    at += piece.length
    if (framing === 'chunked') void reply.raw(`${piece.length.toString(16)}\r\n`)
    void reply.raw(piece)
    if (framing === 'chunked') void reply.raw('\r\n')
    if (random.below(8) === 0) await pause(random.below(12))
  }
  if (framing === 'chunked') void reply.raw('0\r\n\r\n')
  if (framing === 'close') reply.fin()
}

test('whatever the pieces, framings and pauses: clients read what the server has sent', async () => {
  const random = seededRandom(seedOfRun())
  const bodies = Array.from({ length: 60 }, () => someBody(random))
  const script: Script = (request, reply) =>
    sendInPieces(reply, bodies[Number(request.target.slice(1))] ?? Buffer.alloc(0), random)
  await using origin = startOrigin(script)
  await using gateway = compressing(origin.url, { min_size: '0' })
  const ask = async (n: number): Promise<void> => {
    const coding = random.pick(['gzip', 'br', 'zstd', 'identity'])
    const answer = await fetch(`http://127.0.0.1:${gateway.port()}/${n}`, {
      headers: { 'Accept-Encoding': coding, Connection: 'close' },
    })
    const read = Buffer.from(await answer.arrayBuffer())
    expect([n, coding, answer.headers.get('vary'), read.length]).toEqual([
      n,
      coding,
      'Accept-Encoding',
      bodies[n]!.length,
    ])
    expect(read.equals(bodies[n]!)).toBe(true)
  }
  for (let n = 0; n < bodies.length; n += 6) await Promise.all([0, 1, 2, 3, 4, 5].map((i) => ask(n + i)))
  await gateway.settled()
}, 60_000)

needs('curl').each(['gzip', 'br', 'zstd'])(
  'curl reads %s, and asks again with the ETag that it got',
  async (coding) => {
    await using origin = startOrigin((request, reply) =>
      request.get('if-none-match') === null
        ? reply.send(200, TEXT, HTML)
        : void reply.raw('HTTP/1.1 304 Not Modified\r\nETag: "x"\r\n\r\n'),
    )
    await using gateway = compressing(origin.url)
    const curl = async (...args: string[]): Promise<string> => {
      const url = `http://127.0.0.1:${gateway.port()}/`
      const child = Bun.spawn([
        'curl',
        '-s',
        '-i',
        '--compressed',
        '-H',
        `Accept-Encoding: ${coding}`,
        ...args,
        url,
      ])
      const text = await new Response(child.stdout).text()
      expect(await child.exited).toBe(0)
      return text
    }
    const answer = await curl()
    expect(answer.slice(answer.indexOf('\r\n\r\n') + 4)).toBe(TEXT.toString())
    expect(answer).toContain(`Content-Encoding: ${coding}\r\n`)
    expect(answer).toContain('ETag: W/"x"\r\n')
    expect(answer).toContain('Vary: Accept-Encoding\r\n')
    expect(await curl('-H', 'If-None-Match: W/"x"')).toContain('ETag: W/"x"\r\n')
    expect(await curl('--http1.0')).toContain(TEXT.subarray(0, 500).toString())
    const head = await curl('-I')
    expect(head).toContain(`Content-Encoding: ${coding}\r\n`)
    expect(head).not.toContain('Content-Length')
    await gateway.settled()
    expect(gateway.log[0]!.bytesOut).toBeLessThan(TEXT.length / 20)
  },
)

test('an event is read before the next one is sent', async () => {
  const next = new Map<number, () => void>()
  const read = (n: number): Promise<void> => new Promise((resolve) => next.set(n, resolve))
  await using origin = startOrigin(async (_, reply) => {
    void reply.raw('HTTP/1.1 200 OK\r\nContent-Type: text/event-stream\r\nTransfer-Encoding: chunked\r\n\r\n')
    for (let n = 0; n < 5; n++) {
      const was = read(n)
      void reply.raw(`9\r\ndata: ${n}\n\n\r\n`)
      await was
    }
    void reply.raw('0\r\n\r\n')
  })
  await using gateway = compressing(origin.url)
  const answer = await fetch(`http://127.0.0.1:${gateway.port()}/`, {
    headers: { 'Accept-Encoding': 'gzip', Connection: 'close' },
    decompress: false,
  } as RequestInit)
  expect(answer.headers.get('content-encoding')).toBe('gzip')
  const gunzip = createGunzip()
  let text = ''
  gunzip.on('data', (part: Buffer) => {
    text += part.toString()
    for (const event of text.matchAll(/data: (\d)/g)) next.get(Number(event[1]))?.()
  })
  for await (const part of answer.body!) gunzip.write(part)
  await waitFor(() => text.includes('data: 4'))
  expect(text).toBe([0, 1, 2, 3, 4].map((n) => `data: ${n}\n\n`).join(''))
  await gateway.settled()
})

test('a client that does not read stops the server, and memory does not grow; it gets all when it goes on', async () => {
  const random = seededRandom(1)
  const noise = Buffer.from(Buffer.from(random.bytes(3_000_000)).toString('base64'))
  await using origin = startOrigin((_, reply) => reply.send(200, Buffer.concat([noise, noise, noise]), HTML))
  await using gateway = compressing(origin.url, { codings: ['gzip'], levels: { gzip: 1 } })
  const client = await gateway.client()
  client.pause()
  client.send('GET / HTTP/1.1\r\nHost: h\r\nAccept-Encoding: gzip\r\n\r\n')
  await waitFor(() => bufferedBytes() > 0)
  let most = 0
  for (let i = 0; i < 50; i++) {
    await pause(5)
    most = Math.max(most, bufferedBytes())
  }
  expect(most).toBeLessThan(2 * 2 ** 20)
  client.resume()
  const answer = await client.readAnswer()
  expect(gunzipSync(answer.bytes).equals(Buffer.concat([noise, noise, noise]))).toBe(true)
  await gateway.settled()
}, 60_000)

test('clients that go in the middle, servers that break off: nothing is kept, and no encoder lost', async () => {
  const random = seededRandom(seedOfRun())
  await using origin = startOrigin(async (request, reply) => {
    void reply.raw('HTTP/1.1 200 OK\r\nContent-Type: text/plain\r\nTransfer-Encoding: chunked\r\n\r\n')
    const pieces = 1 + random.below(30)
    for (let i = 0; i < pieces; i++) {
      void reply.raw('ea60\r\n')
      void reply.raw(TEXT.subarray(0, 60_000))
      void reply.raw('\r\n')
      if (random.below(4) === 0) await pause(random.below(5))
    }
    if (request.target === '/breaks') reply.rst()
    else void reply.raw('0\r\n\r\n')
  })
  await using gateway = compressing(origin.url, { codings: ['br', 'gzip', 'zstd'] })
  const go = async (): Promise<void> => {
    const client = await gateway.client()
    const target = random.below(3) === 0 ? '/breaks' : '/'
    client.send(
      `GET ${target} HTTP/1.1\r\nHost: h\r\nAccept-Encoding: ${random.pick(['br', 'gzip', 'zstd'])}\r\n\r\n`,
    )
    if (random.below(2) === 0) client.pause()
    await pause(random.below(25))
    client.rst()
  }
  for (let round = 0; round < 12; round++) await Promise.all([go(), go(), go(), go()])
  await gateway.settled()
  // Those of gzip wait for the next ones.
  expect(encoderBytes()).toBeLessThanOrEqual(8 * 352 * 1024)
}, 60_000)

test('raw answers: short ones have their length, long ones come in chunks', async () => {
  await using origin = startOrigin((request, reply) =>
    reply.send(200, TEXT.subarray(0, request.target === '/short' ? 5000 : TEXT.length), HTML),
  )
  await using gateway = compressing(origin.url)
  const client = await gateway.client()
  for (const [target, accept, decode] of [
    ['/short', 'zstd', zstdDecompressSync],
    ['/short', 'br', brotliDecompressSync],
    ['/long', 'gzip', gunzipSync],
    ['/long', 'br', brotliDecompressSync],
  ] as const) {
    const answer = await client.get(target, `Accept-Encoding: ${accept}\r\n`)
    expect(answer.get('content-length') !== null).toBe(target === '/short')
    const bytes = target === '/short' ? 5000 : TEXT.length
    expect(decode(answer.bytes).equals(TEXT.subarray(0, bytes))).toBe(true)
  }
  await gateway.settled()
})

test('trailers pass, but for sums of the plain body', async () => {
  const sums = ['Content-Digest: a', 'Repr-Digest: b', 'Digest: c', 'content-md5: d']
  await using origin = startOrigin((_, reply) => {
    const chunk = `${TEXT.length.toString(16)}\r\n${TEXT.toString()}\r\n`
    const trailers = ['X-First: 1', ...sums, 'X-Last: 2'].map((line) => `${line}\r\n`).join('')
    // More than is gathered: what goes out in one piece has a length, and no trailers.
    void reply.raw(
      `HTTP/1.1 200 OK\r\nContent-Type: text/html\r\nTransfer-Encoding: chunked\r\n\r\n${chunk.repeat(2)}0\r\n${trailers}\r\n`,
    )
  })
  await using gateway = compressing(origin.url)
  await using client = await gateway.client()
  for (const [coding, left] of [
    ['gzip', ['X-First: 1', 'X-Last: 2']],
    ['identity', ['X-First: 1', ...sums, 'X-Last: 2']],
  ] as [string, string[]][]) {
    const answer = await client.get('/', `Accept-Encoding: ${coding}\r\n`)
    expect(answer.get('content-encoding')).toBe(coding === 'gzip' ? 'gzip' : null)
    expect(answer.trailers.map((field) => field.join(': '))).toEqual(left)
  }
  await gateway.settled()
})
