// config/examples/limits.yaml: each of its limits holds, and who waits is served by priority.
import { expect, test } from 'bun:test'
import { rawClient, type WireAnswer } from '../support/client.ts'
import { adapted, PORTS } from '../support/example-config.ts'
import { startGateway } from '../support/gateway.ts'
import { startOrigin } from '../support/origin.ts'
import { makeGate, waitFor } from '../support/wait.ts'

test('no more is under way than clients, the rule and the backend may have, and the queue goes by priority', async () => {
  const seen: string[] = []
  const gates = new Map<string, ReturnType<typeof makeGate>>()
  const gateOf = (target: string) => gates.getOrInsertComputed(target, () => makeGate())
  const origins = Object.fromEntries(
    PORTS.map((port) => [
      port,
      startOrigin(async ({ target }, reply) => {
        seen.push(target)
        await gateOf(target).opened
        reply.send(200, target)
      }),
    ]),
  )
  // The queue is each worker's own.
  const config = `${adapted('limits.yaml', origins).replace('timeout: 2s', 'timeout: 60s')}workers: 1\n`
  await using gateway = await startGateway({ config, file: 'limits.yaml' })
  await using clients = new AsyncDisposableStack()
  const ask = async (target: string): Promise<WireAnswer> =>
    clients.use(await rawClient(gateway.port('web'))).get(target)
  const queued = async (): Promise<number> =>
    Number(
      /^lb_queue_length\{[^}]*\} (\d+)$/m.exec(await (await fetch(`${gateway.admin}/metrics`)).text())?.[1],
    )
  try {
    const under = ['/reports/1', '/reports/2', '/a', '/b', '/c', '/checkout/1'].map((target) => ask(target))
    await waitFor(() => seen.length === 6, { what: 'as many as the backend may carry' })
    for (const [target, status, fault] of [
      ['/reports/3', 503, 'rule_full'],
      ['/d', 429, 'concurrency_limited'],
    ] as const) {
      const refused = await ask(target)
      expect([refused.status, refused.get('proxy-status')]).toEqual([status, expect.stringContaining(fault)])
    }
    const waiting = [ask('/checkout/2')]
    await waitFor(async () => (await queued()) === 1)
    gateOf('/reports/1').open()
    await waitFor(() => seen.includes('/checkout/2'), { what: 'a place to be given to who waits' })
    await Promise.all(under.slice(0, 1))
    waiting.push(ask('/reports/4'))
    await waitFor(async () => (await queued()) === 1)
    waiting.push(ask('/checkout/3'))
    await waitFor(async () => (await queued()) === 2)
    gateOf('/a').open()
    await waitFor(() => seen.length === 8)
    expect(seen.at(-1)).toBe('/checkout/3')
    for (const target of [
      '/reports/2',
      '/reports/4',
      '/b',
      '/c',
      '/checkout/1',
      '/checkout/2',
      '/checkout/3',
    ])
      gateOf(target).open()
    for (const answer of await Promise.all([...under, ...waiting])) expect(answer.status).toBe(200)
    await waitFor(async () => (await queued()) === 0)
  } finally {
    for (const origin of Object.values(origins)) origin.kill()
  }
})
