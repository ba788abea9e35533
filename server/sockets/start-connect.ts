// A TCP connection begun by libc, so that it can be given up at any time: whoever waits for it owns its
// descriptor from the start.
import { ptr } from 'bun:ffi'
import { isOutOfDescriptors } from '../lib/descriptors.ts'
import { errno, isConnected, libc, socketError } from '../lib/native.ts'
import { serverAddress, unixAddress } from '../lib/socket-address.ts'
import {
  AF_INET,
  AF_INET6,
  AF_UNIX,
  EACCES,
  EAGAIN,
  EALREADY,
  ECONNREFUSED,
  EINPROGRESS,
  EISCONN,
  ENOENT,
  ENOTDIR,
  EPROTOTYPE,
  ETIMEDOUT,
  OPEN_FLAGS,
  SOCK_STREAM,
} from './calls.ts'
import type { DialFailure } from './socket.ts'

/** Starts to connect to an address literal: the descriptor, or why not even that was possible. Linux only. */
export function startConnect(address: string, port: number): number | DialFailure {
  const target = serverAddress(address, port)
  if (!target) return 'connect_failed'
  const fd = libc().socket(target.byteLength === 16 ? AF_INET : AF_INET6, SOCK_STREAM | OPEN_FLAGS, 0)
  if (fd < 0) return isOutOfDescriptors() ? 'descriptor_limit' : 'connect_failed'
  if (libc().connect(fd, ptr(target), target.byteLength) === 0) return fd
  const code = errno()
  if (code === EINPROGRESS) return fd
  libc().close(fd)
  return failureOf(code)
}

/**
 * What has become of it by now. To a server on this machine all is said and done within the first call, and
 * asking for it once more is cheaper than being told.
 */
export function connectedAtOnce(
  fd: number,
  address: string,
  port: number,
): 'pending' | 'connected' | DialFailure {
  const target = serverAddress(address, port)!
  if (libc().connect(fd, ptr(target), target.byteLength) === 0) return 'connected'
  const code = errno()
  return code === EALREADY ? 'pending' : code === EISCONN ? 'connected' : failureOf(code)
}

/** Why no connection to a Unix socket came to be. */
export interface NoUnix {
  readonly failure: DialFailure
  /** With the path; null: the failure says it all. */
  readonly detail: string | null
}

/** The same to the path of a Unix socket: whether it is connected is known at once. */
export function startConnectUnix(path: string): number | NoUnix {
  const target = unixAddress(path)
  if (target === null) return { failure: 'connect_failed', detail: `${path}: too long for a path` }
  const fd = libc().socket(AF_UNIX, SOCK_STREAM | OPEN_FLAGS, 0)
  if (fd < 0) return { failure: isOutOfDescriptors() ? 'descriptor_limit' : 'connect_failed', detail: null }
  if (libc().connect(fd, ptr(target), target.byteLength) === 0) return fd
  const code = errno()
  libc().close(fd)
  return { failure: failureOf(code), detail: `${path}: ${UNIX_WORDS.get(code) ?? `errno ${code}`}` }
}

/** Asked after one has failed; null: it would not fail now. */
export function whyNoUnix(path: string): NoUnix | null {
  const started = startConnectUnix(path)
  if (typeof started !== 'number') return started
  libc().close(started)
  return null
}

const UNIX_WORDS: ReadonlyMap<number, string> = new Map([
  [EACCES, 'no permission to write to it'],
  [EAGAIN, 'too many wait there already'],
  [ECONNREFUSED, 'nobody listens there'],
  [ENOENT, 'no such file'],
  [ENOTDIR, 'no such file'],
  [EPROTOTYPE, 'a socket of another kind'],
])

/** What became of it; 'pending': that is not known yet. */
export function connectResult(fd: number): 'pending' | 'connected' | DialFailure {
  const code = socketError(fd)
  if (code !== 0) return failureOf(code)
  return isConnected(fd) ? 'connected' : 'pending'
}

/** What an errno of connect() means. */
export function failureOf(code: number): DialFailure {
  if (code === ECONNREFUSED) return 'connect_refused'
  return code === ETIMEDOUT ? 'connect_timeout' : 'connect_failed'
}
