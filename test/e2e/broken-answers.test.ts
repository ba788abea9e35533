// Answers that begin well and break off: a row of them is one of failures, which only a whole answer ends.
import { expect, test } from 'bun:test'
import { CLOSED, OPEN } from '../../server/scoreboard/circuits.ts'
import { startEngine, toServers } from '../support/engine.ts'
import { startOrigin } from '../support/origin.ts'
import { waitFor } from '../support/wait.ts'

test('a server that answers 200 and always breaks off is found by its row, and mends it with one whole answer', async () => {
  await using origin = startOrigin(async ({ target }, reply) => {
    if (target === '/whole') return reply.send(200, 'whole')
    await reply.raw('HTTP/1.1 200 OK\r\nContent-Length: 100\r\n\r\nhalf')
    reply.rst()
  })
  await using gateway = startEngine({
    config: toServers([origin.url], {
      circuit_breaker: { failures: 3 },
      passive_health: {},
    }),
  })
  const { board, servers } = gateway
  const { slot } = servers[0]!
  const rows = (): number[] => [board.circuits.row.length(slot), board.passive.row.length(slot)]
  const breaksOff = async (): Promise<void> => {
    await using client = await gateway.client()
    client.send('GET /broken HTTP/1.1\r\nHost: h\r\n\r\n')
    expect(await gateway.logged()).toMatchObject({ status: 200, fault: 'server_truncated' })
  }
  for (let n = 1; n <= 2; n++) {
    await breaksOff()
    expect(rows()).toEqual([n, n])
  }
  await using client = await gateway.client()
  expect((await client.get('/whole')).body).toBe('whole')
  await gateway.logged()
  expect(rows()).toEqual([0, 0])
  for (let n = 0; n < 3; n++) {
    expect(board.circuits.state(slot)).toBe(CLOSED)
    await breaksOff()
  }
  expect([board.circuits.state(slot), board.circuits.opening(slot).reason]).toEqual([
    OPEN,
    'failures_in_a_row',
  ])
  await waitFor(() => gateway.inFlight === 0)
  await gateway.settled()
})

test('an answer of a status that is tried again is as good as any once it is whole', async () => {
  await using origin = startOrigin(({ target }, reply) => {
    if (target === '/fails') reply.rst()
    else reply.send(404, 'not here')
  })
  await using other = startOrigin((_request, reply) => reply.send(200, 'other'))
  await using gateway = startEngine({
    config: toServers([origin.url, { url: other.url, backup: true }], {
      retry: { attempts: 2, statuses: [404], backoff: '1ms' },
      passive_health: {},
    }),
  })
  const { board, servers } = gateway
  const { slot } = servers[0]!
  await using client = await gateway.client()
  expect((await client.get('/fails')).body).toBe('other')
  expect(board.passive.row.length(slot)).toBe(1)
  expect((await client.get('/x')).body).toBe('other')
  expect(board.passive.row.length(slot)).toBe(0)
  await gateway.settled()
})
