// An attempt beside one that lets wait: which wins, what becomes of the other, what it costs, and who is
// never asked for twice.
import { expect, test } from 'bun:test'
import { type TestEngine, startEngine, toServers } from '../support/engine.ts'
import { type Script, startOrigin } from '../support/origin.ts'
import { makeGate, staysTrue, waitFor } from '../support/wait.ts'

const GET = 'GET / HTTP/1.1\r\nHost: h\r\n\r\n'
const good: Script = (_request, reply) => reply.send(200, 'good')
const silent: Script = () => {}

/** The first server is asked first, the other only beside it: as if answers took a millisecond till now. */
function hedging(first: string, other: string, retry: Record<string, unknown> = {}): TestEngine {
  const gateway = startEngine({
    config: toServers([first, other], {
      algorithm: 'first_available',
      retry: { hedge: { after: '20ms' }, backoff: '1ms', ...retry },
    }),
  })
  for (let n = 0; n < 20; n++) gateway.backend().retry.latency?.add(1, performance.now())
  return gateway
}

test('one that lets wait has another beside it, whose answer is used; it is given up, and not held against its server', async () => {
  await using slow = startOrigin(silent)
  await using quick = startOrigin(good)
  await using gateway = hedging(slow.url, quick.url)
  await using client = await gateway.client()
  const answer = await client.get('/')
  expect([answer.status, answer.body, slow.requests.length, quick.requests.length]).toEqual([
    200,
    'good',
    1,
    1,
  ])
  expect(gateway.log[0]).toMatchObject({ attempts: 2, server: quick.url, fault: null, status: 200 })
  expect(gateway.log[0]?.tries).toMatchObject([
    { server: slow.url, reason: null, phase: 'wait', fault: null, status: null },
    { server: quick.url, reason: 'hedge', phase: null, status: 200 },
  ])
  // Its connection ends, as an answer may still come on it.
  await waitFor(() => slow.open === 0)
  const [of, other] = gateway.servers.map(({ slot }) => slot)
  const { board } = gateway
  expect([board.failedAttempts(of!), board.givenUpAttempts(of!), board.attempts(other!)]).toEqual([0, 1, 1])
  expect(gateway.counted('hedges_total')).toEqual({ 'origin won': 1 })
  expect(gateway.counted('retries_total')).toEqual({})
  expect(gateway.backend().retry.budget.inUse).toBe(0)
  // The winner's connection serves the next.
  expect((await client.get('/')).status).toBe(200)
  expect(quick.accepted).toBe(1)
  await gateway.settled()
})

test('where the first is answered first after all, the other is given up', async () => {
  const gate = makeGate()
  await using first = startOrigin(async (_request, reply) => {
    await gate.opened
    reply.send(200, 'first')
  })
  await using other = startOrigin(silent)
  await using gateway = hedging(first.url, other.url)
  await using client = await gateway.client()
  client.send(GET)
  await other.received(1)
  gate.open()
  expect((await client.readAnswer()).body).toBe('first')
  await waitFor(() => other.open === 0)
  expect(gateway.log[0]).toMatchObject({ attempts: 2, server: first.url })
  expect(gateway.log[0]?.tries).toMatchObject([
    { server: other.url, reason: 'hedge', phase: 'wait', fault: null },
    { server: first.url, reason: null, phase: null, status: 200 },
  ])
  expect(gateway.counted('hedges_total')).toEqual({ 'origin lost': 1 })
  await gateway.settled()
})

