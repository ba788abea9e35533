// config/examples/dynamic-weights.yaml over four workers: who fails gets less, and its weight back.
import { expect, test } from 'bun:test'
import { adapted, PORTS } from '../support/example-config.ts'
import { startGateway } from '../support/gateway.ts'
import { startLoad } from '../support/load.ts'
import { done, stateOf } from '../support/orders.ts'
import { startOrigin } from '../support/origin.ts'
import { waitFor } from '../support/wait.ts'

/** It changes once a second. */
const SELDOM = { everyMs: 100 }

test('a server that answers with failures gets less, and its weight back; an ordered weight stays', async () => {
  let status = 503
  const origins = Object.fromEntries(
    PORTS.map((port) => [
      port,
      startOrigin((_request, reply) => reply.send(port === 9003 ? status : 200, String(port))),
    ]),
  )
  const config = adapted('dynamic-weights.yaml', origins)
  await using gateway = await startGateway({ config, workers: 4 })
  const load = startLoad(gateway.port(), { connections: 8, restMs: 5, isRight: ({ complete }) => complete })
  try {
    const dynamic = async () => (await stateOf(gateway, 'large')).dynamic_weight
    await waitFor(async () => (await dynamic()) === 0.5, SELDOM)
    expect(await done(gateway, 'large')).toContain('weight:    2, dynamic: 0.5')
    await done(gateway, 'large', 'weight', '1')
    expect(await done(gateway, 'large')).toContain('weight:    1 (config: 2; dynamic weights leave it alone)')
    await waitFor(async () => (await dynamic()) === 1, SELDOM)
    status = 200
    await done(gateway, 'large', 'weight', 'default')
    await waitFor(async () => ((await dynamic()) ?? 0) > 1, SELDOM)
  } finally {
    await load.stop()
    for (const origin of Object.values(origins)) origin.kill()
  }
})
