// Limits of what is in flight, as clients and servers see them: over worker processes, and when one dies.
import { expect, test } from 'bun:test'
import { rawClient, type RawClient } from '../support/client.ts'
import { type Gateway, startGateway } from '../support/gateway.ts'
import { startOrigin } from '../support/origin.ts'
import { sendSignal } from '../support/processes.ts'
import { makeGate, waitFor } from '../support/wait.ts'

/** A server that keeps all requests until it is told otherwise, and knows the most that it had at once. */
function startKeeping() {
  const state = { now: 0, most: 0, total: 0, gate: makeGate() }
  const origin = startOrigin(async (_request, reply) => {
    state.most = Math.max(state.most, ++state.now)
    state.total++
    await state.gate.opened
    state.now--
    reply.send(200, 'done')
  })
  return { state, origin, [Symbol.asyncDispose]: () => origin[Symbol.asyncDispose]() }
}

const connect = (gateway: Gateway, count: number): Promise<RawClient[]> =>
  Promise.all(Array.from({ length: count }, () => rawClient(gateway.port('web'))))

/** One request on each connection: how many were answered by which status, so far. */
function askAll(clients: readonly RawClient[], path = '/', fields = '') {
  const statuses: Record<number, number> = {}
  for (const client of clients)
    void client.get(path, fields).then(
      ({ status }) => (statuses[status] = (statuses[status] ?? 0) + 1),
      () => (statuses[0] = (statuses[0] ?? 0) + 1),
    )
  return statuses
}

const metric = async (gateway: Gateway, name: string): Promise<number> => {
  const text = await (await fetch(`${gateway.admin}/metrics`)).text()
  return Number(
    text
      .split('\n')
      .find((line) => line.startsWith(`${name} `))
      ?.split(' ')
      .at(-1) ?? NaN,
  )
}

test('a backend carries never more than its limit over four workers, also when one is killed, and nothing at the end', async () => {
  await using server = startKeeping()
  await using other = startKeeping()
  const { origin } = server
  await using gateway = await startGateway({
    workers: 4,
    config: {
      listeners: { web: { bind: '127.0.0.1:0', backend: 'b' } },
      backends: {
        b: {
          servers: [{ url: origin.url }, { url: other.origin.url }],
          max_connections: 12,
          queue: { size: 0 },
          retry: { attempts: 1 },
        },
      },
    },
  })
  const first = askAll(await connect(gateway, 60))
  await waitFor(() => first[503] === 48, { what: 'those beyond the limit to be refused' })
  expect(server.state.now + other.state.now).toBe(12)
  expect(await metric(gateway, 'lb_backend_in_flight{backend="b"}')).toBe(12)

  sendSignal(gateway.workers[0], 'SIGKILL')
  await gateway.event('worker_replaced')
  const lost = first[0] ?? 0
  await waitFor(async () => (await metric(gateway, 'lb_backend_in_flight{backend="b"}')) === 12 - lost)
  const second = askAll(await connect(gateway, 60))
  await waitFor(() => second[503] === 60 - lost, { what: 'the places of the dead worker to be taken again' })
  for (const { state } of [server, other]) state.gate.open()
  await waitFor(() => (first[200] ?? 0) + (second[200] ?? 0) === 12)
  await waitFor(async () => (await metric(gateway, 'lb_backend_in_flight{backend="b"}')) === 0)
}, 30_000)
