// Where clients come in that workers accepted: a listening Unix socket, on which each connection begins with
// a PROXY header. With it comes the client's descriptor (TCP), which is served from then on in the place of
// the connection; or its bytes follow (TLS, and where no descriptor could be passed).
import type { Pointer } from 'bun:ffi'
import { guarded } from '../../lib/bug.ts'
import { nowMs } from '../../lib/clock.ts'
import { errno, libc } from '../../lib/native.ts'
import { closeFds, receiveWithFds } from '../../lib/pass-fds.ts'
import { Address } from '../../lib/address.ts'
import type { Timed } from '../../lib/wheel.ts'
import { Acceptor } from '../../sockets/acceptor.ts'
import { EAGAIN, EINTR, SEND_FLAGS } from '../../sockets/calls.ts'
import { type Pollable, READABLE } from '../../sockets/poller.ts'
import { NOT_TAKEN, TAKEN } from '../messages.ts'
import type { Stream, StreamSink } from '../network.ts'
import type { Counters } from './counters.ts'
import { type ClientHeader, readClientHeader } from './client-header.ts'
import { READ_BYTES, type StreamEnds, type StreamHost } from './stream-host.ts'
import { served } from './served.ts'
import { SILENT, SocketStream } from './streams.ts'
import { Tie } from './tie.ts'

const HEADER_MS = 5000

const nowhere = new Address(new Uint8Array(4), 0)
/** Of a connection that has not said yet, or never will. */
export const UNKNOWN_ENDS: StreamEnds = { transport: 'tcp', listener: '', remote: nowhere, local: nowhere }

/** Who comes through a door, and where to. */
interface Hall {
  readonly host: StreamHost
  readonly counters: Counters
  readonly reader: StreamSink
  readonly enter: (stream: Stream) => void
}

/** Opens the door on a listening Unix socket; `enter` gets those who said whose connection they carry. */
export function openDoor(
  host: StreamHost,
  counters: Counters,
  fd: number,
  enter: (stream: Stream) => void,
): Acceptor {
  const hall: Hall = { host, counters, reader: makeHeaderReader(counters, enter), enter }
  const accept = (accepted: number): void => void new Visitor(hall, accepted)
  return new Acceptor(fd, { ...host, accept, exhausted: () => void counters.acceptPauses++ })
}

/** A connection of which nothing has come yet: a descriptor comes with its first bytes. */
class Visitor implements Pollable, Timed {
  dueMs = 0
  filedTick = -1
  filedPlace = -1
  readonly #hall: Hall
  readonly #fd: number

  constructor(hall: Hall, fd: number) {
    this.#hall = hall
    this.#fd = fd
    hall.host.poller.add(fd, READABLE, this)
    hall.host.wheel.due(this, nowMs + HEADER_MS)
  }

  onReady(): void {
    const { input } = this.#hall.host
    const { length, fds } = receiveWithFds(this.#fd, input.at as Pointer, READ_BYTES)
    if (length < 0 && [EAGAIN, EINTR].includes(errno())) return
    const leftMs = Math.max(1, this.dueMs - nowMs)
    this.#leave()
    if (length <= 0) return this.#close()
    const header = readClientHeader(input.bytes, 0, length)
    const [client] = fds
    if (header === null || header === 'more' || !header.hasDescriptor) closeFds(fds)
    else if (client !== undefined) return this.#serve(client, header, length)
    else this.#refuse()
    this.#readOn(length, leftMs)
  }

  /** The client's bytes come here. */
  #readOn(length: number, leftMs: number): void {
    const { host, reader } = this.#hall
    const stream = served(this.#fd, (fd) => new SocketStream(host, { fd, ends: UNKNOWN_ENDS }, reader))
    if (typeof stream === 'string') return
    stream.deadline.set(leftMs, 'no header')
    stream.begin(0, length)
  }

  /** The client's bytes come on its own connection; this one tells its worker that it is there. */
  #serve(client: number, { ends, length: from }: ClientHeader, end: number): void {
    const { host, enter } = this.#hall
    const stream = served(client, (fd) => new SocketStream(host, { fd, ends }, SILENT))
    if (typeof stream === 'string') return closeFds([this.#fd])
    const tie = served(this.#fd, (fd) => new Tie(host.poller, fd))
    if (typeof tie === 'string') return stream.abort('no room for it')
    this.#say(TAKEN)
    stream.tie = tie
    guarded(() => enter(stream))
    stream.begin(from, end)
  }

  /** No descriptor is left for it. */
  #refuse(): void {
    this.#hall.counters.acceptPauses++
    this.#say(NOT_TAKEN)
  }

  /** There is room: nothing was said yet. Where the worker is gone already, nobody has to know. */
  #say(word: number): void {
    libc().send(this.#fd, Uint8Array.of(word), 1, SEND_FLAGS)
  }

  expire(): void {
    this.#leave()
    this.#close()
  }

  #leave(): void {
    const { poller, wheel } = this.#hall.host
    wheel.remove(this)
    poller.remove(this.#fd)
  }

  #close(): void {
    libc().close(this.#fd)
    this.#hall.counters.badHeaders++
  }
}

/** Reads the header, and hands the stream on with what stands behind it. */
function makeHeaderReader(counters: Counters, accept: (stream: Stream) => void): StreamSink {
  return {
    onBytes(stream, bytes, start, length) {
      const header = readClientHeader(bytes, start, length)
      if (header === 'more' || !(stream instanceof SocketStream)) return 0
      if (header === null) {
        stream.abort('bad header')
        return 0
      }
      stream.deadline.set(0, '')
      stream.identify(header.ends)
      accept(stream)
      return header.length
    },
    onEnd: (stream) => stream.abort('no header'),
    onClose: () => void counters.badHeaders++,
  }
}
