// Who is at the other end of a socket, also of one that is broken already. A client that was reset before it
// was accepted has no remoteAddress: getpeername asks for a connection. SO_PEERNAME does not.
import { ptr } from 'bun:ffi'
import { libc } from '../lib/native.ts'
import { canonicalAddress } from '../lib/ranges.ts'
import type { SocketEnds } from './socket.ts'

const SOL_SOCKET = 1
const SO_PEERNAME = 28
const AF_INET = 2
const AF_INET6 = 10
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
  const family = name.getUint16(0, true)
  const address = family === AF_INET ? v4() : family === AF_INET6 ? v6() : null
  return address === null ? UNKNOWN : { address, port: name.getUint16(2), isReset }
}

/** Whoever comes often is named once. */
const latest = { number: 0, text: '0.0.0.0' }

function v4(): string {
  const number = name.getUint32(4)
  if (number !== latest.number) {
    latest.number = number
    latest.text = `${number >>> 24}.${(number >>> 16) & 255}.${(number >>> 8) & 255}.${number & 255}`
  }
  return latest.text
}

function v6(): string | null {
  let text = name.getUint16(8).toString(16)
  for (let at = 10; at < 24; at += 2) text += `:${name.getUint16(at).toString(16)}`
  return canonicalAddress(text)
}
