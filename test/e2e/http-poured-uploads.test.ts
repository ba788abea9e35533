// Large uploads, which go past the engine to their server where sockets can: they arrive as they were sent,
// and end, break, wait and are counted as those that are read.
import { describe, expect, spyOn, test } from 'bun:test'
import { bufferedBytes } from '../../server/lib/buffers.ts'
import { Pipe, pipes } from '../../server/sockets/pipes.ts'
import { type TestEngine, startEngine, toServers } from '../support/engine.ts'
import { type Reply, startOrigin } from '../support/origin.ts'
import { socketsWanted } from '../support/sockets.ts'
import { makeGate, waitFor } from '../support/wait.ts'

const LENGTH = 8_000_000
/** More than both kernels hold for a server that does not read. */
const MUCH = 64_000_000
/** What is kept for another attempt. */
const KEPT = 64 * 1024

/** Bytes of which each place tells where it is. */
const BODY = patterned(LENGTH)
const SUM = String(Bun.hash(BODY))
const LONG = patterned(MUCH)

function patterned(length: number): Buffer {
  const bytes = Buffer.alloc(length)
  for (let at = 0; at + 4 <= length; at += 4) bytes.writeUInt32BE((at * 2_654_435_761) >>> 0, at)
  return bytes
}

const LIMITLESS = { limits: { body: 2 ** 42 } }
const head = (length: number, method = 'POST', fields = ''): string =>
  `${method} / HTTP/1.1\r\nHost: h\r\n${fields}Content-Length: ${length}\r\n\r\n`
const sumOf = (text: string): string => String(Bun.hash(Buffer.from(text, 'latin1')))

/** Bytes that went through pipes so far. */
const filled = spyOn(Pipe.prototype, 'fill')
const poured = (): number =>
  filled.mock.results.reduce((sum, { value }) => sum + Math.max(0, value as number), 0)
const pours = socketsWanted() === 'epoll' || socketsWanted() === 'io_uring'

/** Something of the upload waits for this server, who does not read any more. */
async function blocks(reply: Reply): Promise<void> {
  reply.pause()
  await waitFor(() => bufferedBytes() > 0, { what: 'the upload to wait' })
}

async function settled(gateway: TestEngine): Promise<void> {
  await gateway.settled()
  expect(pipes.open).toBe(pipes.spare)
}

/** Reads now and then, each time when something waits. */
async function readSlowly(reply: Reply): Promise<void> {
  for (let times = 0; times < 3; times++) {
    await blocks(reply)
    reply.resume()
    await waitFor(() => bufferedBytes() === 0, { what: 'what waited to be taken' })
  }
}

