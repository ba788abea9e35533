// Threat: whoever reaches the admin listener opens as many connections as there are descriptors, without any
// credential, and the supervisor can no longer read its config, start a worker or answer a command.
//
// The listener makes way: who is on the machine goes on as ever, and traffic has noticed nothing.
import { expect, test } from 'bun:test'
import { type RawClient, rawClient } from '../support/client.ts'
import { runCommand, startGateway, writeInPlace } from '../support/gateway.ts'
import { startOrigin } from '../support/origin.ts'
import { descriptorsOf } from '../support/processes.ts'
import { waitFor } from '../support/wait.ts'

const LIMIT = 200

test('strangers who take every descriptor of the admin listener keep nobody from the gateway', async () => {
  await using origin = startOrigin((_request, reply) => reply.send(200, 'ok'))
  await using gateway = await startGateway({
    through: ['sh', '-c', `ulimit -n ${LIMIT}; exec "$@"`, 'sh'],
    config: {
      listeners: { web: { bind: '127.0.0.1:0', protocol: 'http', backend: 'api' } },
      backends: { api: { servers: [{ name: 'a', url: origin.url }] } },
    },
  })
  const { pid } = gateway
  const port = Number(new URL(gateway.admin).port)
  const strangers: RawClient[] = []
  for (let n = 0; n < LIMIT; n++) {
    const stranger = await rawClient(port)
    stranger.send('GET / HTTP/1.1\r\nHost: ')
    strangers.push(stranger)
  }
  const told = await gateway.event('admin_gives_way')
  expect(told).toMatchObject({ level: 'error', limit: LIMIT, address: `127.0.0.1:${port}` })
  await waitFor(() => descriptorsOf(pid) < LIMIT / 2)
  const { code, stdout } = await runCommand(['status', '-c', gateway.configFile])
  expect([code, stdout]).toEqual([0, expect.stringContaining('1 of 1 servers up')])
  await writeInPlace(gateway, (await Bun.file(gateway.configFile).text()).replace('"a"', '"b"'))
  await gateway.event('applied')
  expect((await fetch(`http://127.0.0.1:${gateway.port()}/`)).status).toBe(200)
  for (const stranger of strangers) stranger.rst()
}, 30_000)
