// Who is at the other end of a socket: as Bun tells it, in the one form that rules know.
import { expect, test } from 'bun:test'
import { canonicalAddress } from '../../../server/lib/ip-address.ts'
import { endsOf } from '../../../server/sockets/socket-ends.ts'
import type { SocketEnds } from '../../../server/sockets/socket.ts'
import { rawClient } from '../../support/client.ts'
import { waitFor } from '../../support/wait.ts'

/** What a socket accepted at `listen` from `from` says, and its port at the other end. */
async function asked(
  listen: string,
  to: string,
  from?: string,
): Promise<{ ends: SocketEnds[]; port: number }> {
  const ends: SocketEnds[] = []
  const listener = Bun.listen({
    hostname: listen,
    port: 0,
    socket: {
      open(socket) {
        const { remoteAddress, remotePort } = socket as unknown as {
          remoteAddress: string
          remotePort: number
        }
        ends.push(endsOf(socket))
        ends.push({ address: canonicalAddress(remoteAddress) ?? '', port: remotePort, isReset: false })
      },
      data() {},
    },
  })
  await using client = await rawClient(listener.port, to, from)
  await waitFor(() => ends.length === 2)
  listener.stop(true)
  return { ends, port: client.localPort }
}

test('IPv4, another IPv4, IPv6 and IPv4 over an IPv6 socket are told as Bun tells them', async () => {
  for (const [listen, to, address, from] of [
    ['127.0.0.1', '127.0.0.1', '127.0.0.1', undefined],
    ['127.0.0.1', '127.0.0.1', '127.0.200.3', '127.0.200.3'],
    ['::1', '::1', '::1', undefined],
    ['::', '127.0.0.1', '127.0.0.1', undefined],
  ] as const) {
    const { ends, port } = await asked(listen, to, from)
    const wanted = { address, port, isReset: false }
    expect(ends).toEqual([wanted, wanted])
  }
})
