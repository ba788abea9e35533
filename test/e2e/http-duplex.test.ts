// Answers that come before their requests are whole: both directions go on for as long as both ends take
// bytes.
import { describe, expect, test } from 'bun:test'
import { bufferedBytes } from '../../server/lib/buffers.ts'
import { type TestEngine, startEngine, toServers } from '../support/engine.ts'
import { startOrigin } from '../support/origin.ts'
import { makeGate, pause, waitFor } from '../support/wait.ts'
import { wire } from '../support/wired.ts'

const CHUNKED = 'POST / HTTP/1.1\r\nHost: h\r\nTransfer-Encoding: chunked\r\n\r\n'
const upload = (bytes: number): string => `POST / HTTP/1.1\r\nHost: h\r\nContent-Length: ${bytes}\r\n\r\n`

describe('a server that answers while it reads', () => {
  test('is served in full duplex, and both connections serve on', async () => {
    await using origin = startOrigin(
      async (request, reply) => {
        if (request.target !== '/') return reply.send(200, 'after')
        await reply.raw('HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n')
        let echoed = 0
        for (let n = 0; n < 50; n++) {
          await waitFor(() => request.body.length > echoed, { everyMs: 1 })
          const more = request.body.slice(echoed)
          echoed = request.body.length
          await reply.raw(`${more.length.toString(16)}\r\n${more}\r\n`)
        }
        await request.done
        await reply.raw('0\r\n\r\n')
      },
      { when: 'head' },
    )
    await using gateway = startEngine({ config: toServers([origin.url]) })
    const client = await gateway.client()
    client.send(CHUNKED)
    await client.readUntil('\r\n\r\n')
    for (let n = 0; n < 50; n++) {
      const piece = `piece-${n}.`
      client.send(`${piece.length.toString(16)}\r\n${piece}\r\n`)
      await client.readUntil(piece) // so no chunk is sent before the one before it came back
    }
    client.send('0\r\n\r\n')
    await client.readUntil('0\r\n\r\n')
    expect((await client.get('/after')).body).toBe('after')
    expect(origin.accepted).toBe(1)
    expect(gateway.log.map(({ status, fault }) => [status, fault])).toEqual([
      [200, null],
      [200, null],
    ])
    await gateway.settled()
  })

  test('and is done with its answer first gets the whole upload, and both connections serve on', async () => {
    await using origin = startOrigin((_request, reply) => reply.send(202, 'ok'), { when: 'head' })
    await using gateway = startEngine({ config: toServers([origin.url]) })
    const client = await gateway.client()
    client.send(upload(3_000_000)).send('some')
    const answer = await client.readAnswer()
    expect([answer.status, answer.body, answer.get('connection')]).toEqual([202, 'ok', null])
    expect(gateway.log).toEqual([])
    // The next request stands in the same packet as the last byte of this one.
    client.send(Buffer.alloc(2_999_995)).send('eGET /next HTTP/1.1\r\nHost: h\r\n\r\n')
    expect((await client.readAnswer()).status).toBe(202)
    expect(origin.requests.map(({ bodyLength, complete }) => [bodyLength, complete])).toEqual([
      [3_000_000, true],
      [0, true],
    ])
    expect(await gateway.logged()).toMatchObject({ status: 202, fault: null, bytesIn: 3_000_000 })
    expect(origin.accepted).toBe(1)
    await gateway.settled()
  })

  test('never sees an upload that breaks or grows too large as a whole one', async () => {
    await using origin = startOrigin((_request, reply) => reply.send(200, 'ok'), { when: 'head' })
    await using gateway = startEngine({
      config: toServers([origin.url]),
      listener: { limits: { body: 1000 } },
    })
    for (const rest of ['what is this?', `400\r\n${'x'.repeat(1024)}\r\n0\r\n\r\n`]) {
      const client = await gateway.client()
      client.send(`${CHUNKED}1\r\na\r\n`)
      expect((await client.readAnswer()).body).toBe('ok')
      client.send(rest)
      expect(await client.readToEnd()).toBe('')
      expect(await gateway.logged()).toMatchObject({ status: 200 })
    }
    await waitFor(() => origin.open === 0)
    expect(origin.requests.map(({ complete }) => complete)).toEqual([false, false])
    await gateway.settled()
  })

  test('and whose client sends more than it may gets no further request where the rest of that one is missing', async () => {
    const gate = makeGate()
    await using origin = startOrigin(
      async (request, reply) => {
        if (request.method === 'GET') return reply.send(200, 'next')
        await reply.raw('HTTP/1.1 200 OK\r\nContent-Length: 4\r\n\r\nsl')
        await gate.opened
        await reply.raw('ow')
      },
      { when: 'head' },
    )
    await using gateway = startEngine({
      config: toServers([origin.url]),
      listener: { limits: { body: 1000 } },
    })
    const client = await gateway.client()
    client.send(`${CHUNKED}1\r\na\r\n`)
    await client.readUntil('sl')
    client.send(`400\r\n${'x'.repeat(1024)}\r\n0\r\n\r\nGET /next HTTP/1.1\r\nHost: h\r\n\r\n`)
    await waitFor(() => bufferedBytes() > 0, { what: 'the next request to be read ahead' })
    gate.open()
    await client.readUntil('ow')
    expect((await client.readAnswer()).body).toBe('next')
    expect(origin.requests.map(({ connection, complete }) => [connection, complete])).toEqual([
      [0, false],
      [1, true],
    ])
    await gateway.settled()
  })

  test('and whose client leaves before the end of its upload has answered all the same', async () => {
    await using origin = startOrigin((_request, reply) => reply.send(200, 'ok'), { when: 'head' })
    await using gateway = startEngine({ config: toServers([origin.url]) })
    for (const how of ['fin', 'rst'] as const) {
      const client = await gateway.client()
      client.send(upload(1_000_000)).send('some')
      expect((await client.readAnswer()).body).toBe('ok')
      client[how]()
      expect(await gateway.logged()).toMatchObject({ status: 200, fault: null, aborted: false })
    }
    await waitFor(() => origin.open === 0)
    expect(origin.requests.map(({ complete }) => complete)).toEqual([false, false])
    await gateway.settled()
  })
})

