// Where clients come in that workers accepted: a listening Unix socket, on which each connection begins with
// a PROXY header.
import { Address } from '../../lib/address.ts'
import { Acceptor } from '../../sockets/acceptor.ts'
import type { Stream, StreamSink } from '../network.ts'
import type { Counters } from './counters.ts'
import { readClientHeader } from './client-header.ts'
import type { StreamEnds, StreamHost } from './stream-host.ts'
import { SocketStream } from './streams.ts'

const HEADER_MS = 5000

const nowhere = new Address(new Uint8Array(4), 0)
/** Of a connection that has not said yet, or never will. */
export const UNKNOWN_ENDS: StreamEnds = { transport: 'tcp', listener: '', remote: nowhere, local: nowhere }

/** Opens the door on a listening Unix socket; `enter` gets those who said whose connection they carry. */
export function openDoor(
  host: StreamHost,
  counters: Counters,
  fd: number,
  enter: (stream: Stream) => void,
): Acceptor {
  const reader = makeHeaderReader(counters, enter)
  const accept = (accepted: number): void =>
    new SocketStream(host, { fd: accepted, ends: UNKNOWN_ENDS }, reader).expireIn(HEADER_MS, 'no header')
  return new Acceptor(fd, { ...host, accept, exhausted: () => void counters.acceptPauses++ })
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
      stream.expireIn(0, '')
      stream.identify(header.ends)
      accept(stream)
      return header.length
    },
    onEnd: (stream) => stream.abort('no header'),
    onClose: () => void counters.badHeaders++,
  }
}
