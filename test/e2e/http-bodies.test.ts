// Bodies in both directions, interim answers, and answers that come before their request is over.
import { describe, expect, test } from 'bun:test'
import { answering, startEngine, toServers } from '../support/engine.ts'
import { startOrigin } from '../support/origin.ts'
import { makeGate, waitFor } from '../support/wait.ts'

const GET = (target: string): string => `GET ${target} HTTP/1.1\r\nHost: h\r\n\r\n`

describe('Expect: 100-continue', () => {
  const head = 'POST / HTTP/1.1\r\nHost: h\r\nExpect: 100-continue\r\nContent-Length: 5\r\n\r\n'

  test("the server's 100 reaches the client, then the body the server", async () => {
    await using origin = startOrigin(
      async (request, reply) => {
        if (request.get('expect') !== null) await reply.raw('HTTP/1.1 100 Continue\r\n\r\n')
        await request.done
        reply.send(200, request.body)
      },
      { when: 'head' },
    )
    await using gateway = startEngine({ config: toServers([origin.url]) })
    await using client = await gateway.client()
    client.send(head)
    expect(await client.readUntil('\r\n\r\n')).toBe('HTTP/1.1 100 Continue\r\n\r\n')
    client.send('hello')
    expect((await client.readAnswer()).body).toBe('hello')
    expect((await client.get('/')).status).toBe(200)
    await gateway.settled()
  })

  test('a final answer instead is passed on, and the connection ends', async () => {
    await using origin = startOrigin((_request, reply) => reply.send(401, 'no'), { when: 'head' })
    await using gateway = startEngine({ config: toServers([origin.url]) })
    await using client = await gateway.client()
    client.send(head)
    const answer = await client.readAnswer()
    expect([answer.status, answer.body, answer.get('connection'), answer.interim]).toEqual([
      401,
      'no',
      'close',
      [],
    ])
    expect(await client.ending()).toBe('fin')
    await gateway.settled()
  })

  test('an unknown expectation is refused, and our own answers need no 100', async () => {
    await using origin = startOrigin()
    await using gateway = startEngine({
      config: toServers([origin.url]),
      listener: { limits: { body: 4 } },
    })
    await using client = await gateway.client()
    client.send('POST / HTTP/1.1\r\nHost: h\r\nExpect: tea\r\nContent-Length: 1\r\n\r\n')
    expect((await client.readAnswer()).status).toBe(417)
    await using other = await gateway.client()
    other.send(head)
    const answer = await other.readAnswer()
    expect([answer.status, answer.interim]).toEqual([413, []])
    expect(origin.accepted).toBe(0)
  })

  test('an HTTP/1.0 client gets no 100 and its expectation is not passed on', async () => {
    await using origin = startOrigin(async (request, reply) => {
      await reply.raw('HTTP/1.1 100 Continue\r\n\r\nHTTP/1.1 103 Early Hints\r\n\r\n')
      reply.send(200, request.body)
    })
    await using gateway = startEngine({ config: toServers([origin.url]) })
    await using client = await gateway.client()
    client.send(head.replace('HTTP/1.1', 'HTTP/1.0') + 'hello')
    const answer = await client.readAnswer()
    expect([answer.status, answer.body, answer.interim]).toEqual([200, 'hello', []])
    expect(origin.requests[0]?.get('expect')).toBeNull()
  })
})

describe('interim answers', () => {
  test('103 is passed on at once with its fields, before the final answer is there', async () => {
    const gate = makeGate()
    await using origin = startOrigin(async (_request, reply) => {
      await reply.raw('HTTP/1.1 103 Early Hints\r\nLink: </a>\r\nConnection: close\r\n\r\n')
      await gate.opened
      reply.send(200, 'x')
    })
    await using gateway = startEngine({ config: toServers([origin.url]) })
    await using client = await gateway.client()
    client.send('GET / HTTP/1.1\r\nHost: h\r\n\r\n')
    expect(await client.readUntil('\r\n\r\n')).toBe('HTTP/1.1 103 Early Hints\r\nLink: </a>\r\n\r\n')
    gate.open()
    expect((await client.readAnswer()).body).toBe('x')
    await gateway.settled()
  })
})

