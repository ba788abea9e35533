// The measuring instruments themselves: what the raw client and the scripted origin say must be right.
import { expect, test } from 'bun:test'
import { rawClient } from './client.ts'
import { startOrigin } from './origin.ts'
import { seededRandom } from './random.ts'
import { makeGate } from './wait.ts'

test('the client reads pipelined answers, interim ones and trailers', async () => {
  await using origin = startOrigin(async (request, reply) => {
    await reply.raw('HTTP/1.1 103 Early\r\nLink: </a>\r\n\r\n')
    await reply.raw('HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n')
    await reply.raw(`${request.target.length.toString(16)}\r\n${request.target}\r\n0\r\nX-T: 1\r\n\r\n`)
  })
  await using client = await rawClient(origin.port)
  client.send('GET /1 HTTP/1.1\r\nHost: h\r\n\r\nPOST /23 HTTP/1.1\r\nHost: h\r\nContent-Length: 2\r\n\r\nhi')
  const first = await client.readAnswer()
  const second = await client.readAnswer()
  expect([first.status, first.body, first.complete]).toEqual([200, '/1', true])
  expect(first.interim.map(({ status }) => status)).toEqual([103])
  expect(first.trailers).toEqual([['X-T', '1']])
  expect(second.body).toBe('/23')
  expect(origin.requests.map(({ body, place }) => [body, place])).toEqual([
    ['', 0],
    ['hi', 1],
  ])
})

test('a cut answer is incomplete, and FIN and RST are told apart', async () => {
  await using origin = startOrigin(async (request, reply) => {
    await reply.raw('HTTP/1.1 200 OK\r\nContent-Length: 9\r\n\r\nhi')
    if (request.target === '/fin') reply.fin()
    else reply.rst()
  })
  for (const [target, ending] of [
    ['/fin', 'fin'],
    ['/rst', 'rst'],
  ] as const) {
    await using client = await rawClient(origin.port)
    const answer = await client.get(target)
    expect([answer.complete, answer.ending]).toEqual([false, ending])
  }
})

test('the origin records what breaks the standard', async () => {
  await using origin = startOrigin()
  await using client = await rawClient(origin.port)
  client.send('POST / HTTP/1.1\r\nHost: h\r\nContent-Length: 2\r\nTransfer-Encoding: chunked\r\n\r\n')
  expect(await client.ending()).toBe('rst')
  expect(origin.problems).toHaveLength(1)
})

test('a script can run at the head and wait at a gate', async () => {
  const gate = makeGate()
  await using origin = startOrigin(
    async (_request, reply) => {
      await gate.opened
      reply.send(200, 'late')
    },
    { when: 'head' },
  )
  await using client = await rawClient(origin.port)
  client.send('POST / HTTP/1.1\r\nHost: h\r\nContent-Length: 4\r\n\r\nhi')
  const request = await origin.begun()
  expect(request.complete).toBe(false)
  gate.open()
  expect((await client.readAnswer()).body).toBe('late')
  client.send('ho')
  expect(await request.done).toBe(true)
  expect(request.body).toBe('hiho')
})

test('the same seed gives the same values', () => {
  const [a, b] = [seededRandom(7), seededRandom(7)]
  expect([a.next(), a.below(10), a.bytes(4)]).toEqual([b.next(), b.below(10), b.bytes(4)])
})
