// Threat: a worker that is held up reads late what came in time: that is no fault of who sent it.
import { expect, test } from 'bun:test'
import { rawClient } from '../support/client.ts'
import { startGateway } from '../support/gateway.ts'
import { heldUp } from '../support/held-up.ts'
import { RawServer } from '../support/raw-server.ts'
import { socketsOfRun } from '../support/sockets.ts'
import { udpPeer } from '../support/udp.ts'

const IDLE_MS = 300

test.if(socketsOfRun() !== 'bun')(
  'an answer that came before its flow was idle reaches the client, though it is read behind that',
  async () => {
    await using server = await udpPeer()
    await using client = await udpPeer()
    await using gateway = await startGateway({
      config: {
        listeners: {
          dns: { bind: '127.0.0.1:0', protocol: 'udp', backend: 'late', idle: `${IDLE_MS}ms` },
        },
        backends: { late: { servers: [{ url: `udp://127.0.0.1:${server.port}` }] } },
      },
    })
    // A flow ends at different moments of the loop's turns: once is not enough.
    for (let n = 0; n < 5; n++) {
      client.send(`question ${n}`, gateway.port('dns'))
      const { host, port } = await server.next()
      await heldUp(gateway, 2 * IDLE_MS, () => server.send(`answer ${n}`, port, host))
      expect((await client.next()).bytes.toString()).toBe(`answer ${n}`)
    }
  },
)

test('bytes that came before their connection was idle reach the other side', async () => {
  using server = new RawServer()
  await using gateway = await startGateway({
    config: {
      listeners: {
        db: { bind: '127.0.0.1:0', protocol: 'tcp', backend: 'late', timeouts: { idle: `${IDLE_MS}ms` } },
      },
      backends: { late: { servers: [{ url: server.url }] } },
    },
  })
  for (let n = 0; n < 5; n++) {
    const client = await rawClient(gateway.port('db'))
    client.send('ask ')
    const behind = await server.next()
    await behind.reader.exactly(4)
    await heldUp(gateway, 2 * IDLE_MS, () => {
      client.send('more')
      behind.send('answer')
    })
    expect((await client.reader.exactly(6)).toString()).toBe('answer')
    expect((await behind.reader.exactly(4)).toString()).toBe('more')
    client.fin()
  }
})
