// Threat: a side that says nothing, or a byte now and then, and so holds a connection, a server's place and
// memory for ever.
//
// How long who may be silent: until an answer begins, within it, and between the pieces of a stream.
import { describe, expect, test } from 'bun:test'
import { startEngine, toServers } from '../support/engine.ts'
import { startOrigin } from '../support/origin.ts'
import { makeGate, waitFor } from '../support/wait.ts'
import { wire } from '../support/wired.ts'

const GET = 'GET / HTTP/1.1\r\nHost: h\r\n\r\n'

/** A server that sends the first part, then the rest when the gate opens. */
function inTwo(first: string, rest: string) {
  const gate = makeGate()
  const origin = startOrigin(async (_request, reply) => {
    await reply.raw(first)
    await gate.opened
    await reply.raw(rest)
  })
  return { gate, origin }
}

test('an interim answer is a sign of life: the time to the answer counts from the last of them', async () => {
  await using gateway = startEngine({
    config: toServers(['http://127.0.0.1:1'], { timeouts: { response: '10s' } }),
  })
  const { client, server, end } = wire(gateway)
  let sinceMs = performance.now()
  client.data(Buffer.from(GET))
  for (let n = 0; n < 3; n++) {
    const { dueMs } = server.conn
    expect(dueMs).toBeWithin(sinceMs + 9999, performance.now() + 10_001)
    sinceMs = performance.now()
    server.data(Buffer.from('HTTP/1.1 102 Processing\r\n\r\n'))
    expect(server.conn.dueMs).toBeGreaterThan(dueMs)
  }
  server.expire()
  expect(gateway.log).toMatchObject([{ status: 504, fault: 'response_timeout' }])
  end()
})

describe('an answer that falls silent', () => {
  for (const [name, first, rest] of [
    ['chunks', 'HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n2\r\nhi\r\n', '1\r\n!\r\n0\r\n\r\n'],
    ['no length', 'HTTP/1.1 200 OK\r\nConnection: close\r\n\r\nhi', '!'],
  ] as const) {
    test(`between pieces of ${name} is a stream, and waited for`, async () => {
      const { gate, origin } = inTwo(first, rest)
      await using gateway = startEngine({ config: toServers([origin.url]) })
      const client = await gateway.client()
      client.send(GET)
      await client.readUntil('hi')
      gateway.runAhead(500_000)
      expect(gateway.log).toEqual([])
      gate.open()
      await client.readUntil('!')
      await origin[Symbol.asyncDispose]()
    })

    test(`between pieces of ${name} is given up after the time for streams`, async () => {
      const { origin } = inTwo(first, rest)
      await using gateway = startEngine({ config: toServers([origin.url], { timeouts: { stream: '40s' } }) })
      const client = await gateway.client()
      client.send(GET)
      await client.readUntil('hi')
      gateway.runAhead(39_000)
      expect(gateway.log).toEqual([])
      gateway.runAhead(41_000)
      expect(await gateway.logged()).toMatchObject({ fault: 'server_stalled' })
      await origin[Symbol.asyncDispose]()
      await gateway.settled()
    })
  }

  for (const [name, first] of [
    ['a body of known length', 'HTTP/1.1 200 OK\r\nContent-Length: 3\r\n\r\nhi'],
    ['a chunk', 'HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n3\r\nhi'],
  ] as const) {
    test(`within ${name} has stalled`, async () => {
      const { origin } = inTwo(first, '')
      await using gateway = startEngine({ config: toServers([origin.url]) })
      const client = await gateway.client()
      client.send(GET)
      await client.readUntil('hi')
      gateway.runAhead(29_000)
      expect(gateway.log).toEqual([])
      gateway.runAhead(31_000)
      expect(await gateway.logged()).toMatchObject({ fault: 'server_stalled' })
      await origin[Symbol.asyncDispose]()
      await gateway.settled()
    })
  }
})

describe('an upload that drips', () => {
  for (const [rate_min, status] of [
    ['240', 408],
    ['0', 200],
    ['1', 200],
  ] as const) {
    test(`is ${status === 408 ? 'given up' : 'waited for'} where the least rate is ${rate_min}`, async () => {
      await using origin = startOrigin()
      await using gateway = startEngine({
        config: toServers([origin.url]),
        listener: { limits: { rate_min } },
      })
      const client = await gateway.client()
      client.send('POST / HTTP/1.1\r\nHost: h\r\nContent-Length: 30\r\n\r\n')
      const request = await origin.begun(1)
      client.send('x'.repeat(20))
      await waitFor(() => request.bodyLength === 20)
      gateway.runAhead(20_000)
      client.send('x'.repeat(10))
      expect((await client.readAnswer()).status).toBe(status)
      await gateway.settled()
    })
  }
})
