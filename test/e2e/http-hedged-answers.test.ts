// An answer that is not wanted, as another may come beside it: kept as long as none has, and given where none
// does. Whichever of the two had it, and however long its body takes.
import { describe, expect, test } from 'bun:test'
import { type TestEngine, startEngine, toServers } from '../support/engine.ts'
import { type Script, startOrigin } from '../support/origin.ts'
import { type Gate, makeGate, waitFor } from '../support/wait.ts'

const GET = 'GET / HTTP/1.1\r\nHost: h\r\n\r\n'

/** The first server is asked first, the other only beside it. */
function hedging(servers: readonly string[], retry: Record<string, unknown> = {}, total = '1m'): TestEngine {
  const gateway = startEngine({
    config: toServers(servers, {
      algorithm: 'first_available',
      timeouts: { total },
      retry: { attempts: 2, statuses: [503], backoff: '1ms', hedge: { after: '20ms' }, ...retry },
    }),
  })
  for (let n = 0; n < 20; n++) gateway.backend().retry.latency?.add(1, performance.now())
  return gateway
}

/** Does what it does once the gate is open. */
const behind =
  (gate: Gate, script: Script): Script =>
  async (request, reply) => {
    await gate.opened
    await script(request, reply)
  }

const busy: Script = (_request, reply) => reply.send(503, 'busy', ['X-Who: busy'])
const reset: Script = (_request, reply) => reply.rst()
const good: Script = (_request, reply) => reply.send(200, 'good')

/** An answer that begins, and whose rest comes once the gate is open. */
const halfBusy =
  (gate: Gate, bytes = 8): Script =>
  async (_request, reply) => {
    await reply.raw(`HTTP/1.1 503 X\r\nContent-Length: ${bytes}\r\n\r\nbusy`)
    await gate.opened
    await reply.raw('!'.repeat(bytes - 4))
  }

async function nothingIsLeft(gateway: TestEngine): Promise<void> {
  await gateway.settled()
  expect(gateway.backend().retry.budget.inUse).toBe(0)
}

describe('where the attempt that goes on is lost, and none is left, the client gets it', () => {
  test('as the first one had it', async () => {
    const [first, second] = [makeGate(), makeGate()]
    await using one = startOrigin(behind(first, busy))
    await using other = startOrigin(behind(second, reset))
    await using gateway = hedging([one.url, other.url])
    await using client = await gateway.client()
    client.send(GET)
    await other.received(1)
    first.open()
    await waitFor(() => gateway.inFlight === 1)
    second.open()
    const answer = await client.readAnswer()
    expect([answer.status, answer.body, answer.get('x-who')]).toEqual([503, 'busy', 'busy'])
    expect(gateway.log[0]).toMatchObject({ attempts: 2, server: one.url, fault: null, status: 503 })
    expect(gateway.log[0]?.detail).toContain('server_closed')
    expect(gateway.log[0]?.tries).toMatchObject([
      { server: one.url, status: 503, reason: null },
      { server: other.url, status: null, fault: 'server_closed', reason: 'hedge' },
    ])
    expect(gateway.counted('hedges_total')).toEqual({ 'origin failed': 1 })
    // Its connection was read to its end, and serves on.
    expect(one.open).toBe(1)
    await nothingIsLeft(gateway)
  })

  test('as the other had it', async () => {
    const first = makeGate()
    await using one = startOrigin(behind(first, reset))
    await using other = startOrigin(busy)
    await using gateway = hedging([one.url, other.url])
    await using client = await gateway.client()
    client.send(GET)
    await waitFor(() => gateway.counted('hedges_total')['origin failed'] === 1)
    first.open()
    const answer = await client.readAnswer()
    expect([answer.status, answer.body, answer.get('x-who')]).toEqual([503, 'busy', 'busy'])
    expect(gateway.log[0]).toMatchObject({ attempts: 2, server: other.url, fault: null })
    expect(other.open).toBe(1)
    await nothingIsLeft(gateway)
  })

  test.each([true, false])('as soon as its body is here; the first one had it: %p', async (isFirst) => {
    const [answers, rest, end] = [makeGate(), makeGate(), makeGate()]
    await using half = startOrigin(behind(answers, halfBusy(rest)))
    await using lost = startOrigin(behind(end, reset))
    await using gateway = hedging(isFirst ? [half.url, lost.url] : [lost.url, half.url])
    await using client = await gateway.client()
    client.send(GET)
    await Promise.all([half.received(1), lost.received(1)])
    answers.open()
    await waitFor(() => answered(gateway, half.url))
    end.open()
    await waitFor(() => lost.open === 0 && gateway.inFlight === 1)
    expect(gateway.log).toEqual([])
    rest.open()
    const answer = await client.readAnswer()
    expect([answer.status, answer.body]).toEqual([503, 'busy!!!!'])
    expect(gateway.log[0]).toMatchObject({ attempts: 2, server: half.url, fault: null })
    expect(half.open).toBe(1)
    await nothingIsLeft(gateway)
  })

  test('and not, if that never comes, is too much, or breaks off', async () => {
    const never = makeGate()
    const endings: readonly (readonly [Script, (gateway: TestEngine) => void])[] = [
      [halfBusy(never), (gateway) => gateway.runAhead(1_100)],
      [(_request, reply) => reply.send(503, 'x'.repeat(0x18000)), () => {}],
      [
        async (_request, reply) => (
          await reply.raw('HTTP/1.1 503 X\r\nContent-Length: 9\r\n\r\nbu'),
          reply.fin()
        ),
        () => {},
      ],
    ]
    for (const [script, goOn] of endings) {
      const [answers, end] = [makeGate(), makeGate()]
      await using half = startOrigin(behind(answers, script))
      await using lost = startOrigin(behind(end, reset))
      await using gateway = hedging([half.url, lost.url])
      await using client = await gateway.client()
      client.send(GET)
      await Promise.all([half.received(1), lost.received(1)])
      answers.open()
      await waitFor(() => answered(gateway, half.url))
      end.open()
      await waitFor(() => lost.open === 0)
      goOn(gateway)
      expect((await client.readAnswer()).status).toBe(502)
      expect(gateway.log[0]).toMatchObject({ attempts: 2, fault: 'server_closed', server: lost.url })
      await nothingIsLeft(gateway)
      await waitFor(() => half.open === 0)
    }
    never.open()
  })
})

