// A socket of a flow to its server.
import { ptr } from 'bun:ffi'
import { Address } from '../lib/address.ts'
import { isScarce } from '../lib/descriptor-budget.ts'
import { errno, libc } from '../lib/native.ts'
import * as system from '../sockets/calls.ts'

/** A descriptor that is connected to an address, or what stands against it: an errno below zero. */
export function connectUdp(address: Address): number {
  const family = address.family === 4 ? system.AF_INET : system.AF_INET6
  const fd = libc().socket(family, system.SOCK_DGRAM | system.OPEN_FLAGS, 0)
  if (fd < 0) return -errno()
  if (isScarce(fd)) {
    libc().close(fd)
    return -system.EMFILE
  }
  const { sockaddr } = address
  if (libc().connect(fd, ptr(sockaddr), sockaddr.length) === 0) return fd
  const code = errno()
  libc().close(fd)
  return -code
}

/** Of the server that was asked last: mostly the one of the next. */
const latest = { literal: '', port: 0, address: null as Address | null }

/** A literal as an address; null: it is none. */
export function addressAt(literal: string, port: number): Address | null {
  if (literal !== latest.literal || port !== latest.port) {
    latest.address = Address.parse(literal, port)
    latest.literal = literal
    latest.port = port
  }
  return latest.address
}
