// Bytes in volume, which pass the engine by where sockets can: counts, ends and the connections are as ever.
import { expect, test } from 'bun:test'
import { startEngine, toServers } from '../support/engine.ts'
import { startOrigin } from '../support/origin.ts'
import { seededRandom } from '../support/random.ts'
import { waitFor } from '../support/wait.ts'

const LENGTH = 8_000_000

/** Bytes of which each place tells where it is, and of which answer. */
function patterned(answer: number, length = LENGTH): Buffer {
  const bytes = Buffer.alloc(length)
  for (let at = 0; at + 4 <= length; at += 4) bytes.writeUInt32BE(((at + answer) * 2_654_435_761) >>> 0, at)
  return bytes
}

const head = (length: number): string => `HTTP/1.1 200 OK\r\nContent-Length: ${length}\r\n\r\n`
const REQUEST = 'GET / HTTP/1.1\r\nHost: h\r\n\r\n'

test('large answers follow small ones and each other on one connection, whole and counted', async () => {
  let asked = 0
  await using origin = startOrigin(async (_request, reply) => {
    const count = asked++
    if (count % 2 === 0) return void (await reply.raw(`${head(2)}ok`))
    await reply.raw(head(LENGTH))
    await reply.raw(patterned(count))
  })
  await using gateway = startEngine({ config: toServers([origin.url]) })
  const client = await gateway.client()
  for (let count = 0; count < 6; count++) {
    client.send(REQUEST)
    const answer = await client.readAnswer()
    if (count % 2 === 0) expect(answer.body).toBe('ok')
    else expect([answer.complete, answer.bytes.equals(patterned(count))]).toEqual([true, true])
  }
  await waitFor(() => gateway.log.length === 6)
  expect(gateway.log.map(({ bytesOut }) => bytesOut)).toEqual([2, LENGTH, 2, LENGTH, 2, LENGTH])
  expect(gateway.outbound).toEqual({ open: 1, idle: 1 })
  await gateway.settled()
})

test('answers of all sizes about those that are worth a pipe follow each other, whole and counted', async () => {
  const sizes = [100, 8000, 30_000, 49_151, 49_152, 57_000, 65_300, 65_536, 80_000, 81_920, 102_400, 140_000]
  const random = seededRandom(5)
  const asked = Array.from({ length: 80 }, () => sizes[random.below(sizes.length)]!)
  let at = 0
  await using origin = startOrigin(async (_request, reply) => {
    const count = at++
    const body = patterned(count, asked[count]!)
    if (count % 3 > 0) return void (await reply.raw(Buffer.concat([Buffer.from(head(body.length)), body])))
    await reply.raw(head(body.length))
    await reply.raw(body)
  })
  await using gateway = startEngine({ config: toServers([origin.url]) })
  const client = await gateway.client()
  for (const [count, size] of asked.entries()) {
    client.send(REQUEST)
    const answer = await client.readAnswer()
    expect([answer.complete, answer.bytes.equals(patterned(count, size))]).toEqual([true, true])
  }
  await waitFor(() => gateway.log.length === asked.length)
  expect(gateway.log.map(({ bytesOut }) => bytesOut)).toEqual(asked)
  expect(gateway.outbound).toEqual({ open: 1, idle: 1 })
  await gateway.settled()
})

test('who asks for the next answer before it has read a large one gets both', async () => {
  let asked = 0
  await using origin = startOrigin(async (_request, reply) => {
    await reply.raw(head(LENGTH))
    await reply.raw(patterned(asked++))
  })
  await using gateway = startEngine({ config: toServers([origin.url]) })
  const client = await gateway.client()
  client.pause()
  client.send(`${REQUEST}${REQUEST}`)
  await waitFor(() => asked === 1)
  client.resume()
  for (const answer of [await client.readAnswer(), await client.readAnswer()])
    expect([answer.complete, answer.bytes.length]).toEqual([true, LENGTH])
  await gateway.settled()
})

