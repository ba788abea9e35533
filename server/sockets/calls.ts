// Numbers of Linux (the same on x86-64 and arm64), and the few calls on sockets that several files here make.
import { ptr } from 'bun:ffi'
import { libc } from '../lib/native.ts'

export const AF_UNIX = 1
export const AF_INET = 2
export const AF_INET6 = 10
export const SOCK_STREAM = 1
export const SOCK_DGRAM = 2
/** With SOCK_NONBLOCK and SOCK_CLOEXEC. */
export const OPEN_FLAGS = 0x800 | 0x80000

export const MSG_PEEK = 0x2
export const MSG_DONTWAIT = 0x40
export const MSG_NOSIGNAL = 0x4000
/** More follows at once: what does not fill a packet waits for that. */
export const MSG_MORE = 0x8000
/** Of a send that does not wait. */
export const SEND_FLAGS = MSG_DONTWAIT | MSG_NOSIGNAL
export const MSG_CTRUNC = 0x8
export const MSG_TRUNC = 0x20

export const EPERM = 1
export const ENOENT = 2
export const EINTR = 4
export const EBADF = 9
export const EAGAIN = 11
export const ENOMEM = 12
export const EACCES = 13
export const EFAULT = 14
export const EBUSY = 16
export const EEXIST = 17
export const ENOTDIR = 20
export const EINVAL = 22
export const ENFILE = 23
export const EMFILE = 24
export const EPIPE = 32
export const ENOSYS = 38
export const ETIME = 62
export const ENOTSOCK = 88
export const EMSGSIZE = 90
export const EPROTOTYPE = 91
export const EADDRINUSE = 98
export const EADDRNOTAVAIL = 99
export const ENETUNREACH = 101
export const ENOBUFS = 105
export const ECONNRESET = 104
export const EISCONN = 106
export const ETIMEDOUT = 110
export const ECONNREFUSED = 111
export const EHOSTUNREACH = 113
export const EALREADY = 114
export const EINPROGRESS = 115
export const ECANCELED = 125
/** Of accept4, until some are free again. */
export const EXHAUSTED = [EMFILE, ENFILE, ENOBUFS, ENOMEM]

/** Of a send: it may be taken later. */
export const isFull = (code: number): boolean => code === EAGAIN || code === ENOBUFS || code === ENOMEM
/** Of a send: who reads comes to know of it, too. */
export const isReadAsWell = (code: number): boolean =>
  code === EPIPE || code === ECONNRESET || code === ETIMEDOUT

/** Of shutdown(2): nothing more is sent. */
export const SHUT_WR = 1

export const SOL_SOCKET = 1
export const SO_REUSEADDR = 2
export const SO_ACCEPTCONN = 30
export const SO_SNDBUF = 7
export const SO_RCVBUF = 8
export const SO_LINGER = 13
export const SO_REUSEPORT = 15
export const SO_DOMAIN = 39
const SO_SNDBUFFORCE = 32
const SO_RCVBUFFORCE = 33

export const IPPROTO_IP = 0
export const IP_PKTINFO = 8
export const IP_MTU_DISCOVER = 10
export const IP_RECVERR = 11
/** Of IP_MTU_DISCOVER and of IPV6_MTU_DISCOVER: the DF bit; what is too long for the way is not sent. */
export const PMTUDISC_DO = 2

export const IPPROTO_TCP = 6
export const TCP_NODELAY = 1
export const TCP_CORK = 3
export const TCP_QUICKACK = 12

export const IPPROTO_IPV6 = 41
export const IPV6_MTU_DISCOVER = 23
export const IPV6_RECVERR = 25
export const IPV6_V6ONLY = 26
export const IPV6_RECVPKTINFO = 49
export const IPV6_PKTINFO = 50

const value = new Int32Array(new ArrayBuffer(8))
const valueAt = ptr(value)

/** Sets an option that is an int; false when the system refuses. */
export function setOption(fd: number, level: number, name: number, to: number): boolean {
  value[0] = to
  return libc().setsockopt(fd, level, name, valueAt, 4) === 0
}

/** Of what has come, at once: by itself the kernel may put that off for 40 ms (RFC 1122 §4.2.3.2). */
export function acknowledge(fd: number): void {
  if (process.platform === 'linux' && fd >= 0) setOption(fd, IPPROTO_TCP, TCP_QUICKACK, 1)
}

const size = new Uint32Array(new ArrayBuffer(4))
const sizeAt = ptr(size)

const TCP_INFO = 11
/** Of struct tcp_info: tcpi_bytes_received. */
const BYTES_RECEIVED_AT = 128
const info = new DataView(new ArrayBuffer(BYTES_RECEIVED_AT + 8))
const infoAt = ptr(info)

/** Bytes that came by a connection of TCP; null: who knows. */
export function receivedBytes(fd: number): number | null {
  if (process.platform !== 'linux' || fd < 0) return null
  size[0] = info.byteLength
  const isTold = libc().getsockopt(fd, IPPROTO_TCP, TCP_INFO, infoAt, sizeAt) === 0
  return isTold && size[0] === info.byteLength ? Number(info.getBigUint64(BYTES_RECEIVED_AT, true)) : null
}

/** Reads an option that is an int; 0 when the system refuses. */
export function readOption(fd: number, level: number, name: number): number {
  size[0] = 4
  value[0] = 0
  libc().getsockopt(fd, level, name, valueAt, sizeAt)
  return value[0]
}

/** Whether it is a Unix socket, of whatever state. */
export const isUnix = (fd: number): boolean => readOption(fd, SOL_SOCKET, SO_DOMAIN) === AF_UNIX

const F_GETFL = 3
export const F_SETFL = 4
export const O_NONBLOCK = 0x800

/** Makes the calls on a descriptor return at once; on all copies of it. */
export function setNonBlocking(fd: number): void {
  const flags = libc().fcntl(fd, F_GETFL, 0)
  if (flags >= 0 && (flags & O_NONBLOCK) === 0) libc().fcntl(fd, F_SETFL, flags | O_NONBLOCK)
}

/** Makes a buffer of a socket hold so many bytes, as far as the system lets us. */
export function raiseBuffer(fd: number, name: typeof SO_RCVBUF | typeof SO_SNDBUF, bytes: number): void {
  // Beyond the limits of net.core only with CAP_NET_ADMIN.
  const forced = name === SO_RCVBUF ? SO_RCVBUFFORCE : SO_SNDBUFFORCE
  if (!setOption(fd, SOL_SOCKET, forced, bytes)) setOption(fd, SOL_SOCKET, name, bytes)
}

/** Makes close() end a TCP connection by a reset, so that nobody takes what was sent for the whole. */
export function resetOnClose(fd: number): void {
  value[0] = 1
  value[1] = 0
  libc().setsockopt(fd, SOL_SOCKET, SO_LINGER, valueAt, 8)
}

const WORDS: Readonly<Record<number, string>> = {
  0: 'reset', // somebody else was told
  [EPIPE]: 'reset',
  [ECONNRESET]: 'reset',
  [ETIMEDOUT]: 'timed out',
  [ECONNREFUSED]: 'refused',
  [ENETUNREACH]: 'unreachable',
  [EHOSTUNREACH]: 'unreachable',
}

/** Says in a word or two what became of a connection. */
export const wordsOf = (code: number): string => WORDS[code] ?? `errno ${code}`
