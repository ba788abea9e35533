// Who is at the other end of a socket, also of one that is broken already. A client that was reset before it
// was accepted has no remoteAddress: getpeername asks for a connection. SO_PEERNAME does not.
import { ptr } from 'bun:ffi'
import { libc } from '../lib/native.ts'
import { addressIn, portIn } from './sockaddr.ts'
import type { LocalEnd, SocketEnds } from './socket.ts'

const SOL_SOCKET = 1
const SO_PEERNAME = 28
/** Sizes of their addresses. */
const IPV4_BYTES = 16
const IPV6_BYTES = 28

/** A socket as Bun has it, beyond its public types. */
interface WithEnds {
  readonly remoteAddress: string | undefined
  readonly remotePort: number | undefined
  readonly fd: number
}

/**
 * Asked when a socket is accepted, once for all: later it may be broken, and know nothing any more. One call
 * of the kernel, where Bun makes one for each of address and port.
 */
export function endsOf(socket: object): SocketEnds {
  const { fd } = socket as WithEnds
  if (process.platform !== 'linux' || fd < 0) return endsByBun(socket as WithEnds)
  length[0] = IPV6_BYTES
  if (libc().getpeername(fd, nameAt(), lengthAt()) === 0) return named(false)
  // Asked for more bytes than there are, the kernel gives none.
  return hasName(fd, IPV6_BYTES) || hasName(fd, IPV4_BYTES) ? named(true) : UNKNOWN
}

/** Our own end; null: it is none of TCP, or gone. */
export function localName(fd: number): LocalEnd | null {
  length[0] = IPV6_BYTES
  if (fd < 0 || libc().getsockname(fd, nameAt(), lengthAt()) !== 0) return null
  const address = addressIn(name)
  return address === null ? null : { address, port: portIn(name) }
}

function endsByBun({ remoteAddress, remotePort = 0 }: WithEnds): SocketEnds {
  return remoteAddress === undefined ? UNKNOWN : { address: remoteAddress, port: remotePort, isReset: false }
}

function hasName(fd: number, bytes: number): boolean {
  length[0] = bytes
  return libc().getsockopt(fd, SOL_SOCKET, SO_PEERNAME, nameAt(), lengthAt()) === 0
}

const UNKNOWN: SocketEnds = { address: 'unknown', port: 0, isReset: true }

// What the kernel writes: one for all, read at once.
const name = new DataView(new ArrayBuffer(IPV6_BYTES))
const length = new Uint32Array(new ArrayBuffer(4))
const places: { name: ReturnType<typeof ptr> | null; length: ReturnType<typeof ptr> | null } = {
  name: null,
  length: null,
}
const nameAt = (): ReturnType<typeof ptr> => (places.name ??= ptr(name))
const lengthAt = (): ReturnType<typeof ptr> => (places.length ??= ptr(length))

function named(isReset: boolean): SocketEnds {
  const address = addressIn(name)
  return address === null ? UNKNOWN : { address, port: portIn(name), isReset }
}
