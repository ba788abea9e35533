// What is left when the last attempt comes to nothing: an answer that was kept is not lost to a clock, and a
// good server is not passed over as its connection was stale.
import { describe, expect, test } from 'bun:test'
import { startEngine, toServers } from '../support/engine.ts'
import { freePort } from '../support/kernel.ts'
import { startOrigin } from '../support/origin.ts'
import { makeGate, waitFor } from '../support/wait.ts'

const GET = 'GET / HTTP/1.1\r\nHost: h\r\n\r\n'
const retry = { statuses: [503], backoff: '1ms' }

describe('the answer that was kept is passed on when timeouts.total is over', () => {
  test('while another server lets wait', async () => {
    await using bad = startOrigin((_request, reply) => reply.send(503, 'busy', ['X-Who: busy']))
    await using silent = startOrigin(() => {})
    await using gateway = startEngine({
      config: toServers([bad.url, { url: silent.url, backup: true }], {
        retry: { ...retry, attempts: 2 },
        timeouts: { total: '10s' },
      }),
    })
    await using client = await gateway.client()
    client.send(GET)
    await silent.received(1)
    gateway.runAhead(11_000)
    const answer = await client.readAnswer()
    expect([answer.status, answer.body, answer.get('x-who')]).toEqual([503, 'busy', 'busy'])
    expect(gateway.log[0]).toMatchObject({ status: 503, fault: null, server: bad.url, attempts: 2 })
    expect(gateway.log[0]?.detail).toContain('exchange_timeout')
    expect(gateway.log[0]?.tries).toMatchObject([
      { server: bad.url, status: 503 },
      { server: silent.url, reason: 'status_503', phase: 'wait', fault: null, status: null },
    ])
    await waitFor(() => silent.open === 0)
    expect(gateway.backend().retry.budget.inUse).toBe(0)
    await gateway.settled()
  })

  test('while the same server is left alone for a while', async () => {
    await using bad = startOrigin((_request, reply) => reply.send(503, 'busy', ['Retry-After: 4']))
    await using gateway = startEngine({
      config: toServers([bad.url], { retry, timeouts: { total: '10s' } }),
    })
    await using client = await gateway.client()
    client.send(GET)
    await waitFor(() => gateway.backend().retry.budget.inUse === 1 && gateway.inFlight === 0)
    gateway.runAhead(11_000)
    expect((await client.readAnswer()).body).toBe('busy')
    expect(gateway.log[0]).toMatchObject({ status: 503, fault: null, attempts: 1 })
    expect(gateway.backend().retry.budget.inUse).toBe(0)
    await gateway.settled()
    expect(bad.requests).toHaveLength(1)
  })

  test('but not one that is not whole', async () => {
    const never = makeGate()
    await using bad = startOrigin(async (_request, reply) => {
      await reply.raw('HTTP/1.1 503 X\r\nContent-Length: 9\r\n\r\nhal')
      await never.opened
    })
    await using gateway = startEngine({
      config: toServers([bad.url], { retry, timeouts: { total: '500ms' } }),
    })
    await using client = await gateway.client()
    client.send(GET)
    await bad.received(1)
    await waitFor(() => gateway.backend().retry.budget.inUse === 1)
    gateway.runAhead(600)
    expect((await client.readAnswer()).status).toBe(504)
    expect(gateway.log[0]).toMatchObject({ fault: 'exchange_timeout' })
    await gateway.settled()
    never.open()
  })
})

test('the last answer that is whole is kept where a later one is too long, and is given when that was the last', async () => {
  await using busy = startOrigin((_request, reply) => reply.send(503, 'busy'))
  await using large = startOrigin((_request, reply) => reply.send(503, 'x'.repeat(0x18000)))
  const never = makeGate()
  await using endless = startOrigin(async (_request, reply) => {
    await reply.raw('HTTP/1.1 503 X\r\nContent-Length: 9\r\n\r\nhal')
    await never.opened
  })
  for (const [third, attempts] of [
    [`http://127.0.0.1:${freePort()}`, 3],
    [endless.url, 4],
  ] as const) {
    await using gateway = startEngine({
      config: toServers([busy.url, large.url, third], {
        algorithm: 'first_available',
        retry: { ...retry, attempts },
        timeouts: { total: '800ms' },
      }),
    })
    await using client = await gateway.client()
    client.send(GET)
    if (third === endless.url) {
      await endless.received(1)
      await waitFor(() => gateway.inFlight === 1)
      gateway.runAhead(900)
    }
    const answer = await client.readAnswer()
    expect([answer.status, answer.body]).toEqual([503, 'busy'])
    expect(gateway.log[0]).toMatchObject({ attempts: 3, fault: null, server: busy.url })
    await gateway.settled()
    expect(gateway.backend().retry.budget.inUse).toBe(0)
  }
  never.open()
})

test('a server whose kept connection had been closed is asked on a new one, not one that has failed already', async () => {
  await using bad = startOrigin((_request, reply) => reply.send(503, 'busy'))
  await using good = startOrigin(({ connection, place }, reply) =>
    connection === 0 && place === 1 ? reply.fin() : reply.send(200, 'good'),
  )
  await using gateway = startEngine({
    config: toServers([bad.url, good.url], {
      algorithm: 'first_available',
      retry: { ...retry, attempts: 2 },
    }),
  })
  await using client = await gateway.client()
  for (let n = 0; n < 2; n++) expect((await client.get('/')).body).toBe('good')
  expect([bad.requests.length, good.accepted]).toEqual([2, 2])
  expect(gateway.log[1]).toMatchObject({ attempts: 2, server: good.url })
  await gateway.settled()
})
