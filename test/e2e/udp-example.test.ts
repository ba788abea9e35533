// config/examples/udp.yaml: it runs as it stands, but for its addresses, and does what its comments say.
import { expect, test } from 'bun:test'
import { readFileSync } from 'node:fs'
import { join } from 'node:path'
import { startGateway } from '../support/gateway.ts'
import { socketsOfRun } from '../support/sockets.ts'
import { named, udpPeer } from '../support/udp.ts'
import { waitFor } from '../support/wait.ts'

const FILE = join(import.meta.dir, '../../config/examples/udp.yaml')

test.if(socketsOfRun() !== 'bun')('questions go to resolvers in turn, logs to one collector', async () => {
  await using a = await named('a')
  await using b = await named('b')
  await using collector = await named('')
  let text = readFileSync(FILE, 'utf8').replaceAll(/0\.0\.0\.0:80\d\d/g, '127.0.0.1:0')
  for (const [port, server] of [
    [9001, a],
    [9002, b],
    [9003, collector],
  ] as const)
    text = text.replace(`127.0.0.1:${port}`, `127.0.0.1:${server.port}`)
  await using gateway = await startGateway({ config: `${text}\nadmin: { bind: "127.0.0.1:0" }\n` })
  await using client = await udpPeer()
  const answers = new Set<string>()
  for (let i = 0; i < 2; i++) answers.add((await client.ask('', gateway.port('dns'))).bytes.toString())
  expect(answers).toEqual(new Set(['a', 'b']))
  for (let i = 0; i < 3; i++) client.send('log', gateway.port('syslog'))
  await waitFor(() => collector.got.length === 3)
  expect(new Set(collector.got.map(({ port }) => port)).size).toBe(1)
})