describe('a large upload', () => {
  for (const [method, name] of [
    ['POST', 'of a method that is never sent again'],
    ['PUT', 'of a method that may be sent again'],
  ] as const)
    for (const pace of ['at once', 'slowly'] as const)
      test(`${name}, to a server that reads ${pace}, arrives as it was sent, and both connections serve on`, async () => {
        await using origin = startOrigin(
          async (request, reply) => {
            if (pace === 'slowly' && request.bodyLength < LENGTH && request.method !== 'GET')
              await readSlowly(reply)
            await request.done
            reply.send(200, sumOf(request.body))
          },
          { when: 'head' },
        )
        await using gateway = startEngine({ config: toServers([origin.url]), listener: LIMITLESS })
        const length = pace === 'slowly' ? MUCH : LENGTH
        const body = pace === 'slowly' ? LONG : BODY
        const before = poured()
        const client = await gateway.client()
        for (let count = 0; count < 2; count++) {
          client.send(head(length, method)).send(body).send('GET /next HTTP/1.1\r\nHost: h\r\n\r\n')
          const answer = await client.readAnswer()
          const kept = body.subarray(0, Math.min(length, 16 << 20))
          if (pace === 'at once') expect(answer.body).toBe(SUM)
          else
            expect([answer.status, (await origin.received(2 * count + 1)).bodyLength]).toEqual([200, length])
          const sent = origin.requests[2 * count]!
          expect(Buffer.from(sent.body, 'latin1').subarray(0, kept.length).equals(kept)).toBe(true)
          expect((await client.readAnswer()).status).toBe(200)
        }
        await waitFor(() => gateway.log.length === 4)
        expect(gateway.log.map(({ status, bytesIn }) => [status, bytesIn])).toEqual([
          [200, length],
          [200, 0],
          [200, length],
          [200, 0],
        ])
        expect(origin.accepted).toBe(1)
        expect(gateway.outbound).toEqual({ open: 1, idle: 1 })
        if (pours) expect(poured() - before).toBeGreaterThan(length)
        if (pours && method === 'PUT') expect(poured() - before).toBeLessThanOrEqual(2 * (length - KEPT))
        await settled(gateway)
      })

  test('whose body waits for the 100 of its server arrives as it was sent', async () => {
    await using origin = startOrigin(
      async (request, reply) => {
        await reply.raw('HTTP/1.1 100 Continue\r\n\r\n')
        await request.done
        reply.send(200, sumOf(request.body))
      },
      { when: 'head' },
    )
    await using gateway = startEngine({ config: toServers([origin.url]), listener: LIMITLESS })
    const before = poured()
    const client = await gateway.client()
    client.send(head(LENGTH, 'POST', 'Expect: 100-continue\r\n'))
    await client.readUntil('100 Continue\r\n\r\n')
    client.send(BODY)
    expect((await client.readAnswer()).body).toBe(SUM)
    expect(await gateway.logged()).toMatchObject({ status: 200, bytesIn: LENGTH })
    if (pours) expect(poured()).toBeGreaterThan(before)
    await settled(gateway)
  })

  test('in chunks passes the engine, whose business its framing is, and arrives as it was sent', async () => {
    await using origin = startOrigin((request, reply) => reply.send(200, sumOf(request.body)))
    await using gateway = startEngine({ config: toServers([origin.url]), listener: LIMITLESS })
    const before = poured()
    const client = await gateway.client()
    client.send('POST / HTTP/1.1\r\nHost: h\r\nTransfer-Encoding: chunked\r\n\r\n')
    for (let at = 0; at < LENGTH; at += 800_000)
      client
        .send(`${(800_000).toString(16)}\r\n`)
        .send(BODY.subarray(at, at + 800_000))
        .send('\r\n')
    client.send('0\r\n\r\n')
    expect((await client.readAnswer()).body).toBe(SUM)
    expect([origin.problems, poured()]).toEqual([[], before])
    expect(await gateway.logged()).toMatchObject({ status: 200, bytesIn: LENGTH })
    await settled(gateway)
  })

  test('whose first server is lost before more has come than is kept goes whole to the next one', async () => {
    const lost: Reply[] = []
    await using first = startOrigin((_request, reply) => void lost.push(reply), { when: 'head' })
    await using second = startOrigin((request, reply) => reply.send(200, sumOf(request.body)))
    await using gateway = startEngine({ config: toServers([first.url, second.url]), listener: LIMITLESS })
    const before = poured()
    for (let count = 0; lost.length === 0; count++) {
      const client = await gateway.client()
      client.send(head(LENGTH, 'PUT')).send(BODY.subarray(0, 40_000))
      await waitFor(() => first.requests.length + second.requests.length > count)
      if (lost.length > 0) {
        await waitFor(() => first.requests[0]!.bodyLength === 40_000)
        lost[0]!.rst()
        await waitFor(() => second.requests.length > count)
      }
      client.send(BODY.subarray(40_000))
      expect((await client.readAnswer()).body).toBe(SUM)
    }
    expect(gateway.log.at(-1)).toMatchObject({ status: 200, attempts: 2, bytesIn: LENGTH })
    if (pours) expect(poured()).toBeGreaterThan(before)
    await settled(gateway)
  })
})

