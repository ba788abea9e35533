// What a socket is that another process has opened: getsockname(2) and what the kernel says of its kind.
import { ptr } from 'bun:ffi'
import { readlinkSync } from 'node:fs'
import { Address } from './address.ts'
import { writeBind } from './bind.ts'
import { libc } from './native.ts'

const AF_UNIX = 1
const AF_INET = 2
const AF_INET6 = 10
const SOCK_STREAM = 1
const SOCK_DGRAM = 2
const SOL_IP = 0
const SOL_SOCKET = 1
const SOL_IPV6 = 41
const SO_TYPE = 3
const SO_REUSEPORT = 15
const SO_ACCEPTCONN = 30
const IP_PKTINFO = 8
const IPV6_V6ONLY = 26
const IPV6_RECVPKTINFO = 49
const F_GETFD = 1
const F_SETFD = 2
const F_GETFL = 3
const F_SETFL = 4
const FD_CLOEXEC = 1
const O_NONBLOCK = 0x800

/** A socket that waits for clients. */
export interface SocketName {
  readonly kind: 'tcp' | 'udp' | 'unix'
  /** As listeners bind it: `host:port`, `unix:/path`. */
  readonly bind: string
  /** An address literal; of a Unix socket its path. */
  readonly host: string
  readonly port: number
  /** SO_REUSEPORT is set: others of its user may share the address. */
  readonly isReusePort: boolean
  /** Of `::`: it takes nothing of IPv4. */
  readonly isV6Only: boolean
}

/** Null: it is no socket, or none that waits for clients. */
export function socketName(fd: number): SocketName | null {
  const type = optionOf(fd, SOL_SOCKET, SO_TYPE)
  if (type !== SOCK_STREAM && type !== SOCK_DGRAM) return null
  if (type === SOCK_STREAM && optionOf(fd, SOL_SOCKET, SO_ACCEPTCONN) !== 1) return null
  const bytes = new Uint8Array(new ArrayBuffer(128))
  const length = new Uint32Array([bytes.byteLength])
  if (libc().getsockname(fd, ptr(bytes), ptr(length)) !== 0) return null
  const view = new DataView(bytes.buffer)
  const family = view.getUint16(0, true)
  const options = {
    isReusePort: optionOf(fd, SOL_SOCKET, SO_REUSEPORT) === 1,
    isV6Only: family === AF_INET6 && optionOf(fd, SOL_IPV6, IPV6_V6ONLY) === 1,
  }
  if (family === AF_UNIX) return type === SOCK_STREAM ? unixName(bytes.subarray(2, length[0])) : null
  if (family !== AF_INET && family !== AF_INET6) return null
  const { host, port } = new Address(
    bytes.slice(family === AF_INET ? 4 : 8, family === AF_INET ? 8 : 24),
    view.getUint16(2),
  )
  return {
    ...{ kind: type === SOCK_STREAM ? 'tcp' : 'udp', bind: writeBind(host, port), host, port },
    ...options,
  }
}

/** One without a name, or with an abstract one, is no listener's. */
function unixName(bytes: Uint8Array): SocketName | null {
  if (bytes.length === 0 || bytes[0] === 0) return null
  const end = bytes.indexOf(0)
  const path = new TextDecoder().decode(end < 0 ? bytes : bytes.subarray(0, end))
  return { kind: 'unix', bind: `unix:${path}`, host: path, port: 0, isReusePort: false, isV6Only: false }
}

/**
 * Whether it is open, and may have been so before this program began. Event loops (epoll, eventfd, io_uring)
 * are its own, and take the first numbers that are free. FD_CLOEXEC says nothing: Bun sets it on what it
 * inherits.
 */
export function mayBeInherited(fd: number): boolean {
  if (libc().fcntl(fd, F_GETFD, 0) < 0) return false
  try {
    return !readlinkSync(`/proc/self/fd/${fd}`).startsWith('anon_inode:')
  } catch {
    return true // no /proc
  }
}

/** Makes it ours: no call waits on it, and no child has it. */
export function makeOwn(fd: number): void {
  libc().fcntl(fd, F_SETFL, libc().fcntl(fd, F_GETFL, 0) | O_NONBLOCK)
  libc().fcntl(fd, F_SETFD, FD_CLOEXEC)
}

/** On every address of its family: each datagram says which one it came to. */
export function tellDestinations(fd: number, host: string): void {
  if (host === '::') setOption(fd, SOL_IPV6, IPV6_RECVPKTINFO)
  if (host === '0.0.0.0') setOption(fd, SOL_IP, IP_PKTINFO)
}

function setOption(fd: number, level: number, option: number): void {
  const value = new Int32Array([1])
  libc().setsockopt(fd, level, option, ptr(value), value.byteLength)
}

/** Null: it has none. */
function optionOf(fd: number, level: number, option: number): number | null {
  const value = new Int32Array(1)
  const length = new Uint32Array([value.byteLength])
  return libc().getsockopt(fd, level, option, ptr(value), ptr(length)) === 0 ? (value[0] ?? 0) : null
}
