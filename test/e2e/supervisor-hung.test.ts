// A worker that hangs without dying.
import { describe, expect, test } from 'bun:test'
import { rawClient } from '../support/client.ts'
import { runCommand, startGateway } from '../support/gateway.ts'
import { startOrigin } from '../support/origin.ts'
import { isRunning, sendSignal } from '../support/processes.ts'
import { waitFor } from '../support/wait.ts'

const GET = 'GET / HTTP/1.1\r\nHost: h\r\n\r\n'

describe('a worker that is stopped for good', () => {
  test('is shown, told and replaced; whoever waited in its queue is served by its successor', async () => {
    await using origin = startOrigin((_, reply) => reply.send(200, 'ok'))
    await using gateway = await startGateway({
      config: {
        listeners: { web: { bind: '127.0.0.1:0', backend: 'b' } },
        backends: { b: { servers: [{ url: origin.url }] } },
      },
      workers: 2,
    })
    const victim = gateway.workers[0]!
    sendSignal(victim, 'SIGSTOP')
    const clients = await Promise.all(Array.from({ length: 40 }, () => rawClient(gateway.port())))
    for (const client of clients) client.send(GET)
    const answers = Promise.all(clients.map((client) => client.readAnswer()))
    const seen = await waitFor(
      async () => {
        const { stdout } = await runCommand(['health', '--admin', gateway.admin])
        return stdout.includes(`worker ${victim} has said nothing for `)
      },
      { what: 'the silence to be shown' },
    )
    expect(seen).toBe(true)
    const hung = await gateway.event('worker_hung')
    expect(hung).toMatchObject({ level: 'error', pid: victim, slot: 0 })
    expect(hung['silent_ms']).toBeGreaterThanOrEqual(5000)
    expect(await gateway.event('worker_replaced')).toMatchObject({ previous: victim, slot: 0 })
    expect((await answers).map(({ status }) => status)).toEqual(clients.map(() => 200))
    for (const client of clients) client.rst()
    await waitFor(() => !isRunning(victim))
    const metrics = await (await fetch(`${gateway.admin}/metrics`)).text()
    expect(metrics).toContain('lb_workers_hung_total 1')
  })
})
