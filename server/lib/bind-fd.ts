// Sockets that are bound here and served elsewhere: made by libc, as Bun would begin to read from its own.
import { ptr } from 'bun:ffi'
import { constants } from 'node:os'
import { socketAddress, unixAddress } from './socket-address.ts'
import { errno, libc } from './native.ts'

const AF_UNIX = 1
const AF_INET6 = 10
const SOCK_STREAM = 1
const SOCK_DGRAM = 2
const NONBLOCK_CLOEXEC = 0x800 | 0x80000
const SOL_IP = 0
const SOL_SOCKET = 1
const SOL_IPV6 = 41
const SO_REUSEADDR = 2
const SO_REUSEPORT = 15
const IP_PKTINFO = 8
const IPV6_V6ONLY = 26
const IPV6_RECVPKTINFO = 49

const CODES: ReadonlyMap<number, string> = new Map(
  Object.entries(constants.errno).map(([name, code]) => [code, name]),
)

/** A call of the system that failed; `code` is its word, such as EADDRINUSE. */
export class SystemProblem extends Error {
  readonly code: string

  constructor(call: string, number: number) {
    const code = CODES.get(number) ?? `E${number}`
    super(`${call} failed (${code})`)
    this.code = code
  }
}

/** Connections that may wait on a socket that listens; the system may allow fewer (net.core.somaxconn). */
export const BACKLOG = 4096

/** Lets as many wait on one of Bun's, which takes 511: a crowd that comes at once would be turned away. */
export function widenBacklog(fd: number): void {
  if (process.platform === 'linux' && fd >= 0) libc().listen(fd, BACKLOG)
}

export interface BoundSocket {
  readonly fd: number
  readonly port: number
}

/**
 * A UDP socket on an address literal; port 0 takes a free one, `::` is IPv6 only. `beside`: sockets of ours
 * on the same port that it may overlap with, as every address does with one. Throws a SystemProblem.
 */
export function bindUdp(host: string, port: number, beside: readonly number[] = []): BoundSocket {
  return boundUdp(host, port, (fd, bind) => {
    // Both sides must agree to overlap, at the moment of binding; nobody else may afterwards.
    const overlapping = beside.length === 0 ? [] : [fd, ...beside]
    for (const one of overlapping) setOption(one, SOL_SOCKET, SO_REUSEADDR, 1)
    const failed = bind()
    for (const one of overlapping) setOption(one, SOL_SOCKET, SO_REUSEADDR, 0)
    return failed
  })
}

/** The same for one of several on an address, over which the kernel spreads clients (SO_REUSEPORT). */
export function bindSharedUdp(host: string, port: number): BoundSocket {
  return boundUdp(host, port, (fd, bind) => {
    setOption(fd, SOL_SOCKET, SO_REUSEPORT, 1)
    return bind()
  })
}

/** `bound` calls `bind`, which says what stands against it (an errno; 0: nothing), and says it too. */
function boundUdp(
  host: string,
  port: number,
  bound: (fd: number, bind: () => number) => number,
): BoundSocket {
  const address = socketAddress(host, port)
  if (!address) throw new SystemProblem('bind', constants.errno.EINVAL)
  const isV6 = address.byteLength > 16
  const fd = checked('socket', libc().socket(isV6 ? AF_INET6 : 2, SOCK_DGRAM | NONBLOCK_CLOEXEC, 0))
  try {
    if (isV6) setOption(fd, SOL_IPV6, IPV6_V6ONLY, 1)
    // On every address: from the start each datagram says which one it came to, those that wait for the first
    // reader included.
    if (host === '::') setOption(fd, SOL_IPV6, IPV6_RECVPKTINFO, 1)
    if (host === '0.0.0.0') setOption(fd, SOL_IP, IP_PKTINFO, 1)
    const failed = bound(fd, () => (libc().bind(fd, ptr(address), address.byteLength) < 0 ? errno() : 0))
    if (failed !== 0) throw new SystemProblem('bind', failed)
    return { fd, port: portOf(fd) }
  } catch (error) {
    libc().close(fd)
    throw error
  }
}

/**
 * A Unix socket that listens at a path where nothing is yet. Only this user can connect, unless `bound`,
 * which is called before anybody can, lets others. Throws a SystemProblem, or what that throws.
 */
export function listenUnix(path: string, backlog: number, bound: () => void = () => {}): number {
  const address = checkedAddress(path)
  const fd = checked('socket', libc().socket(AF_UNIX, SOCK_STREAM | NONBLOCK_CLOEXEC, 0))
  const mask = process.umask(0o177)
  try {
    checked('bind', libc().bind(fd, ptr(address), address.byteLength))
    bound()
    checked('listen', libc().listen(fd, backlog))
    return fd
  } catch (error) {
    libc().close(fd)
    throw error
  } finally {
    process.umask(mask)
  }
}

/**
 * Whether somebody listens at the path of a Unix socket: what a process left behind when it was killed,
 * answers nobody.
 */
export function isUnixAnswered(path: string): boolean {
  const why = whyNoUnixAnswer(path)
  return why === null || why === 'EAGAIN'
}

/** The system's word for why nobody can be asked there (EAGAIN: too many wait); null: somebody was. */
export function whyNoUnixAnswer(path: string): string | null {
  const address = checkedAddress(path)
  const fd = checked('socket', libc().socket(AF_UNIX, SOCK_STREAM | NONBLOCK_CLOEXEC, 0))
  const isConnected = libc().connect(fd, ptr(address), address.byteLength) === 0
  const why = isConnected ? 0 : errno()
  libc().close(fd)
  // Its number has two names.
  if (why === constants.errno.EAGAIN) return 'EAGAIN'
  return isConnected ? null : new SystemProblem('connect', why).code
}

function checkedAddress(path: string): Uint8Array {
  const address = unixAddress(path)
  if (address === null) throw new SystemProblem('bind', constants.errno.ENAMETOOLONG)
  return address
}

function portOf(fd: number): number {
  const address = new Uint8Array(new ArrayBuffer(28))
  const length = new Uint32Array([address.byteLength])
  checked('getsockname', libc().getsockname(fd, ptr(address), ptr(length)))
  return new DataView(address.buffer).getUint16(2)
}

function setOption(fd: number, level: number, option: number, value: number): void {
  const bytes = new Int32Array([value])
  checked('setsockopt', libc().setsockopt(fd, level, option, ptr(bytes), bytes.byteLength))
}

function checked(call: string, result: number): number {
  if (result < 0) throw new SystemProblem(call, errno())
  return result
}
