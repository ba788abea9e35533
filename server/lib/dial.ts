// Opens a TCP connection that can be given up at any time. Bun.connect cannot be cancelled while it is
// pending: a silent server would hold a descriptor for minutes. So the socket is made and connected by libc
// and Bun adopts it at once: `terminate()` then ends it in any state. Elsewhere than on Linux Bun.connect is
// used as it is.
import { ptr } from 'bun:ffi'
import type { Socket, SocketHandler } from 'bun'
import { isOutOfDescriptors } from './descriptors.ts'
import { errno, isConnected, libc, socketError } from './native.ts'
import { parseAddress } from './ranges.ts'

const AF_INET = 2
const AF_INET6 = 10
const SOCK_STREAM_NONBLOCK_CLOEXEC = 1 | 0x800 | 0x80000
const EINPROGRESS = 115
const ECONNREFUSED = 111
const ETIMEDOUT = 110

export type DialFailure = 'connect_refused' | 'connect_timeout' | 'connect_failed' | 'descriptor_limit'

/**
 * Starts to connect to an address literal; `socket.data` is `data`. `open` is called before this returns,
 * which may be before the socket is connected: ask `dialResult` there and, while it is pending, at each
 * `drain` (which comes when that is known). Returns null, or why not even a start was possible.
 */
export function dial<T>(
  address: string,
  port: number,
  data: T,
  handlers: SocketHandler<T>,
): DialFailure | null {
  if (process.platform !== 'linux') return dialPlain(address, port, data, handlers)
  const target = socketAddress(address, port)
  if (!target) return 'connect_failed'
  const fd = libc().socket(target.byteLength === 16 ? AF_INET : AF_INET6, SOCK_STREAM_NONBLOCK_CLOEXEC, 0)
  if (fd < 0) return isOutOfDescriptors() ? 'descriptor_limit' : 'connect_failed'
  if (libc().connect(fd, ptr(target), target.byteLength) !== 0) {
    const code = errno()
    if (code !== EINPROGRESS) {
      libc().close(fd)
      return failureOf(code)
    }
  }
  // The public types know neither `fd` nor a connect that yields no promise of interest.
  const options = { fd, data, socket: handlers, allowHalfOpen: true } as unknown as Parameters<
    typeof Bun.connect<T>
  >[0]
  Bun.connect<T>(options).catch(ignore)
  return null
}

const ignore = (): void => {}

function dialPlain<T>(hostname: string, port: number, data: T, handlers: SocketHandler<T>): null {
  Bun.connect<T>({ hostname, port, data, socket: handlers, allowHalfOpen: true }).catch(ignore)
  return null
}

/** What became of a dial: 'pending', 'connected', or why it failed. */
export function dialResult<T>(socket: Socket<T>): 'pending' | 'connected' | DialFailure {
  if (process.platform !== 'linux') return 'connected'
  const { fd } = socket as unknown as { fd: number }
  const code = socketError(fd)
  if (code !== 0) return failureOf(code)
  return isConnected(fd) ? 'connected' : 'pending'
}

function failureOf(code: number): DialFailure {
  if (code === ECONNREFUSED) return 'connect_refused'
  return code === ETIMEDOUT ? 'connect_timeout' : 'connect_failed'
}

/** A struct sockaddr_in or sockaddr_in6. */
export function socketAddress(address: string, port: number): Uint8Array | null {
  const bytes = parseAddress(address)
  if (!bytes) return null
  const isV4 = bytes.length === 4
  const made = new Uint8Array(isV4 ? 16 : 28)
  const view = new DataView(made.buffer)
  view.setUint16(0, isV4 ? AF_INET : AF_INET6, true)
  view.setUint16(2, port)
  made.set(bytes, isV4 ? 4 : 8)
  return made
}
