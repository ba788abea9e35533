// Large bodies of each framing, read by fits and starts: every byte arrives, once and in its place.
import { expect, test } from 'bun:test'
import { startEngine, toServers } from '../support/engine.ts'
import { startOrigin } from '../support/origin.ts'
import { pause } from '../support/wait.ts'
import { type Random, seedOfRun, seededRandom } from '../support/random.ts'

const seed = seedOfRun()

/** Bytes of which each place tells where it is. */
function patterned(length: number): Buffer {
  const bytes = Buffer.alloc(length)
  for (let at = 0; at + 4 <= length; at += 4) bytes.writeUInt32BE((at * 2_654_435_761) >>> 0, at)
  return bytes
}

/** A chunked body with chunks of all sizes. */
function chunked(bytes: Buffer, random: Random): Buffer {
  const parts: Buffer[] = []
  for (let at = 0; at < bytes.length;) {
    const size = Math.min(1 + random.below(random.pick([20, 5000, 200_000, 3_000_000])), bytes.length - at)
    const extension = random.below(4) === 0 ? ';n="v;\\""' : ''
    parts.push(
      Buffer.from(`${size.toString(16)}${extension}\r\n`),
      bytes.subarray(at, at + size),
      Buffer.from('\r\n'),
    )
    at += size
  }
  parts.push(Buffer.from('0\r\nX-End: yes\r\n\r\n'))
  return Buffer.concat(parts)
}

const BODY = patterned(12_000_000)

for (const framing of ['length', 'chunked', 'close'] as const) {
  test(`an answer of framing ${framing} to a client that stops and goes (seed ${seed})`, async () => {
    const random = seededRandom(seed)
    await using origin = startOrigin(async (_request, reply) => {
      if (framing === 'length') await reply.raw(`HTTP/1.1 200 OK\r\nContent-Length: ${BODY.length}\r\n\r\n`)
      else if (framing === 'chunked') await reply.raw('HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n')
      else await reply.raw('HTTP/1.1 200 OK\r\n\r\n')
      await reply.raw(framing === 'chunked' ? chunked(BODY, random) : BODY)
      if (framing === 'close') reply.fin()
    })
    await using gateway = startEngine({ config: toServers([origin.url]) })
    for (let round = 0; round < 2; round++) {
      const client = await gateway.client()
      client.send('GET / HTTP/1.1\r\nHost: h\r\n\r\n')
      const stopAndGo = setInterval(() => (random.below(2) === 0 ? client.pause() : client.resume()), 3)
      const answer = await client.readAnswer().finally(() => clearInterval(stopAndGo))
      expect([answer.complete, answer.bytes.equals(BODY)]).toEqual([true, true])
      expect(answer.trailers).toEqual(framing === 'chunked' ? [['X-End', 'yes']] : [])
      expect(gateway.log[round]).toMatchObject({ bytesOut: BODY.length, fault: null })
    }
    await gateway.settled()
  })
}

for (const framing of ['length', 'chunked'] as const) {
  test(`a request of framing ${framing}, cut anywhere, with another behind it (seed ${seed})`, async () => {
    const random = seededRandom(seed)
    await using origin = startOrigin((request, reply) =>
      reply.send(
        200,
        request.target === '/after' ? 'after' : String(Buffer.from(request.body, 'latin1').equals(BODY)),
      ),
    )
    await using gateway = startEngine({
      config: toServers([origin.url]),
      listener: { limits: { body: '1GiB' } },
    })
    await using client = await gateway.client()
    const fields = framing === 'length' ? `Content-Length: ${BODY.length}` : 'Transfer-Encoding: chunked'
    const bytes = Buffer.concat([
      Buffer.from(`POST / HTTP/1.1\r\nHost: h\r\n${fields}\r\n\r\n`),
      framing === 'length' ? BODY : chunked(BODY, random),
      Buffer.from('GET /after HTTP/1.1\r\nHost: h\r\n\r\n'),
    ])
    for (let at = 0; at < bytes.length;) {
      const size = 1 + random.below(random.pick([10, 3000, 2_000_000]))
      client.send(bytes.subarray(at, at + size))
      at += size
      if (random.below(3) === 0) await pause(0)
    }
    expect((await client.readAnswer()).body).toBe('true')
    expect((await client.readAnswer()).body).toBe('after')
    expect(gateway.log[0]).toMatchObject({ bytesIn: BODY.length, fault: null })
    await gateway.settled()
  })
}
