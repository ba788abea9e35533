// TCP of allocations (RFC 6062): one address and port both listens and connects.
import { type Pointer, ptr } from 'bun:ffi'
import { errno, libc } from '../../lib/native.ts'
import type { Address } from '../../lib/address.ts'
import type { OpenFailure } from '../network.ts'
import * as system from '../../sockets/calls.ts'

const BACKLOG = 128

/** Opens a socket that is bound to an address. Returns its descriptor, or why there is none. */
export function openSocket(
  type: number,
  local: Address,
  prepare: (fd: number) => void,
): number | OpenFailure {
  const family = local.family === 4 ? system.AF_INET : system.AF_INET6
  const fd = libc().socket(family, type | system.OPEN_FLAGS, 0)
  if (fd < 0) return 'failed'
  if (local.family === 6) system.setOption(fd, system.IPPROTO_IPV6, system.IPV6_V6ONLY, 1)
  prepare(fd)
  return libc().bind(fd, ...sockaddrOf(local)) === 0 ? fd : failedOpen(fd, system.EADDRINUSE)
}

/** A TCP socket that listens, and leaves its port to connections that are made from it. */
export function openListener(local: Address): number | OpenFailure {
  // SO_REUSEPORT would let us listen beside another process of the same user: without it a bind beside one
  // who listens fails.
  const probe = openSocket(system.SOCK_STREAM, local, reuseAddress)
  if (typeof probe !== 'number') return probe
  libc().close(probe)
  const fd = openSocket(system.SOCK_STREAM, local, sharePort)
  if (typeof fd !== 'number') return fd
  return libc().listen(fd, BACKLOG) === 0 ? fd : failedOpen(fd, system.EADDRINUSE)
}

/** A TCP socket that has begun to connect from an address and port. */
export function openConnection(local: Address, peer: Address): number | OpenFailure {
  const fd = openSocket(system.SOCK_STREAM, local, sharePort)
  if (typeof fd !== 'number') return fd
  sendAtOnce(fd)
  const isStarted = libc().connect(fd, ...sockaddrOf(peer)) === 0 || errno() === system.EINPROGRESS
  // Not available: there is such a connection, with the same two addresses and ports.
  return isStarted ? fd : failedOpen(fd, system.EADDRNOTAVAIL)
}

/** What is sent waits for nothing: it is written together already. */
export function sendAtOnce(fd: number): void {
  system.setOption(fd, system.IPPROTO_TCP, system.TCP_NODELAY, 1)
}

/** The port that a bound socket was given. */
export function boundPort(fd: number): number {
  const name = new DataView(new ArrayBuffer(28))
  const length = new Uint32Array([name.byteLength])
  return libc().getsockname(fd, ptr(name), ptr(length)) === 0 ? name.getUint16(2) : 0
}

function reuseAddress(fd: number): void {
  system.setOption(fd, system.SOL_SOCKET, system.SO_REUSEADDR, 1)
}

function sharePort(fd: number): void {
  reuseAddress(fd)
  system.setOption(fd, system.SOL_SOCKET, system.SO_REUSEPORT, 1)
}

function sockaddrOf(address: Address): [Pointer, number] {
  const { sockaddr } = address
  return [ptr(sockaddr), sockaddr.length]
}

function failedOpen(fd: number, inUse: number): OpenFailure {
  const code = errno()
  libc().close(fd)
  return code === inUse ? 'in_use' : 'failed'
}