describe('a server', () => {
  for (const [method, how] of [
    ['POST', 'rst'],
    ['POST', 'fin'],
    ['PUT', 'rst'],
    ['PUT', 'fin'],
  ] as const)
    test(`that ends the middle of a ${method} by ${how} is not asked again, and its client hears of it`, async () => {
      await using origin = startOrigin(
        async (request, reply) => {
          await waitFor(() => request.bodyLength > LENGTH / 4)
          if (how === 'fin') reply.fin()
          else reply.rst()
        },
        { when: 'head' },
      )
      await using gateway = startEngine({ config: toServers([origin.url]), listener: LIMITLESS })
      const client = await gateway.client()
      client.send(head(LENGTH, method)).send(BODY.subarray(0, LENGTH / 2))
      const answer = await client.readAnswer()
      expect([answer.status, answer.get('connection')]).toEqual([502, 'close'])
      client.send(BODY.subarray(LENGTH / 2)) // read and dropped
      expect(await client.readToEnd()).toBe('')
      expect(await gateway.logged()).toMatchObject({ status: 502, fault: 'server_closed', attempts: 1 })
      expect(origin.requests.map(({ complete }) => complete)).toEqual([false])
      await settled(gateway)
    })

  for (const reads of [true, false])
    test(`that says 413 in the middle of an upload, and ${reads ? 'reads' : 'does not read'} on, has its answer delivered whole`, async () => {
      await using origin = startOrigin(
        async (request, reply) => {
          await waitFor(() => request.bodyLength > KEPT)
          if (!reads) await blocks(reply)
          reply.send(413, 'too large')
        },
        { when: 'head' },
      )
      await using gateway = startEngine({ config: toServers([origin.url]), listener: LIMITLESS })
      const client = await gateway.client()
      client.send(head(2 * MUCH)).send(LONG)
      const answer = await client.readAnswer()
      expect([answer.status, answer.body, answer.get('connection')]).toEqual([413, 'too large', 'close'])
      client.send(LONG)
      expect(await client.readToEnd()).toBe('')
      expect(await gateway.logged()).toMatchObject({ status: 413, fault: null })
      await waitFor(() => origin.open === 0)
      expect(origin.requests.map(({ complete }) => complete)).toEqual([false])
      await settled(gateway)
    })

  test('that says 202 in the middle of an upload gets all of it, slowly, and both connections serve on', async () => {
    await using origin = startOrigin(
      async (request, reply) => {
        if (request.method === 'GET') return reply.send(200, 'next')
        await waitFor(() => request.bodyLength > KEPT)
        await blocks(reply)
        reply.send(202, 'stored')
        reply.resume()
        await readSlowly(reply)
      },
      { when: 'head' },
    )
    await using gateway = startEngine({ config: toServers([origin.url]), listener: LIMITLESS })
    const body = Buffer.concat([LONG, LONG])
    const client = await gateway.client()
    client.send(head(body.length)).send(body).send('GET /next HTTP/1.1\r\nHost: h\r\n\r\n')
    expect((await client.readAnswer()).status).toBe(202)
    expect((await client.readAnswer()).body).toBe('next')
    const [upload] = origin.requests
    expect([upload!.complete, upload!.bodyLength]).toEqual([true, body.length])
    expect(Buffer.from(upload!.body, 'latin1').equals(body.subarray(0, upload!.body.length))).toBe(true)
    expect(await gateway.logged()).toMatchObject({ status: 202, fault: null, bytesIn: body.length })
    expect(origin.accepted).toBe(1)
    await settled(gateway)
  })

  test('that answers but takes no more of an upload answers to its end, and its client is read on', async () => {
    const gate = makeGate()
    await using origin = startOrigin(
      async (request, reply) => {
        await waitFor(() => request.bodyLength > KEPT)
        await blocks(reply)
        // It may pause between two chunks for longer than a reader may.
        await reply.raw('HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n3\r\nhal\r\n')
        await gate.opened
        await reply.raw('3\r\nved\r\n0\r\n\r\n')
      },
      { when: 'head' },
    )
    await using gateway = startEngine({ config: toServers([origin.url]), listener: LIMITLESS })
    const client = await gateway.client()
    client.send(head(MUCH + LENGTH)).send(LONG)
    await client.readUntil('hal')
    expect(client.unsent).toBeGreaterThan(0)
    // Something of it may still move as time is run ahead: the pause begins anew then.
    let aheadMs = 0
    const isReadOn = (): boolean => {
      if (client.unsent > 0 && aheadMs < 500_000) gateway.runAhead((aheadMs += 70_000))
      return client.unsent === 0
    }
    await waitFor(isReadOn, { what: 'the client to be read on', everyMs: 100 })
    expect(bufferedBytes()).toBe(0)
    gate.open()
    await client.readUntil('0\r\n\r\n')
    client.send(BODY)
    await waitFor(() => origin.open === 0)
    expect(origin.requests.map(({ complete }) => complete)).toEqual([false])
    await settled(gateway)
  })

  test('that takes nothing more of an upload has stalled', async () => {
    const waits = makeGate()
    await using origin = startOrigin(
      async (request, reply) => {
        await waitFor(() => request.bodyLength > KEPT)
        await blocks(reply)
        waits.open()
      },
      { when: 'head' },
    )
    await using gateway = startEngine({ config: toServers([origin.url]), listener: LIMITLESS })
    const client = await gateway.client()
    client.send(head(MUCH)).send(LONG)
    await waits.opened
    await waitFor(() => client.unsent > 0)
    gateway.runAhead(20_000)
    gateway.runAhead(140_000)
    expect((await client.readAnswer()).status).toBe(504)
    expect(await gateway.logged()).toMatchObject({ status: 504, fault: 'server_stalled', attempts: 1 })
    await settled(gateway)
  })
})

