import { afterEach, expect, test } from 'bun:test'
import { openDescriptors, socketsAt } from '../../../server/lib/descriptors.ts'
import { waitFor } from '../../support/wait.ts'

const ends: (() => void)[] = []
afterEach(() => {
  for (const end of ends.splice(0)) end()
})

test.if(process.platform === 'linux')(
  'of the descriptors those are told apart that are sockets of a port',
  async () => {
    for (const hostname of ['127.0.0.1', '::1']) {
      let accepted = 0
      const socket = { data: () => {}, open: () => void accepted++ }
      const server = Bun.listen({ hostname, port: 0, socket })
      ends.push(() => server.stop(true))
      expect(socketsAt(server.port)).toBe(1)
      const before = openDescriptors()
      for (let i = 0; i < 3; i++) {
        const client = await Bun.connect({ hostname, port: server.port, socket: { data: () => {} } })
        ends.push(() => client.terminate())
      }
      await waitFor(() => accepted === 3, { what: 'three connections' })
      // The ends of the clients have ports of their own.
      expect([socketsAt(server.port), openDescriptors() - before]).toEqual([4, 6])
    }
  },
)
