// config/examples/retries.yaml: a server that is gone is stepped over, by what the rule of each path says.
import { expect, test } from 'bun:test'
import { rawClient } from '../support/client.ts'
import { adapted, PORTS } from '../support/example-config.ts'
import { startGateway } from '../support/gateway.ts'
import { startOrigin } from '../support/origin.ts'

test('failing servers are stepped over, and the last answer is passed on where none is left', async () => {
  const modes: Record<number, number> = { 9001: 200, 9002: 200, 9003: 200 }
  const origins = Object.fromEntries(
    PORTS.map((port) => [port, startOrigin((_request, reply) => reply.send(modes[port]!, String(port)))]),
  )
  await using gateway = await startGateway({ config: adapted('retries.yaml', origins), file: 'retries.yaml' })
  const ask = async (target: string): Promise<readonly [number, string]> => {
    await using client = await rawClient(gateway.port('web'))
    const { status, body } = await client.get(target)
    return [status, body]
  }
  try {
    for (const target of ['/a', '/reports/a', '/catalog/a']) expect((await ask(target))[0]).toBe(200)
    modes[9001] = 503
    for (let n = 0; n < 4; n++) expect(await ask('/a')).toEqual([200, '9002'])
    modes[9002] = 502
    expect((await ask('/a'))[0]).toBeGreaterThanOrEqual(502)
    origins[9001]?.kill()
    for (let n = 0; n < 4; n++) expect(await ask('/catalog/a')).toEqual([200, '9003'])
  } finally {
    for (const origin of Object.values(origins)) origin.kill()
  }
})
