// What the other side said last in a handshake is acknowledged at once: with Nagle's algorithm it keeps back
// what it has to say next until then, and the kernel puts such acknowledgements off for 40 ms.
import { ptr } from 'bun:ffi'
import { afterEach, expect, test as anywhere } from 'bun:test'
import type { AddressInfo } from 'node:net'
import { createServer } from 'node:tls'
import { Arrivals } from '../../../server/accept/arriving.ts'
import { Count } from '../../../server/accept/count.ts'
import { Gate } from '../../../server/accept/gate.ts'
import { OpenAddress } from '../../../server/accept/open-address.ts'
import { TlsEntry } from '../../../server/accept/tls-entry.ts'
import { tick } from '../../../server/lib/clock.ts'
import { libc } from '../../../server/lib/native.ts'
import { Wheel } from '../../../server/lib/wheel.ts'
import { IPPROTO_TCP, readOption, TCP_QUICKACK } from '../../../server/sockets/calls.ts'
import { NOBODY, type Socket } from '../../../server/sockets/socket.ts'
import { alpnList } from '../../../server/tls/accept-tls.ts'
import { dialServerAt } from '../../../server/tls/dial-tls.ts'
import { ClientTls, ServerTls } from '../../../server/tls/server-tls.ts'
import { waitFor, within } from '../../support/wait.ts'
import { certificate, pemPair, tlsOf } from '../turn/stream-scene.ts'

const test = anywhere.if(process.platform === 'linux')

const TCP_INFO = 11
/** struct tcp_info: eight bytes, then rto, ato, snd_mss and rcv_mss before it. */
const UNACKED_AT = 24
const info = new DataView(new ArrayBuffer(256))
const length = new Uint32Array([info.byteLength])

/** How many segments of this side wait for an acknowledgement. */
function unacknowledged(fd: number): number {
  if (libc().getsockopt(fd, IPPROTO_TCP, TCP_INFO, ptr(info), ptr(length)) !== 0)
    throw new Error('no TCP_INFO')
  return info.getUint32(UNACKED_AT, true)
}

const opened: { stop(): void }[] = []
afterEach(() => {
  for (const one of opened.splice(0)) one.stop()
})

test("a client's last word, by the time that its handshake counts", async () => {
  let fd = -1
  const waiting: number[] = []
  const entry = new TlsEntry({
    listener: 'web',
    meter: { ended: () => void waiting.push(unacknowledged(fd)), clientCertificate: () => {} },
    arrivals: new Arrivals(new Wheel(tick)),
    tls: tlsOf(certificate()),
    alpn: alpnList([]),
    next: {
      accept(socket, from) {
        from.gone()
        socket.terminate()
      },
    },
  })
  const count = new Count({ connections() {} }, { came() {}, left() {} })
  const about = { listener: 'web', connections: 100, count, limitReached() {} }
  const address = new OpenAddress(
    { hostname: '127.0.0.1', port: 0 },
    new Gate({ ...about, next: entry, isTls: true }),
  )
  opened.push(address)
  await Bun.connect({
    ...{ hostname: '127.0.0.1', port: address.port, tls: { rejectUnauthorized: false } },
    socket: { open: (socket) => void (fd = (socket as unknown as { fd: number }).fd), data() {}, error() {} },
  })
  await waitFor(() => waiting.length > 0, { what: 'the handshake' })
  expect(waiting).toEqual([0])
})

test("so are a server's tickets, which mostly cross our first request", async () => {
  const server = createServer(
    pemPair(),
    (socket) => void socket.once('data', () => socket.write('an answer')),
  )
  await new Promise<void>((resolve) => void server.listen(0, '127.0.0.1', resolve))
  opened.push({ stop: () => void server.close() })
  const { port } = server.address() as AddressInfo
  const { promise, resolve, reject } = Promise.withResolvers<Socket>()
  const answer = Promise.withResolvers<number>()
  const tls = new ServerTls(
    new ClientTls({ verify: false, ca: [], pin: [], resume: true, min_version: 'TLSv1.2' }),
    'a.example',
  )
  dialServerAt({ address: '127.0.0.1', port }, tls, null, {
    ...NOBODY,
    onConnected(socket) {
      socket.owner = {
        ...NOBODY,
        onData: () => answer.resolve(readOption(socket.fd, IPPROTO_TCP, TCP_QUICKACK)),
      }
      socket.write(Buffer.from('a request'), 0, 9)
      resolve(socket)
    },
    onDialFailed: (failure) => reject(new Error(failure)),
  })
  const socket = await within(promise, 'a connection')
  // By our request it would have been turned off.
  expect(await within(answer.promise, 'an answer')).toBe(1)
  socket.terminate()
})