for (const how of ['fin', 'rst'] as const)
  test(`a large answer that its server breaks off by ${how} never looks whole`, async () => {
    await using origin = startOrigin(async (_request, reply) => {
      await reply.raw(head(LENGTH))
      await reply.raw(patterned(0).subarray(0, LENGTH / 2))
      if (how === 'fin') reply.fin()
      else reply.rst()
    })
    await using gateway = startEngine({ config: toServers([origin.url]) })
    const client = await gateway.client()
    client.send(REQUEST)
    const answer = await client.readAnswer()
    expect(answer.complete).toBe(false)
    expect(patterned(0).subarray(0, answer.bytes.length).equals(answer.bytes)).toBe(true)
    const { bytesOut, fault } = await gateway.logged()
    expect(fault).toBe('server_truncated')
    expect(bytesOut).toBeLessThanOrEqual(LENGTH / 2)
    // What is said to have been sent has arrived: its end follows in order.
    expect(answer.bytes.length).toBe(bytesOut)
    expect(await client.ending()).toBe('fin')
    client.fin()
    await gateway.settled()
  })

test('a client that goes in the middle of a large answer, read or not, frees its server', async () => {
  await using origin = startOrigin(async (_request, reply) => {
    await reply.raw(head(LENGTH * 10))
    for (let part = 0; part < 10; part++) await reply.raw(patterned(part))
  })
  await using gateway = startEngine({ config: toServers([origin.url]) })
  for (const reads of [true, false]) {
    const client = await gateway.client()
    client.send(REQUEST)
    await client.readUntil('\r\n\r\n')
    if (!reads) client.pause()
    await waitFor(() => gateway.inFlight === 1)
    client.rst()
    await waitFor(() => gateway.inFlight === 0)
  }
  expect(gateway.log.map(({ fault }) => fault)).toEqual(['client_abort', 'client_abort'])
  await gateway.settled()
})

test('what a server sends behind a large answer reaches nobody, wherever it was cut', async () => {
  const more = `${head(4)}evil`.repeat(20_000)
  let length = 0
  let asked = 0
  await using origin = startOrigin(async (_request, reply) => {
    if (asked++ % 2 === 1) return void (await reply.raw(`${head(2)}ok`))
    const bytes = Buffer.concat([
      Buffer.from(head(length)),
      patterned(0).subarray(0, length),
      Buffer.from(more),
    ])
    await reply.raw(bytes)
  })
  await using gateway = startEngine({ config: toServers([origin.url]) })
  for (length of [49_152, 57_000, 65_536, 100_000, 131_072, 262_144, 300_000, 340_000, 500_000, LENGTH]) {
    const client = await gateway.client()
    client.send(REQUEST)
    const answer = await client.readAnswer()
    expect([answer.complete, answer.bytes.equals(patterned(0).subarray(0, length))]).toEqual([true, true])
    client.send(REQUEST)
    expect((await client.readAnswer()).body).toBe('ok')
  }
  await gateway.settled()
})

const LARGE = Buffer.alloc(3_000_000, 'large')
for (const [name, head, before] of [
  ['length', 'Content-Length: 5000000', ''],
  ['chunked', 'Transfer-Encoding: chunked', '4c4b40\r\n'],
] as const)
  test(`a large answer of framing ${name} that its server breaks off reaches a client that reads late as far as is logged, then ends`, async () => {
    await using origin = startOrigin(async (_request, reply) => {
      await reply.raw(`HTTP/1.1 200 OK\r\n${head}\r\n\r\n${before}`)
      await reply.raw(LARGE)
      reply.fin()
    })
    await using gateway = startEngine({ config: toServers([origin.url]) })
    const client = await gateway.client()
    client.pause()
    client.send(REQUEST)
    // A part of it waits here, and the log is written once the server's end is seen behind that.
    await waitFor(() => client.unsent === 0 && origin.requests.length === 1)
    client.resume()
    const answer = await client.readAnswer()
    const { bytesOut, fault, aborted } = await gateway.logged()
    expect([fault, aborted, answer.complete]).toEqual(['server_truncated', true, false])
    expect(answer.bytes.equals(LARGE)).toBe(true)
    expect(bytesOut).toBe(LARGE.length)
    expect(await client.ending()).toBe('fin')
    client.fin()
    await gateway.settled()
  })