describe('answers without a body', () => {
  test('HEAD, 204 and 304 keep what they say of a body, and the connection', async () => {
    await using origin = startOrigin(async (request, reply) => {
      if (request.target === '/chunked')
        return reply.raw('HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n')
      if (request.target === '/204') return reply.raw('HTTP/1.1 204 No Content\r\n\r\n')
      if (request.target === '/304')
        return reply.raw('HTTP/1.1 304 Not Modified\r\nContent-Length: 9\r\n\r\n')
      return reply.raw('HTTP/1.1 200 OK\r\nContent-Length: 12345\r\n\r\n')
    })
    await using gateway = startEngine({ config: toServers([origin.url]) })
    await using client = await gateway.client()
    for (const [method, target, status, length, coding] of [
      ['HEAD', '/', 200, '12345', null],
      ['HEAD', '/chunked', 200, null, 'chunked'],
      ['GET', '/204', 204, null, null],
      ['GET', '/304', 304, '9', null],
      ['HEAD', '/', 200, '12345', null],
    ] as const) {
      client.send(`${method} ${target} HTTP/1.1\r\nHost: h\r\n\r\n`)
      const answer = await client.readAnswer({ method })
      expect([
        method,
        target,
        answer.status,
        answer.get('content-length'),
        answer.get('transfer-encoding'),
      ]).toEqual([method, target, status, length, coding])
    }
    expect(origin.accepted).toBe(1)
    expect(client.reader.buffered).toBe(0)
    await gateway.settled()
  })

  test("HEAD of an answer of ours says the body's length and sends none", async () => {
    await using gateway = startEngine({
      config: {
        listeners: { web: { bind: '127.0.0.1:0' } },
        backends: {},
        rules: [{ name: 'own', respond: { body: 'hello' } }],
      },
    })
    await using client = await gateway.client()
    client.send('HEAD / HTTP/1.1\r\nHost: h\r\n\r\nGET / HTTP/1.1\r\nHost: h\r\n\r\n')
    expect((await client.readAnswer({ method: 'HEAD' })).get('content-length')).toBe('5')
    expect((await client.readAnswer()).body).toBe('hello')
  })
})

describe('chunked bodies', () => {
  test('go up and down with trailers, and without extensions', async () => {
    await using origin = startOrigin(async (request, reply) => {
      await reply.raw('HTTP/1.1 200 OK\r\nTrailer: X-Sum\r\nTransfer-Encoding: chunked\r\n\r\n')
      await reply.raw(`5;a="b;c"\r\nhello\r\n${request.bodyLength.toString(16)};x\r\n${request.body}\r\n`)
      await reply.raw('0\r\nX-Sum: down\r\n\r\n')
    })
    await using gateway = startEngine({ config: toServers([origin.url]) })
    await using client = await gateway.client()
    client.send('POST / HTTP/1.1\r\nHost: h\r\nTrailer: X-Up\r\nTransfer-Encoding: chunked\r\n\r\n')
    await client.sendSegments(['3;n', '=v\r\nab', 'c\r\n2\r', '\nde\r\n0\r\nX-U', 'p: up\r\n\r', '\n'], 2)
    const answer = await client.readAnswer()
    expect([answer.body, answer.trailers, answer.get('trailer')]).toEqual([
      'helloabcde',
      [['X-Sum', 'down']],
      'X-Sum',
    ])
    const request = origin.requests[0]!
    expect([request.body, request.trailers, request.get('content-length')]).toEqual([
      'abcde',
      [['X-Up', 'up']],
      null,
    ])
    expect(gateway.log[0]).toMatchObject({ bytesIn: 5, bytesOut: 10 })
    await gateway.settled()
  })

  test('a client that takes trailers says so to the server in our name', async () => {
    await using origin = startOrigin()
    await using gateway = startEngine({ config: toServers([origin.url]) })
    await using client = await gateway.client()
    await client.get('/', 'TE: gzip;q=0.5, trailers\r\nConnection: TE\r\n')
    expect([origin.requests[0]?.all('te'), origin.requests[0]?.all('connection')]).toEqual([
      ['trailers'],
      ['TE'],
    ])
  })
})

