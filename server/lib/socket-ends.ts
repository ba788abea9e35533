// Who is at the ends of a socket, also of one that is broken already. A client that was reset before it was accepted has no remoteAddress:
// getpeername asks for a connection. SO_PEERNAME does not.
import { ptr } from 'bun:ffi'
import { libc } from './native.ts'
import { canonicalAddress } from './ranges.ts'

const SOL_SOCKET = 1
const SO_PEERNAME = 28
const AF_INET = 2
const AF_INET6 = 10
/** Sizes of their addresses. */
const IPV4_BYTES = 16
const IPV6_BYTES = 28

/** The two ends of a connection. */
export interface SocketEnds {
  readonly address: string
  readonly port: number
  readonly localPort: number
  /** It is broken already: what the other side has sent can be read, and nobody waits for an answer. */
  readonly isReset: boolean
}

/** A socket as Bun has it, beyond its public types. */
interface WithEnds {
  readonly remoteAddress: string | undefined
  readonly remotePort: number | undefined
  readonly localPort: number | undefined
  readonly fd: number
}

/** Asked when a socket is accepted, once for all: later it may be broken, and know nothing any more. */
export function endsOf(socket: object): SocketEnds {
  const { remoteAddress, remotePort = 0, localPort = 0, fd } = socket as WithEnds
  if (remoteAddress !== undefined)
    return { address: remoteAddress, port: remotePort, localPort, isReset: false }
  return { ...lostPeer(fd), localPort, isReset: true }
}

type Peer = Pick<SocketEnds, 'address' | 'port'>
const UNKNOWN: Peer = { address: 'unknown', port: 0 }

function lostPeer(fd: number): Peer {
  const name = rawName(fd, IPV6_BYTES) ?? rawName(fd, IPV4_BYTES)
  if (name === null) return UNKNOWN
  const view = new DataView(name.buffer)
  const family = view.getUint16(0, true)
  const address = family === AF_INET ? v4(name) : family === AF_INET6 ? v6(name) : null
  return address === null ? UNKNOWN : { address, port: view.getUint16(2) }
}

/** Asked for more bytes than there are, the kernel gives none. */
function rawName(fd: number, bytes: number): Uint8Array | null {
  if (process.platform !== 'linux' || fd < 0) return null
  const name = new Uint8Array(IPV6_BYTES)
  const length = Uint32Array.of(bytes)
  return libc().getsockopt(fd, SOL_SOCKET, SO_PEERNAME, ptr(name), ptr(length)) === 0 ? name : null
}

const v4 = (name: Uint8Array): string => name.subarray(4, 8).join('.')

function v6(name: Uint8Array): string | null {
  const view = new DataView(name.buffer)
  const groups = Array.from({ length: 8 }, (_, i) => view.getUint16(8 + 2 * i).toString(16))
  return canonicalAddress(groups.join(':'))
}