describe('a server that ends its own half behind an early answer', () => {
  const ACCEPTED = 'HTTP/1.1 202 Accepted\r\nConnection: close\r\nContent-Length: 2\r\n\r\nok'

  for (const [name, isChunked] of [
    ['length', false],
    ['chunked', true],
  ] as const)
    test(`gets the whole upload of framing ${name}, and its client is served on`, async () => {
      const SIZE = 5_000_000
      const body = Buffer.alloc(SIZE, 'upload')
      await using origin = startOrigin(
        async ({ target }, reply) => {
          if (target !== '/') return reply.send(200, 'next')
          await reply.raw(ACCEPTED)
          reply.fin()
        },
        { when: 'head' },
      )
      await using gateway = startEngine({ config: toServers([origin.url]) })
      const client = await gateway.client()
      client.send(isChunked ? `${CHUNKED}${SIZE.toString(16)}\r\n` : upload(SIZE)).send(body.subarray(0, 10))
      const answer = await client.readAnswer()
      expect([answer.status, answer.body, answer.get('connection')]).toEqual([202, 'ok', null])
      // Its end has come by now, or does while the rest is sent: in the log stands what became of the whole.
      client.send(body.subarray(10)).send(isChunked ? '\r\n0\r\n\r\n' : '')
      const { status, fault, bytesIn } = await gateway.logged()
      expect([status, fault, bytesIn]).toEqual([202, null, SIZE])
      const [request] = origin.requests
      expect(await request!.done).toBe(true)
      expect(request!.bodyLength).toBe(SIZE)
      expect(request!.body).toBe(body.toString('latin1'))
      expect((await client.get('/next')).body).toBe('next')
      expect(origin.accepted).toBe(2)
      await gateway.settled()
    })

  test('and is gone has answered: its client learns that no more is taken, and can read that late', async () => {
    await using origin = startOrigin(
      async (request, reply) => {
        await reply.raw(ACCEPTED)
        reply.fin()
        await waitFor(() => request.bodyLength > 4)
        reply.rst()
      },
      { when: 'head' },
    )
    await using gateway = startEngine({ config: toServers([origin.url]) })
    const client = await gateway.client()
    client.send(upload(9_000_000)).send('some')
    expect((await client.readAnswer()).status).toBe(202)
    client.send(Buffer.alloc(5_000_000))
    expect(await client.ending()).toBe('fin')
    expect(await gateway.logged()).toMatchObject({ status: 202, fault: null, aborted: false })
    const [request] = origin.requests
    expect(request!.complete).toBe(false)
    client.rst()
    await gateway.settled()
  })

  test('serves nothing else, though it did not say so', async () => {
    await using gateway: TestEngine = startEngine({ config: toServers(['http://127.0.0.1:1']) })
    const wired = wire(gateway)
    wired.client.data(Buffer.from(`${upload(8)}some`))
    wired.server.data(Buffer.from('HTTP/1.1 202 Accepted\r\nContent-Length: 2\r\n\r\nok'))
    wired.server.fin()
    wired.client.data(Buffer.from('more'))
    expect(wired.server.text).toEndWith('somemore')
    expect(gateway.log).toMatchObject([{ status: 202, fault: null, bytesIn: 8 }])
    expect([wired.isPooled, wired.server.socket.ended]).toEqual([false, 'fin'])
    wired.end()
    await pause(0)
  })

  test('and whose client goes in the middle of its upload does not see that as whole', async () => {
    await using origin = startOrigin(
      async (_request, reply) => {
        await reply.raw(ACCEPTED)
        reply.fin()
      },
      { when: 'head' },
    )
    await using gateway = startEngine({ config: toServers([origin.url]) })
    const client = await gateway.client()
    client.send(CHUNKED).send('4\r\nsome\r\n')
    expect((await client.readAnswer()).status).toBe(202)
    client.fin()
    expect(await origin.requests[0]!.done).toBe(false)
    await gateway.settled()
  })
})

