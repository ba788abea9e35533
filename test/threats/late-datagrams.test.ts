// Threat: a worker that is held up reads late what came in time: that is no fault of who sent it.
import { expect, test } from 'bun:test'
import { startGateway } from '../support/gateway.ts'
import { sendSignal } from '../support/processes.ts'
import { socketsOfRun } from '../support/sockets.ts'
import { udpPeer } from '../support/udp.ts'
import { waitFor } from '../support/wait.ts'

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
    const [worker = -1] = gateway.workers
    // A flow ends at different moments of the loop's turns: once is not enough.
    for (let n = 0; n < 5; n++) {
      client.send(`question ${n}`, gateway.port('dns'))
      const { host, port } = await server.next()
      sendSignal(worker, 'SIGSTOP')
      try {
        server.send(`answer ${n}`, port, host)
        const sinceMs = performance.now()
        await waitFor(() => performance.now() - sinceMs > 2 * IDLE_MS)
      } finally {
        sendSignal(worker, 'SIGCONT')
      }
      expect((await client.next()).bytes.toString()).toBe(`answer ${n}`)
    }
  },
)