test('a better one is taken at once, however much of it is still to come', async () => {
  const [answers, end, never] = [makeGate(), makeGate(), makeGate()]
  await using half = startOrigin(behind(answers, halfBusy(never)))
  await using other = startOrigin(behind(end, good))
  await using gateway = hedging([half.url, other.url])
  await using client = await gateway.client()
  client.send(GET)
  await Promise.all([half.received(1), other.received(1)])
  answers.open()
  await waitFor(() => answered(gateway, half.url))
  end.open()
  expect((await client.readAnswer()).body).toBe('good')
  await waitFor(() => half.open === 0)
  expect(gateway.counted('hedges_total')).toEqual({ 'origin won': 1 })
  await nothingIsLeft(gateway)
  never.open()
})

test('with an attempt left that is made at once, and the one that was kept given when it fails, too', async () => {
  const [answers, end] = [makeGate(), makeGate()]
  await using one = startOrigin(behind(answers, busy))
  await using other = startOrigin(behind(end, reset))
  await using last = startOrigin(reset)
  await using gateway = hedging([one.url, other.url, last.url], { attempts: 3 })
  await using client = await gateway.client()
  client.send(GET)
  await Promise.all([one.received(1), other.received(1)])
  answers.open()
  await waitFor(() => answered(gateway, one.url))
  end.open()
  expect((await client.readAnswer()).body).toBe('busy')
  expect(last.requests).toHaveLength(1)
  expect(gateway.log[0]).toMatchObject({ attempts: 3, server: one.url, fault: null })
  await nothingIsLeft(gateway)
})

test('its client leaves, or timeouts.total is over, while the rest of it is awaited', async () => {
  for (const leaves of [true, false]) {
    const [answers, end, never] = [makeGate(), makeGate(), makeGate()]
    await using half = startOrigin(behind(answers, halfBusy(never)))
    await using lost = startOrigin(behind(end, reset))
    await using gateway = hedging([half.url, lost.url], {}, '900ms')
    const client = await gateway.client()
    client.send(GET)
    await Promise.all([half.received(1), lost.received(1)])
    answers.open()
    await waitFor(() => answered(gateway, half.url))
    end.open()
    await waitFor(() => lost.open === 0)
    if (leaves) client.rst()
    else gateway.runAhead(950)
    expect(await gateway.logged()).toMatchObject({ fault: leaves ? 'client_abort' : 'exchange_timeout' })
    await waitFor(() => half.open === 0)
    await nothingIsLeft(gateway)
    never.open()
  }
})

/** The head of its answer has come. */
const answered = (gateway: TestEngine, url: string): boolean =>
  gateway.servers.some(({ slot, name }) => name === url && gateway.board.attempts(slot) === 1)