test('where the first fails, the other goes on in its place; where the other fails, the first does', async () => {
  const gate = makeGate()
  await using failing = startOrigin(async (_request, reply) => {
    await gate.opened
    reply.rst()
  })
  const answered = makeGate()
  await using other = startOrigin(async (_request, reply) => {
    await answered.opened
    reply.send(200, 'other')
  })
  await using gateway = hedging(failing.url, other.url)
  await using client = await gateway.client()
  client.send(GET)
  await other.received(1)
  gate.open()
  await waitFor(() => failing.open === 0)
  answered.open()
  expect((await client.readAnswer()).body).toBe('other')
  expect(gateway.log[0]).toMatchObject({ attempts: 2, server: other.url, fault: null })
  expect(gateway.counted('hedges_total')).toEqual({ 'origin won': 1 })
  expect(gateway.counted('retries_total')).toEqual({})
  await gateway.settled()

  const late = makeGate()
  await using first = startOrigin(async (_request, reply) => {
    await late.opened
    reply.send(200, 'first')
  })
  await using breaking = startOrigin((_request, reply) => reply.rst())
  await using again = hedging(first.url, breaking.url)
  await using asking = await again.client()
  asking.send(GET)
  await breaking.received(1)
  await waitFor(() => again.counted('hedges_total')['origin failed'] === 1)
  late.open()
  expect((await asking.readAnswer()).body).toBe('first')
  expect(again.log[0]?.tries).toMatchObject([
    { server: breaking.url, fault: 'server_closed', reason: 'hedge' },
    { server: first.url, status: 200, reason: null },
  ])
  await again.settled()
})

test('where the first had met a connection that was over, which is no attempt, the other is told as what it is', async () => {
  const gate = makeGate()
  await using first = startOrigin(async ({ place }, reply) => {
    if (place === 0) return reply.send(200, 'first')
    await gate.opened
    reply.fin()
  })
  await using other = startOrigin(async (_request, reply) => {
    gate.open()
    await waitFor(() => first.open === 0)
    reply.send(200, 'other')
  })
  await using gateway = hedging(first.url, other.url)
  await using client = await gateway.client()
  expect((await client.get('/')).body).toBe('first')
  expect((await client.get('/')).body).toBe('other')
  expect(gateway.log[1]).toMatchObject({ attempts: 1, server: other.url, fault: null })
  expect(gateway.log[1]?.tries).toMatchObject([{ server: other.url, reason: 'hedge', status: 200 }])
  expect(gateway.counted('hedges_total')).toEqual({ 'origin won': 1 })
  await gateway.settled()
})

test('an answer of a status that is tried again wins nothing while another may come', async () => {
  const gate = makeGate()
  await using first = startOrigin(async (_request, reply) => {
    await gate.opened
    reply.send(200, 'first')
  })
  await using busy = startOrigin((_request, reply) => reply.send(503, 'busy'))
  await using gateway = hedging(first.url, busy.url, { statuses: [503] })
  await using client = await gateway.client()
  client.send(GET)
  await waitFor(() => gateway.counted('hedges_total')['origin failed'] === 1)
  gate.open()
  expect((await client.readAnswer()).body).toBe('first')
  await gateway.settled()
})

test('the answer of one is given where the first is lost and the budget lets no other be made, which is said', async () => {
  await using slow = startOrigin(silent)
  await using busy = startOrigin((_request, reply) => reply.send(503, 'busy'))
  await using gateway = hedging(slow.url, busy.url, {
    ...{ statuses: [503], timeout: '5s', budget: { ratio: 0, least: 1 } },
  })
  await using client = await gateway.client()
  client.send(GET)
  await waitFor(() => gateway.counted('hedges_total')['origin failed'] === 1)
  const { retry, servers } = gateway.backend()
  expect(retry.budget.take(servers)).toBe(true)
  gateway.runAhead(6000)
  const { status, body } = await client.readAnswer()
  expect([status, body]).toEqual([503, 'busy'])
  const { attempts, detail } = gateway.log[0]!
  expect(attempts).toBe(2)
  expect(detail).toStartWith(
    'no other answer was got: attempt_timeout; not tried again: the retry budget of backend origin is used up',
  )
  retry.budget.giveBack()
  await gateway.settled()
})

