// config/examples/groups.yaml over four workers: the other site carries what is missing, exactly, and who
// comes up begins with little.
import { expect, test } from 'bun:test'
import { serverIs } from '../support/backends.ts'
import { adapted, PORTS } from '../support/example-config.ts'
import { startGateway } from '../support/gateway.ts'
import { answering, stateOf } from '../support/orders.ts'
import { startOrigin } from '../support/origin.ts'

test('a group carries what it can, the next one what is missing, and who comes up gets little at first', async () => {
  const origins = Object.fromEntries(
    PORTS.map((port) => [port, startOrigin((_request, reply) => reply.send(200, String(port)))]),
  )
  const config = adapted('groups.yaml', origins)
  await using gateway = await startGateway({ config, file: 'groups.yaml', workers: 4 })
  try {
    expect(await answering(gateway, 14)).toEqual({ 9001: 7, 9002: 7 })
    origins[9001]!.kill()
    await serverIs(gateway.admin, 'here-1', 'down')
    expect(await gateway.event('groups_in_use')).toMatchObject({
      ...{ level: 'warn', backend: 'app', why: 'group 1: 71 %, group 2: 29 %', was: { 1: 100 } },
    })
    // Half of group 1 is up where 0.7 would be enough.
    expect(await answering(gateway, 70)).toEqual({ 9002: 50, 9003: 20 })
    origins[9001]!.revive()
    await gateway.event('server_warming')
    await serverIs(gateway.admin, 'here-1', 'up')
    expect((await stateOf(gateway, 'here-1')).slow_start).toBeWithin(0.05, 1)
    const since = await answering(gateway, 44)
    expect(since[9003]).toBeUndefined()
    expect(since[9001]).toBeWithin(1, 22)
  } finally {
    for (const origin of Object.values(origins)) origin.kill()
  }
})
