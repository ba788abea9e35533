// The real network: sockets of Linux by libc, polled by an epoll of our own. Start reading here; the loop
// that drives it is loop.ts.
import { nowMs } from '../../lib/clock.ts'
import { Wheel } from '../../lib/wheel.ts'
import { Address } from '../../lib/address.ts'
import type { Network, OpenFailure, Stream, StreamSink, TcpListener } from '../network.ts'
import type { DatagramSink, UdpSocket } from '../../sockets/udp/udp-socket.ts'
import { Counters } from './counters.ts'
import { Datagrams } from '../../sockets/udp/datagrams.ts'
import { openDoor, UNKNOWN_ENDS } from './door.ts'
import { Acceptor } from '../../sockets/acceptor.ts'
import type { Poller } from '../../sockets/poller.ts'
import { PiecePool } from './send-queue.ts'
import { Input, type StreamHost } from './stream-host.ts'
import { served } from './served.ts'
import { SILENT, SocketStream } from './streams.ts'
import { AF_INET, AF_INET6, SOCK_DGRAM } from '../../sockets/calls.ts'
import { portIn } from '../../sockets/sockaddr.ts'
import { boundPort, openConnection, openListener, openSocket, sendAtOnce } from './tcp.ts'
import { BoundUdp, WildcardUdp } from '../../sockets/udp/bound.ts'

/** Something that was adopted. */
export interface Open {
  close(): void
  /** Others read from it until it goes on. */
  holdBack?(): void
  goOn?(): void
}

export class SocketNetwork implements Network {
  readonly counters = new Counters()
  readonly #poller: Poller
  readonly #datagrams = new Datagrams(this.counters)
  readonly #wheel: Wheel
  readonly #streams: StreamHost & { readonly waiting: SocketStream[] }

  /** `wheel` holds deadlines of connections that end or have not said whose they are. */
  constructor(poller: Poller, wheel = new Wheel(() => nowMs)) {
    this.#poller = poller
    this.#wheel = wheel
    this.#streams = { poller, wheel, pieces: new PiecePool(), input: new Input(), waiting: [] }
  }

  /** Serves a bound UDP socket whose descriptor is ours from now on; `address` may be 0.0.0.0 or ::. */
  adoptUdp(fd: number, address: Address, sink: DatagramSink): Open {
    const parts = { datagrams: this.#datagrams, poller: this.#poller, fd, address, isBusy: true }
    return address.ip.some((byte) => byte !== 0) ? new BoundUdp(parts, sink) : new WildcardUdp(parts, sink)
  }

  /** Accepts clients from workers on a listening Unix socket: connections that begin with a PROXY header. */
  adoptDoor(fd: number, accept: (stream: Stream) => void): Open {
    return openDoor(this.#streams, this.counters, fd, accept)
  }

  /** A connected socket that nothing is known of: the control channel. */
  adoptStream(fd: number, sink: StreamSink): Stream {
    return new SocketStream(this.#streams, { fd, ends: UNKNOWN_ENDS }, sink)
  }

  openUdp(local: Address, sink: DatagramSink): UdpSocket | OpenFailure {
    const parts = { datagrams: this.#datagrams, poller: this.#poller, isBusy: false }
    return served(
      openSocket(SOCK_DGRAM, local, () => {}),
      (fd) => {
        // Port 0 asks for any.
        const address = local.port === 0 ? new Address(local.ip, boundPort(fd)) : local
        return new BoundUdp({ ...parts, fd, address }, sink)
      },
    )
  }

  listenTcp(local: Address, accept: (stream: Stream) => void): TcpListener | OpenFailure {
    const parts = {
      poller: this.#poller,
      wheel: this.#wheel,
      exhausted: () => void this.counters.acceptPauses++,
      accept: (fd: number, from: DataView): void => {
        sendAtOnce(fd)
        const ends = { ...UNKNOWN_ENDS, local, remote: addressOf(from) ?? UNKNOWN_ENDS.remote }
        handOver(new SocketStream(this.#streams, { fd, ends }, SILENT), accept)
      },
    }
    return served(openListener(local), (fd) => new Acceptor(fd, parts))
  }

  connectTcp(local: Address, peer: Address, sink: StreamSink): Stream | OpenFailure {
    const ends = { ...UNKNOWN_ENDS, local, remote: peer }
    const opened = (fd: number): SocketStream =>
      new SocketStream(this.#streams, { fd, ends, isConnecting: true }, sink)
    return served(openConnection(local, peer), opened)
  }

  /**
   * Sends what was queued during a turn; to be called before each wait of the poller, and by nobody who was
   * called from one.
   */
  flush(): void {
    this.#wheel.sweep(nowMs)
    const { waiting } = this.#streams
    // What handlers of these queue is written in the same go.
    for (let i = 0; i < waiting.length; i++) waiting[i]?.settle()
    waiting.length = 0
    this.#datagrams.send()
  }
}

function handOver(stream: SocketStream, accept: (stream: Stream) => void): void {
  try {
    accept(stream)
  } catch (error) {
    stream.confused(error)
  }
}

function addressOf(name: DataView): Address | null {
  const family = name.getUint16(0, true)
  if (family !== AF_INET && family !== AF_INET6) return null
  const [at, length] = family === AF_INET ? [4, 4] : [8, 16]
  return new Address(new Uint8Array(name.buffer).slice(at, at + length), portIn(name))
}
