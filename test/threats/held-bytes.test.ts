// Threat: clients and servers that send and do not read, until the bytes that wait for them fill the memory
// of everyone.
//
// Bytes that a worker holds for whoever is slow: each connection has a bound, and so have all together;
// nobody waits for ever.
import { afterEach, expect, test } from 'bun:test'
import { bufferedBytes, buffersFullTimes, limitBuffers } from '../../server/lib/buffers.ts'
import { sockets } from '../../server/sockets/sockets.ts'
import { startEngine, toServers } from '../support/engine.ts'
import { startOrigin } from '../support/origin.ts'
import { waitFor } from '../support/wait.ts'

const KIB = 1024
const MIB = 1024 * KIB
/** One read of Bun's may come on top of a bound. */
const READ = 512 * KIB

afterEach(() => limitBuffers(256 * MIB))

/** For a gateway whose crowd takes as long as the machine takes: whoever is last must not be too late. */
const PATIENT = { timeouts: { head: '10m', idle: '10m' } }
const patiently = (url: string): ReturnType<typeof toServers> =>
  toServers([url], { timeouts: { response: '10m', idle: '10m' } })

/**
 * An origin whose answers wait until the test says so, `/big` aside, which is 16 MiB at once: on sockets of
 * ours in a chunk, as there what has a length passes by us, and nothing of it is held.
 */
function gated(): { readonly origin: ReturnType<typeof startOrigin>; open(): void } {
  const gate = Promise.withResolvers<void>()
  const big = Buffer.alloc(16 * MIB, 'b')
  const origin = startOrigin(async (request, reply) => {
    if (request.target === '/big' && sockets().kind === 'bun') return reply.send(200, big)
    if (request.target === '/big') {
      void reply.raw(`HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n${big.length.toString(16)}\r\n`)
      void reply.raw(big)
      return reply.raw('\r\n0\r\n\r\n')
    }
    await gate.promise
    await reply.send(200, request.target)
  })
  return { origin, open: () => gate.resolve() }
}

/** Requests behind one another, of some `bytes` together; the field makes each a KiB. */
const pipelined = (bytes: number): string =>
  `GET /p HTTP/1.1\r\nHost: h\r\nX-Fill: ${'f'.repeat(980)}\r\n\r\n`.repeat(Math.ceil(bytes / KIB))

/** The most that was ever held while `until` does not hold. */
async function mostHeld(until: () => boolean): Promise<number> {
  let most = 0
  await waitFor(
    () => {
      most = Math.max(most, bufferedBytes())
      return until()
    },
    { everyMs: 1 },
  )
  return most
}

test('what a client sends ahead of a slow answer is not read beyond its bound, and all of it is answered', async () => {
  const { origin, open } = gated()
  await using _ = origin
  await using gateway = startEngine({ config: patiently(origin.url), listener: PATIENT })
  const client = await gateway.client()
  client.send(pipelined(MIB))
  await origin.begun(1)
  const most = await mostHeld(() => client.unsent > 0 || bufferedBytes() > 0)
  await mostHeld(() => client.unsent === 0 || bufferedBytes() > 4 * KIB)
  expect(Math.max(most, bufferedBytes())).toBeLessThan(192 * KIB)
  open()
  for (let n = 0; n < KIB; n++) expect((await client.readAnswer()).status).toBe(200)
  await gateway.settled()
})

test('clients that send ahead never hold more than limits.buffers together, and each is answered in the end', async () => {
  const { origin, open } = gated()
  await using _ = origin
  await using gateway = startEngine({
    config: { ...patiently(origin.url), limits: { buffers: '1MiB' } },
    listener: PATIENT,
  })
  const full = buffersFullTimes()
  const clients = await Promise.all(Array.from({ length: 60 }, () => gateway.client()))
  for (const client of clients) client.send(pipelined(96 * KIB))
  const most = await mostHeld(() => buffersFullTimes() > full)
  expect(Math.max(most, bufferedBytes())).toBeLessThan(MIB + READ)
  // Who comes now is not read either, nor forgotten.
  const late = await gateway.client()
  late.send('GET /late HTTP/1.1\r\nHost: h\r\n\r\n')
  open()
  let held = 0
  for (const client of clients) {
    for (let n = 0; n < 96; n++) expect((await client.readAnswer()).status).toBe(200)
    held = Math.max(held, bufferedBytes())
  }
  expect(held).toBeLessThan(MIB + READ)
  expect((await late.readAnswer()).body).toBe('/late')
  await gateway.settled()
})

test('stalled readers keep a piece each, at the limit no request is read, and it is read as they go', async () => {
  const { origin, open } = gated()
  await using _ = origin
  open()
  await using gateway = startEngine({ config: patiently(origin.url), listener: PATIENT })
  // Low: what each of them keeps is little where its server is read in small pieces.
  const limit = 256 * KIB
  limitBuffers(limit)
  const full = buffersFullTimes()
  const stalled = await Promise.all(Array.from({ length: 80 }, () => gateway.client()))
  let begun = 0
  for (const client of stalled) {
    client.pause()
    client.send('GET /big HTTP/1.1\r\nHost: h\r\n\r\n')
    begun++
    await waitFor(() => origin.requests.length >= begun || buffersFullTimes() > full)
    if (buffersFullTimes() > full) break
  }
  const most = await mostHeld(() => buffersFullTimes() > full)
  expect(most).toBeLessThan(limit + READ)
  const other = await gateway.client()
  other.send('GET /other HTTP/1.1\r\nHost: h\r\n\r\n')
  const served = gateway.log.length
  for (const client of stalled) client.rst()
  expect((await other.readAnswer()).body).toBe('/other')
  expect(gateway.log.length).toBeGreaterThan(served)
  await gateway.settled()
})

test('an upload under way goes on at the limit: what waits for its end would wait for ever', async () => {
  const { origin, open } = gated()
  await using _ = origin
  open()
  await using gateway = startEngine({ config: patiently(origin.url), listener: PATIENT })
  const upload = await gateway.client()
  upload.send('POST /up HTTP/1.1\r\nHost: h\r\nContent-Length: 200000\r\n\r\n')
  upload.send(Buffer.alloc(1000))
  await origin.begun(1)
  limitBuffers(0) // full from now on
  upload.send(Buffer.alloc(199_000))
  expect((await upload.readAnswer()).status).toBe(200)
  limitBuffers(256 * MIB)
  await gateway.settled()
})
