import { expect, test } from 'bun:test'
import { socketAddress } from '../../../server/lib/socket-address.ts'
import { ptr } from 'bun:ffi'
import { libc } from '../../../server/lib/native.ts'
import { countSockets } from '../../../server/lib/sock-diag.ts'
import { handshakesOn } from '../../../server/lib/tcp-table.ts'
import { AF_INET, IPPROTO_TCP, OPEN_FLAGS, setOption, SOCK_STREAM } from '../../../server/sockets/calls.ts'
import { waitFor } from '../../support/wait.ts'

const TCP_DEFER_ACCEPT = 9
const [ESTABLISHED, SYN_RECV, LISTEN] = [1, 3, 10]

const onLinux = test.skipIf(process.platform !== 'linux')

onLinux('the sockets of a port are counted by their state, of both families', async () => {
  const listen = (hostname: string, port = 0) => Bun.listen({ hostname, port, socket: { data() {} } })
  const server = listen('127.0.0.1')
  const { port } = server
  const six = listen('::1', port)
  const clients = await Promise.all(
    ['127.0.0.1', '127.0.0.1', '127.0.0.1', '::1'].map((hostname) =>
      Bun.connect({ hostname, port, socket: { data() {} } }),
    ),
  )
  const counts = (): (number | null)[] =>
    [ESTABLISHED, SYN_RECV, LISTEN].map((state) => countSockets(port, state))
  expect(counts()).toEqual([4, 0, 2])
  for (const client of clients) client.terminate()
  for (const one of [server, six]) one.stop(true)
  await waitFor(() => counts().every((count) => count === 0))
})

onLinux('handshakes under way are counted, as the table has them', async () => {
  // Who says nothing stays in its handshake.
  const fd = libc().socket(AF_INET, SOCK_STREAM | OPEN_FLAGS, 0)
  expect(setOption(fd, IPPROTO_TCP, TCP_DEFER_ACCEPT, 30)).toBe(true)
  const here = socketAddress('127.0.0.1', 0)!
  expect([libc().bind(fd, ptr(here), here.length), libc().listen(fd, 9)]).toEqual([0, 0])
  const name = Buffer.alloc(16)
  libc().getsockname(fd, ptr(name), ptr(new Uint32Array([16])))
  const port = name.readUInt16BE(2)
  const to = socketAddress('127.0.0.1', port)!
  const clients = Array.from({ length: 4 }, () => {
    const client = libc().socket(AF_INET, SOCK_STREAM | OPEN_FLAGS, 0)
    libc().connect(client, ptr(to), to.length)
    return client
  })
  const inTable = (): number => handshakesOn(port, () => null)
  await waitFor(() => inTable() === 4)
  expect(countSockets(port, SYN_RECV)).toBe(4)
  for (const one of [...clients, fd]) libc().close(one)
})