describe('a server that ends an upload', () => {
  for (const size of [0, 1000, 100_000]) {
    test(`with 413 and ${size} bytes and closes has its answer delivered whole to a client that reads late`, async () => {
      await using origin = startOrigin(
        (_request, reply) => {
          reply.send(413, 'x'.repeat(size))
          reply.rst() // what a close is with bytes that were not read
        },
        { when: 'head' },
      )
      await using gateway = startEngine({
        config: toServers([origin.url]),
        listener: { limits: { body: '1GiB' } },
      })
      const client = await gateway.client()
      client.pause()
      client.send(upload(20_000_000)).send(Buffer.alloc(20_000_000))
      await waitFor(() => client.unsent === 0) // as a client does that reads only then
      client.resume()
      const answer = await client.readAnswer()
      expect([answer.status, answer.bodyLength, answer.complete]).toEqual([413, size, true])
      expect(await client.ending()).toBe('fin')
      expect(await gateway.logged()).toMatchObject({ status: 413, fault: null })
      await gateway.settled()
    })
  }

  for (const [name, request] of [
    ['GET', 'GET / HTTP/1.1\r\nHost: h\r\n\r\n'],
    ['POST', `${upload(5)}hello`],
  ] as const) {
    test(`by a reset behind a complete answer to ${name} that said so has answered`, async () => {
      await using origin = startOrigin((_request, reply) => {
        reply.send(200, 'x'.repeat(50_000), ['Connection: close'])
        reply.rst()
      })
      await using gateway = startEngine({ config: toServers([origin.url]) })
      for (let round = 0; round < 20; round++) {
        const client = await gateway.client()
        client.send(request)
        const answer = await client.readAnswer()
        expect([answer.status, answer.bodyLength, answer.complete]).toEqual([200, 50_000, true])
        expect(await gateway.logged()).toMatchObject({ status: 200, fault: null, attempts: 1 })
        client.rst()
      }
      await gateway.settled()
    })
  }

  test('by a reset that a write has met first does not make an answer whole that only its end delimits', async () => {
    await using gateway: TestEngine = startEngine({ config: toServers(['http://127.0.0.1:1']) })
    const wired = wire(gateway)
    wired.client.data(Buffer.from(`${upload(100)}some`))
    wired.server.data(Buffer.from('HTTP/1.1 200 OK\r\n\r\nhalf an ans'))
    wired.server.socket.ended = 'rst'
    wired.client.data(Buffer.from('more'))
    wired.server.fin() // what the kernel reports once a write was told of the reset
    expect(gateway.log).toMatchObject([{ status: 200, fault: 'server_truncated', aborted: true }])
    // It was put into chunks, of which the last is missing.
    expect(wired.client.socket.ended).toBe('fin')
    expect(wired.client.text).toEndWith('half an ans\r\n')
    wired.end()
    await pause(0)
  })
})

test('a request that nobody continues after its expectation was refused ends with the answer', async () => {
  await using origin = startOrigin((_request, reply) => reply.send(401, 'no'), { when: 'head' })
  await using gateway = startEngine({ config: toServers([origin.url]) })
  const client = await gateway.client()
  client.send(upload(10).replace('\r\n\r\n', '\r\nExpect: 100-continue\r\n\r\n'))
  const answer = await client.readAnswer()
  expect([answer.status, answer.get('connection')]).toEqual([401, 'close'])
  expect(await client.ending()).toBe('fin')
  expect(await gateway.logged()).toMatchObject({ status: 401, fault: null })
  await gateway.settled()
})
