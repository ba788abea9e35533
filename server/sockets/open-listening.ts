import { ptr } from 'bun:ffi'
import { constants } from 'node:os'
import { BACKLOG, SystemProblem } from '../lib/bind-fd.ts'
import { errno, libc } from '../lib/native.ts'
import { closeFds } from '../lib/pass-fds.ts'
import { socketAddress } from '../lib/socket-address.ts'
import type { ListenHow } from './socket.ts'
import {
  AF_INET,
  AF_INET6,
  IPPROTO_IPV6,
  IPV6_V6ONLY,
  OPEN_FLAGS,
  readOption,
  setOption,
  SO_ACCEPTCONN,
  SO_REUSEADDR,
  SOCK_STREAM,
  SOL_SOCKET,
} from './calls.ts'

/** A listening socket's descriptor. Throws a SystemProblem: also where one that was given does not listen. */
export function listeningFd(how: ListenHow): number {
  if (!('fd' in how)) return openListening(how.hostname, how.port)
  if (readOption(how.fd, SOL_SOCKET, SO_ACCEPTCONN) !== 1)
    throw new SystemProblem('accept', constants.errno.EINVAL)
  return how.fd
}

/** Serves a listening socket. If that fails it is closed, unless it was given. */
export function served<T>(how: ListenHow, fd: number, serve: () => T): T {
  try {
    return serve()
  } catch (error) {
    if (!('fd' in how)) closeFds([fd])
    throw error
  }
}

/**
 * A TCP socket that listens on an address literal; `::` is IPv4 as well, and alone where there is no IPv6.
 * Throws a SystemProblem.
 */
function openListening(hostname: string, port: number): number {
  const address = socketAddress(hostname, port)
  if (address === null) throw new SystemProblem('bind', constants.errno.EINVAL)
  const isV6 = address.byteLength > 16
  const fd = libc().socket(isV6 ? AF_INET6 : AF_INET, SOCK_STREAM | OPEN_FLAGS, 0)
  if (fd < 0) {
    if (hostname === '::' && errno() === constants.errno.EAFNOSUPPORT) return openListening('0.0.0.0', port)
    throw new SystemProblem('socket', errno())
  }
  setOption(fd, SOL_SOCKET, SO_REUSEADDR, 1)
  if (isV6) setOption(fd, IPPROTO_IPV6, IPV6_V6ONLY, hostname === '::' ? 0 : 1)
  const call = libc().bind(fd, ptr(address), address.byteLength) < 0 ? 'bind' : 'listen'
  if (call === 'listen' && libc().listen(fd, BACKLOG) === 0) return fd
  const code = errno()
  libc().close(fd)
  throw new SystemProblem(call, code)
}