describe('the head of an answer', () => {
  test('does not wait for its body', async () => {
    const gate = makeGate()
    await using origin = startOrigin(async (request, reply) => {
      const framing = request.target === '/chunked' ? 'Transfer-Encoding: chunked' : 'Content-Length: 4'
      await reply.raw(`HTTP/1.1 200 OK\r\nDate: Sat, 01 Jan 2000 00:00:00 GMT\r\n${framing}\r\n\r\n`)
      await gate.opened
      await reply.raw(request.target === '/chunked' ? '4\r\nbody\r\n0\r\n\r\n' : 'body')
    })
    await using gateway = startEngine({ config: toServers([origin.url]) })
    for (const target of ['/length', '/chunked']) {
      const client = await gateway.client()
      client.send(`GET ${target} HTTP/1.1\r\nHost: h\r\n\r\n`)
      expect(await client.readUntil('\r\n\r\n')).toContain('200 OK')
    }
    gate.open()
    await waitFor(() => gateway.log.length === 2)
    await gateway.settled()
  })

  test('gets a Date when it has none, and keeps its own', async () => {
    await using origin = startOrigin((request, reply) =>
      reply.send(200, 'x', request.target === '/own' ? ['Date: Sat, 01 Jan 2000 00:00:00 GMT'] : []),
    )
    await using gateway = startEngine({ config: toServers([origin.url]) })
    await using client = await gateway.client()
    expect((await client.get('/own')).all('date')).toEqual(['Sat, 01 Jan 2000 00:00:00 GMT'])
    // Whole seconds, looked at once a second.
    const beforeMs = Date.now() - 2000
    const made = (await client.get('/none')).all('date')
    expect(made).toHaveLength(1)
    expect(Date.parse(made[0] ?? '')).toBeWithin(beforeMs, Date.now() + 1)
  })
})

describe('a final answer during the upload', () => {
  const upload = 'POST / HTTP/1.1\r\nHost: h\r\nContent-Length: 8000000\r\n\r\n'

  test('reaches the client whole while it still sends, and stops the upload', async () => {
    await using origin = startOrigin((_request, reply) => reply.send(403, 'x'.repeat(100_000)), {
      when: 'head',
    })
    await using gateway = startEngine({ config: toServers([origin.url]) })
    await using client = await gateway.client()
    client.send(upload).send(Buffer.alloc(500_000, 'u'))
    const answer = await client.readAnswer()
    expect([answer.status, answer.bodyLength, answer.complete, answer.get('connection')]).toEqual([
      403,
      100_000,
      true,
      'close',
    ])
    expect(await client.ending()).toBe('fin')
    // What the client goes on sending is not passed on, and the server connection is not used again.
    client.send(Buffer.alloc(1_000_000, 'u'))
    await waitFor(() => gateway.outbound.open === 0)
    expect(origin.bytesReceived).toBeLessThan(1_500_000)
    expect(origin.requests[0]?.complete).toBe(false)
    expect(await gateway.logged()).toMatchObject({ status: 403, fault: null, aborted: false })
    await gateway.settled()
  })

  test('a large one to a slow reader that goes on sending is not cut by what it sends', async () => {
    const body = Buffer.alloc(6_000_000, 'x')
    await using origin = startOrigin((_request, reply) => reply.send(413, body), { when: 'head' })
    await using gateway = startEngine({ config: toServers([origin.url]) })
    await using client = await gateway.client()
    client.pause()
    client.send(upload).send(Buffer.alloc(3_000_000, 'u'))
    await waitFor(() => gateway.log.length === 1 || gateway.outbound.open === 1)
    client.send(Buffer.alloc(2_000_000, 'u'))
    client.resume()
    const answer = await client.readAnswer()
    expect([answer.status, answer.bodyLength, answer.complete]).toEqual([413, body.length, true])
    await gateway.settled()
  })

  test('of our own reaches a client that sends much before it reads', async () => {
    await using origin = startOrigin()
    await using gateway = startEngine({
      config: toServers([origin.url]),
      listener: { limits: { body: 1000 } },
    })
    await using client = await gateway.client()
    client.pause()
    client.send(upload).send(Buffer.alloc(1_000_000, 'u'))
    await waitFor(() => gateway.log.length === 1)
    client.send(Buffer.alloc(1_000_000, 'u'))
    client.resume()
    const answer = await client.readAnswer()
    expect([answer.status, answer.complete, answer.get('connection')]).toEqual([413, true, 'close'])
    expect(client.reader.ending).not.toBe('rst')
    await gateway.settled()
  })

  test('is not broken by a client that stops sending once it was answered', async () => {
    const gate = makeGate()
    await using origin = startOrigin(
      async (_request, reply) => {
        await reply.raw('HTTP/1.1 400 Bad\r\nContent-Length: 4\r\n\r\nab')
        await gate.opened
        await reply.raw('cd')
      },
      { when: 'head' },
    )
    await using gateway = startEngine({
      config: toServers([origin.url]),
      listener: { timeouts: { idle: '300ms' } },
    })
    await using client = await gateway.client()
    client.send(upload).send('some')
    await client.readUntil('\r\n\r\nab')
    gateway.runAhead(2000)
    gate.open()
    expect(await client.readToEnd()).toBe('cd')
    expect(client.reader.ending).toBe('fin')
    expect(await gateway.logged()).toMatchObject({ status: 400, fault: null })
    await gateway.settled()
  })

  test('reaches a client that the server had slowed down before', async () => {
    const gate = makeGate()
    await using origin = startOrigin(
      async (_request, reply) => {
        await gate.opened
        await reply.raw('HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\na')
        await waitFor(() => client.reader.total > 0)
        client.rst()
        expect(await reply.gone).toBe('rst')
        left.open()
      },
      { when: 'head' },
    )
    const left = makeGate()
    await using gateway = startEngine({
      config: toServers([origin.url]),
      listener: { limits: { body: '1GiB' } },
    })
    const client = await gateway.client()
    client.send('POST / HTTP/1.1\r\nHost: h\r\nContent-Length: 100000000\r\n\r\n')
    client.send(Buffer.alloc(30_000_000, 'u'))
    await origin.begun(1)
    gate.open()
    await left.opened
    expect(await gateway.logged()).toMatchObject({ status: 200, fault: 'client_abort' })
    await gateway.settled()
  })
})