describe('a client', () => {
  for (const [how, reads] of [
    ['fin', true],
    ['rst', true],
    ['rst', false],
  ] as const)
    test(`that goes by ${how} in the middle of its upload to a server that ${reads ? 'reads' : 'waits'} never makes it look whole`, async () => {
      const waits = makeGate()
      await using origin = startOrigin(
        async (request, reply) => {
          await waitFor(() => request.bodyLength > KEPT)
          if (!reads) await blocks(reply)
          waits.open()
          await reply.gone
        },
        { when: 'head' },
      )
      await using gateway = startEngine({ config: toServers([origin.url]), listener: LIMITLESS })
      const client = await gateway.client()
      client.send(head(2 * MUCH)).send(LONG)
      if (reads) await waitFor(() => origin.bytesReceived > MUCH)
      else await waits.opened
      if (how === 'fin') client.fin()
      else client.rst()
      const { fault, bytesIn } = await gateway.logged()
      expect(fault).toBe('client_abort')
      expect(bytesIn).toBeLessThanOrEqual(MUCH)
      await waitFor(() => gateway.outbound.open === 0)
      expect(origin.requests.map(({ complete }) => complete)).toEqual([false])
      await settled(gateway)
    })

  test('that stops in the middle of its upload is told 408', async () => {
    await using origin = startOrigin(() => {}, { when: 'head' })
    await using gateway = startEngine({ config: toServers([origin.url]), listener: LIMITLESS })
    const client = await gateway.client()
    client.send(head(2 * LENGTH)).send(BODY)
    await waitFor(() => origin.bytesReceived > LENGTH)
    gateway.runAhead(140_000)
    expect((await client.readAnswer()).status).toBe(408)
    expect(await gateway.logged()).toMatchObject({
      status: 408,
      fault: 'request_timeout',
      bytesIn: LENGTH,
    })
    await waitFor(() => gateway.outbound.open === 0)
    await settled(gateway)
  })

  test('that sends without end starves nobody: between two small answers few shares of four such pass', async () => {
    await using sink = startOrigin(() => {}, { when: 'head' })
    await using origin = startOrigin((_request, reply) => reply.send(200, 'ok'))
    await using gateway = startEngine({
      config: {
        ...toServers([origin.url]),
        backends: {
          origin: { servers: [{ url: origin.url }] },
          sink: { servers: [{ url: sink.url }] },
        },
        rules: [
          { name: 'sink', match: { method: 'POST' }, backend: 'sink' },
          { name: 'all', backend: 'origin' },
        ],
      },
      listener: LIMITLESS,
    })
    let isOver = false
    const endless = await Promise.all(Array.from({ length: 4 }, () => gateway.client()))
    const sent = endless.map(async (client) => {
      client.send(head(1e12))
      while (!isOver) {
        client.send(BODY.subarray(0, 1_000_000))
        await waitFor(() => isOver || client.unsent === 0, { everyMs: 0 })
      }
    })
    await waitFor(() => sink.bytesReceived > MUCH)
    const small = await gateway.client()
    const passed: number[] = []
    for (let count = 0; count < 40; count++) {
      const before = sink.bytesReceived
      expect((await small.get('/')).body).toBe('ok')
      passed.push(sink.bytesReceived - before)
    }
    isOver = true
    await Promise.all(sent)
    passed.sort((a, b) => a - b)
    expect(passed[20]!).toBeLessThan(4 * 256 * 1024 * 8)
    await settled(gateway)
  })
})
