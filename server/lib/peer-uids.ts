// Who has connected to a Unix socket that this process listens on, by the kernel's word (SO_PEERCRED).
// Bun.serve does not tell the descriptor of a request: what is found is everybody who is connected now, which
// is one user unless root asks in the same moment as the user that the gateway runs as.
import { ptr } from 'bun:ffi'
import { descriptors } from './descriptors.ts'
import { libc } from './native.ts'

const SOL_SOCKET = 1
const SO_PEERCRED = 17
const SO_ACCEPTCONN = 30
const AF_UNIX = 1

const value = new Int32Array(3)
const valueLength = new Uint32Array(1)
const address = new Uint8Array(128)
const addressLength = new Uint32Array(1)

/**
 * Users that are connected to the socket with this file name, which is enough of its path: one that is too
 * long is bound by another one. In rising order; none where the system does not tell.
 */
export function peerUids(fileName: string): readonly number[] {
  if (process.platform !== 'linux') return []
  const uids = new Set<number>()
  for (const fd of descriptors()) {
    if (!isBoundTo(fd, fileName) || option(fd, SO_ACCEPTCONN, 4) !== 0) continue
    if (option(fd, SO_PEERCRED, 12) !== null) uids.add(value[1] ?? 0)
  }
  return [...uids].sort((a, b) => a - b)
}

function isBoundTo(fd: number, fileName: string): boolean {
  addressLength[0] = address.byteLength
  if (libc().getsockname(fd, ptr(address), ptr(addressLength)) !== 0) return false
  if ((address[0] ?? 0) !== AF_UNIX) return false
  const path = Buffer.from(address.subarray(2, addressLength[0])).toString().replace(/\0.*$/s, '')
  return path === fileName || path.endsWith(`/${fileName}`)
}

/** The first word of an option of a socket; null: it has none such. */
function option(fd: number, name: number, size: number): number | null {
  valueLength[0] = size
  const failed = libc().getsockopt(fd, SOL_SOCKET, name, ptr(value), ptr(valueLength)) !== 0
  return failed ? null : (value[0] ?? 0)
}
