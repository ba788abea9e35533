// An adaptive limit over four workers, before a server that takes the longer the more it has to do.
import { expect, test } from 'bun:test'
import type { BackendLimitFacts } from '../../server/telemetry/backend-limits.ts'
import type { WireAnswer } from '../support/client.ts'
import { type Gateway, startGateway } from '../support/gateway.ts'
import { startLoad } from '../support/load.ts'
import { startOrigin } from '../support/origin.ts'
import { pause, waitFor } from '../support/wait.ts'
import { gaugeOf } from '../soak/gauge.ts'

const WINDOW_MS = 200
const LEAST = 2
const CLIENTS = 64
/** As many at once take no longer than one alone. */
const CAPACITY = 2
const REST_MS = 50
/**
 * By the formula it comes to rest at 5, where answers take so much longer that the root on top is made up
 * for; at 20 where the machine was late by a quarter of a second as it was measured how long they take at
 * rest.
 */
const NEAR = CLIENTS / 2

async function limitOf(gateway: Gateway): Promise<number> {
  const metrics = (await (await fetch(`${gateway.admin}/_metrics`)).json()) as { limits: BackendLimitFacts[] }
  return metrics.limits[0]!.adaptive!.limit
}

test('what is in flight stays near what a server can carry, others are refused, and it recovers with the server', async () => {
  const server = { now: 0, peak: 0, isQuick: false }
  await using origin = startOrigin(async (_request, reply) => {
    server.peak = Math.max(server.peak, ++server.now)
    await pause(server.isQuick ? 3 : REST_MS * Math.max(1, server.now / CAPACITY))
    server.now--
    reply.send(200, 'done')
  })
  await using gateway = await startGateway({
    workers: 4,
    config: {
      listeners: { web: { bind: '127.0.0.1:0', backend: 'b' } },
      backends: {
        b: {
          servers: [{ url: origin.url }],
          adaptive_limit: { least: LEAST, window: `${WINDOW_MS}ms`, measure_every: '1d' },
          queue: { size: 0 },
          retry: { attempts: 1 },
        },
      },
    },
  })
  let answered = 0
  let refused = 0
  let since = 0
  const isRight = (answer: WireAnswer): boolean => {
    if (answer.status === 200) answered++
    else refused++
    since = answer.status === 200 ? since + 1 : 0
    return (
      answer.status === 200 ||
      (answer.status === 503 &&
        answer.get('retry-after') === '5' &&
        answer.get('proxy-status')?.includes('queue_full') === true)
    )
  }
  const load = startLoad(gateway.port('web'), { connections: CLIENTS, restMs: 40, isRight })

  const limits: number[] = []
  const passed: object[] = []
  let looks = 0
  /** Reads the limit twice: where it is the same, no more came to the server between. */
  const look = async (): Promise<void> => {
    const fromMs = performance.now()
    const limit = await limitOf(gateway)
    limits.push(limit)
    const { now } = server
    server.peak = now
    await pause(WINDOW_MS / 4)
    const { peak } = server
    if ((await limitOf(gateway)) !== limit || now > limit) return
    // There are two changes of a limit, there and back, in no less than a window.
    if (performance.now() - fromMs >= WINDOW_MS) return
    looks++
    if (peak > limit) passed.push({ limit, now, peak })
  }
  await waitFor(async () => {
    await look()
    return looks >= 6 && answered > 60 && Math.max(...limits) > LEAST
  })
  expect(passed).toEqual([])
  expect(Math.max(...limits)).toBeLessThanOrEqual(NEAR)
  expect(refused).toBeGreaterThan(0)

  server.isQuick = true
  await waitFor(() => since > 500, { what: 'nobody to be refused any more' })
  const { failures } = await load.stop()
  expect(failures).toEqual([])
  await waitFor(async () => (await gaugeOf(gateway, 'backend_adaptive_in_flight')) === 0)
  await waitFor(async () => (await gaugeOf(gateway, 'backend_in_flight')) === 0)
  const lines = await gateway.accessLog()
  expect(lines.find(({ status }) => status === 503)).toMatchObject({ fault: 'queue_full', server: null })
})