test('a body that is here as a whole is sent along; nothing is hedged that may do harm, or is being sent', async () => {
  await using slow = startOrigin(silent)
  await using quick = startOrigin((request, reply) => reply.send(200, request.body))
  await using gateway = hedging(slow.url, quick.url)
  await using client = await gateway.client()
  client.send('PUT / HTTP/1.1\r\nHost: h\r\nContent-Length: 5\r\n\r\nhello')
  expect((await client.readAnswer()).body).toBe('hello')
  const others = [
    'POST / HTTP/1.1\r\nHost: h\r\nContent-Length: 5\r\n\r\nhello',
    'PUT / HTTP/1.1\r\nHost: h\r\nContent-Length: 5\r\n\r\nhell',
    `PUT / HTTP/1.1\r\nHost: h\r\nContent-Length: 70000\r\n\r\n${'x'.repeat(70_000)}`,
    'GET / HTTP/1.1\r\nHost: h\r\nConnection: upgrade\r\nUpgrade: websocket\r\n\r\n',
  ]
  const before = slow.requests.length
  for (const [n, request] of others.entries()) {
    await using one = await gateway.client()
    one.send(request)
    await slow.begun(before + n + 1)
    expect(await staysTrue(() => quick.requests.length === 1, 60)).toBe(true)
  }
  await gateway.settled()
})

test('its client leaves: both are given up', async () => {
  await using slow = startOrigin(silent)
  await using other = startOrigin(silent)
  await using gateway = hedging(slow.url, other.url)
  const client = await gateway.client()
  client.send(GET)
  await other.received(1)
  client.rst()
  expect(await gateway.logged()).toMatchObject({ fault: 'client_abort', attempts: 2 })
  await waitFor(() => slow.open + other.open === 0)
  expect(gateway.counted('hedges_total')).toEqual({ 'origin given_up': 1 })
  expect(gateway.servers.map(({ slot }) => gateway.board.givenUpAttempts(slot))).toEqual([1, 1])
  expect([gateway.inFlight, gateway.backend().retry.budget.inUse]).toEqual([0, 0])
  await gateway.settled()
})

test('without a place in the budget none is made, and that is counted', async () => {
  const gate = makeGate()
  await using slow = startOrigin(async (_request, reply) => {
    await gate.opened
    reply.send(200, 'slow')
  })
  await using other = startOrigin(silent)
  await using gateway = hedging(slow.url, other.url, { budget: { ratio: 0, least: 0 } })
  await using client = await gateway.client()
  client.send(GET)
  await waitFor(() => gateway.counted('hedges_total')['origin refused'] === 1)
  gate.open()
  expect((await client.readAnswer()).body).toBe('slow')
  expect(other.requests).toEqual([])
  expect(gateway.log[0]).toMatchObject({ attempts: 1, tries: null })
  await gateway.settled()
})

test('until enough answers are known none is made', async () => {
  const gate = makeGate()
  await using slow = startOrigin(async (_request, reply) => {
    await gate.opened
    reply.send(200, 'slow')
  })
  await using other = startOrigin(silent)
  await using gateway = startEngine({
    config: toServers([slow.url, other.url], {
      algorithm: 'first_available',
      retry: { hedge: { after: '1ms' } },
    }),
  })
  await using client = await gateway.client()
  client.send(GET)
  await slow.received(1)
  expect(await staysTrue(() => other.requests.length === 0, 40)).toBe(true)
  gate.open()
  expect((await client.readAnswer()).body).toBe('slow')
  await gateway.settled()
})

test('no other server is asked beside that of a session, by whatever that is known', async () => {
  const gate = makeGate()
  const held: Script = async (_request, reply) => {
    await gate.opened
    reply.send(200, 'own')
  }
  await using one = startOrigin(held)
  await using other = startOrigin(held)
  await using gateway = startEngine({
    config: toServers([one.url, other.url], {
      sticky: { header: 'X-User' },
      retry: { hedge: { after: '1ms' } },
    }),
  })
  for (let n = 0; n < 20; n++) gateway.backend().retry.latency?.add(1, performance.now())
  await using client = await gateway.client()
  client.send('GET / HTTP/1.1\r\nHost: h\r\nX-User: ann\r\n\r\n')
  const asked = (): number => one.requests.length + other.requests.length
  await waitFor(() => asked() > 0)
  expect(await staysTrue(() => asked() === 1, 60)).toBe(true)
  gate.open()
  expect((await client.readAnswer()).body).toBe('own')
  await gateway.settled()
})
