// The budget of retries over worker processes: counted by the server that they come to, kept by a reload, and
// given back by a worker that dies.
import { expect, test } from 'bun:test'
import { rawClient } from '../support/client.ts'
import { type Gateway, startGateway } from '../support/gateway.ts'
import { type Origin, startOrigin } from '../support/origin.ts'
import { sendSignal } from '../support/processes.ts'
import { gaugeOf } from '../soak/gauge.ts'
import { type Gate, makeGate, waitFor } from '../support/wait.ts'

const LEAST = 5
const GET = 'GET / HTTP/1.1\r\nHost: h\r\n\r\n'

const words = (busy: Origin, spare: Origin, more: object[] = []): Record<string, unknown> => ({
  listeners: { web: { bind: '127.0.0.1:0' } },
  rules: [...more, { name: 'all', backend: 'app' }],
  backends: {
    app: {
      servers: [{ url: busy.url }, { url: spare.url, backup: true }],
      retry: { statuses: 503, backoff: '1ms', budget: { ratio: 0, least: LEAST } },
    },
  },
})

/**
 * So many requests, each on a connection of its own: statuses of the answers that have come, null for none.
 */
class Asked {
  readonly statuses: (number | null)[] = []
  readonly whole: Promise<unknown>

  constructor(gateway: Gateway, count: number) {
    this.whole = Promise.all(Array.from({ length: count }, () => this.#ask(gateway)))
  }

  async #ask(gateway: Gateway): Promise<void> {
    await using client = await rawClient(gateway.port('web'))
    client.send(GET)
    const status = await client.readAnswer().then(
      (answer) => answer.status,
      () => null,
    )
    this.statuses.push(status)
  }

  count(status: number): number {
    return this.statuses.filter((one) => one === status).length
  }
}

test('over four workers never more are at the server than the budget has, and all of it comes back', async () => {
  let gate: Gate = makeGate()
  let now = 0
  let most = 0
  await using busy = startOrigin((_request, reply) => reply.send(503, 'busy'))
  // Whatever comes here is a retry.
  await using spare = startOrigin(async (_request, reply) => {
    most = Math.max(most, ++now)
    await gate.opened
    now--
    reply.send(200, 'good')
  })
  await using gateway = await startGateway({ config: words(busy, spare), workers: 4 })
  const asked = new Asked(gateway, 60)
  await waitFor(() => asked.count(503) === 60 - LEAST && now === LEAST)
  const inUse = (): Promise<number> => gaugeOf(gateway, 'retries_in_flight')
  expect(await inUse()).toBe(LEAST)
  gate.open()
  await asked.whole
  expect([most, asked.count(200)]).toEqual([LEAST, LEAST])
  await waitFor(async () => (await inUse()) === 0)

  // A reload of another rule leaves what is held as it is.
  gate = makeGate()
  now = most = 0
  const first = new Asked(gateway, 20)
  await waitFor(() => first.count(503) === 20 - LEAST && now === LEAST)
  await gateway.apply(words(busy, spare, [{ name: 'other', match: { path: '/x' }, respond: {} }]))
  const meanwhile = new Asked(gateway, 20)
  await meanwhile.whole
  expect([most, meanwhile.count(503)]).toEqual([LEAST, 20])

  // Workers that die give back what they held.
  for (const pid of gateway.workers) sendSignal(pid, 'SIGKILL')
  await waitFor(() => gateway.events.filter(({ event }) => event === 'worker_replaced').length === 4)
  await first.whole
  gate.open()
  await waitFor(() => now === 0)
  gate = makeGate()
  most = 0
  const again = new Asked(gateway, 40)
  await waitFor(() => again.count(503) === 40 - LEAST && now === LEAST)
  gate.open()
  await again.whole
  expect([most, again.count(200)]).toEqual([LEAST, LEAST])

  const metrics = await (await fetch(`${gateway.admin}/metrics`)).text()
  expect(metrics).toMatch(/^lb_retries_total\{backend="app",reason="status_503"\} \d+$/m)
  expect(metrics).toMatch(/^lb_retry_budget_exhausted_total\{backend="app"\} \d+$/m)
})
