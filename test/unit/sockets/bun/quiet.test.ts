import { ptr } from 'bun:ffi'
import { expect, test } from 'bun:test'
import { libc } from '../../../../server/lib/native.ts'
import { bunSockets } from '../../../../server/sockets/bun/bun-sockets.ts'
import type { Socket } from '../../../../server/sockets/socket.ts'
import { rawClient } from '../../../support/client.ts'
import { waitFor } from '../../../support/wait.ts'

const IPPROTO_TCP = 6
const TCP_INFO = 11
const TCP_CLOSE = 7

/** The state of a TCP socket, which asking does not change. */
function stateOf(fd: number): number {
  const [info, length] = [new Uint8Array(new ArrayBuffer(8)), new Uint32Array([8])]
  libc().getsockopt(fd, IPPROTO_TCP, TCP_INFO, ptr(info), ptr(length))
  return info[0] ?? 0
}

test.if(process.platform === 'linux')(
  'one that was reset unseen is not quiet: no request goes on it',
  async () => {
    const accepted = Promise.withResolvers<Socket>()
    const listening = bunSockets.listen({ hostname: '127.0.0.1', port: 0 }, accepted.resolve)
    const client = await rawClient(listening.port)
    const socket = await accepted.promise
    socket.pause()
    expect(socket.isQuiet).toBe(true)
    client.rst()
    await waitFor(() => stateOf(socket.fd) === TCP_CLOSE)
    expect(socket.isQuiet).toBe(false)
    socket.terminate()
    listening.stop()
  },
)