test('a closing answer of several MB to a slow reader is complete', async () => {
  const body = Buffer.alloc(12_000_000, 'x')
  await using origin = startOrigin(answering(body))
  await using gateway = startEngine({ config: toServers([origin.url]) })
  await using client = await gateway.client()
  client.send('GET / HTTP/1.1\r\nHost: h\r\nConnection: close\r\n\r\n')
  await client.readUntil('\r\n\r\n')
  let read = 0
  const readSome = async (): Promise<number> => {
    client.resume()
    const { length } = await client.reader.some(100_000)
    client.pause()
    read += length
    return length
  }
  // Until all is handed to the kernel, which holds the rest for this reader: the linger's time must not throw
  // it away.
  while (gateway.log.length === 0) {
    await readSome()
    // in which the gateway gets ahead of it
    for (let turn = 0; turn < 16; turn++) await new Promise(setImmediate)
  }
  expect(read + client.reader.buffered).toBeLessThan(body.length)
  for (let round = 1; round < 9; round++) {
    gateway.runAhead(3000 * round)
    await readSome()
  }
  while ((await readSome()) > 0);
  expect(read).toBe(body.length)
  expect(await gateway.logged()).toMatchObject({ fault: null, bytesOut: body.length })
  await gateway.settled()
})

test('bytes behind a large answer never become the answer to the next request', async () => {
  const large = `HTTP/1.1 200 OK\r\nContent-Length: 3000000\r\n\r\n${'x'.repeat(3_000_000)}`
  await using origin = startOrigin(async (request, reply) => {
    if (request.target === '/1') await reply.raw(`${large}HTTP/1.1 200 OK\r\nContent-Length: 4\r\n\r\nevil`)
    else reply.send(200, request.target)
  })
  await using gateway = startEngine({ config: toServers([origin.url]) })
  for (let round = 0; round < 10; round++) {
    const client = await gateway.client()
    client.send(`${GET('/1')}${GET('/2')}${GET('/3')}`)
    for (const target of ['/1', '/2', '/3']) {
      const answer = await client.readAnswer().catch(() => null)
      if (!answer?.complete) break
      if (target !== '/1') expect(answer.body).toBe(target)
    }
    client.rst()
  }
  await gateway.settled()
})

test('an upload is passed on as it comes, and its answer after it', async () => {
  const body = Buffer.from(Array.from({ length: 2_000_000 }, (_, n) => (n * 31) & 255))
  await using origin = startOrigin((request, reply) => reply.send(200, request.body))
  await using gateway = startEngine({ config: toServers([origin.url]) })
  await using client = await gateway.client()
  for (const _ of [1, 2]) {
    client.send(`PUT / HTTP/1.1\r\nHost: h\r\nContent-Length: ${body.length}\r\n\r\n`).send(body)
    const answer = await client.readAnswer()
    expect(answer.bytes.equals(body)).toBe(true)
  }
  expect(origin.accepted).toBe(1)
  await gateway.settled()
})
