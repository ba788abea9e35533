// Asks the kernel how many TCP sockets of a port are in a state (sock_diag(7)). It looks at all, and writes
// out these alone, where /proc/net/tcp is a line for each connection of the machine.
//
//   header    length u32 · type u16 · flags u16 · number u32 · port u32
//   request   family u8 · protocol u8 · extensions u8 · 0 · states u32 · port u16 (network order) · … to 56
import { ptr } from 'bun:ffi'
import { libc } from './native.ts'

const AF_NETLINK = 16
const SOCK_RAW_CLOEXEC = 3 | 0x80000
const NETLINK_SOCK_DIAG = 4
const MSG_DONTWAIT = 0x40
const HEADER_BYTES = 16
const REQUEST_BYTES = 56
const REQUEST_DUMP = 1 | 0x300
const IPPROTO_TCP = 6
const FAMILIES = [2, 10]
// Types of messages.
const FAILED = 2
const DONE = 3
const BY_FAMILY = 20
/** What the kernel writes at a time, at most. */
const ROOM_BYTES = 32 * 1024

/** How many are in this state (TCP_SYN_RECV is 3); null: it does not say, as a sandbox may forbid to ask. */
export function countSockets(port: number, state: number): number | null {
  if (process.platform !== 'linux') return null
  const fd = libc().socket(AF_NETLINK, SOCK_RAW_CLOEXEC, NETLINK_SOCK_DIAG)
  if (fd < 0) return null
  try {
    let count = 0
    for (const family of FAMILIES) {
      const of = countOf(fd, request(family, port, state))
      if (of === null) return null
      count += of
    }
    return count
  } finally {
    libc().close(fd)
  }
}

function request(family: number, port: number, state: number): Buffer {
  const bytes = Buffer.alloc(HEADER_BYTES + REQUEST_BYTES)
  bytes.writeUInt32LE(bytes.length, 0)
  bytes.writeUInt16LE(BY_FAMILY, 4)
  bytes.writeUInt16LE(REQUEST_DUMP, 6)
  bytes[HEADER_BYTES] = family
  bytes[HEADER_BYTES + 1] = IPPROTO_TCP
  bytes.writeUInt32LE(1 << state, HEADER_BYTES + 4)
  bytes.writeUInt16BE(port, HEADER_BYTES + 8)
  return bytes
}

function countOf(fd: number, asked: Buffer): number | null {
  if (libc().send(fd, ptr(asked), asked.length, 0) !== asked.length) return null
  const room = Buffer.alloc(ROOM_BYTES)
  let count = 0
  for (;;) {
    // What it has to say is there when it was asked, and each time something was read.
    const got = libc().recv(fd, ptr(room), room.length, MSG_DONTWAIT)
    if (got <= 0) return null
    for (let at = 0; at + HEADER_BYTES <= got;) {
      const type = room.readUInt16LE(at + 4)
      if (type === DONE) return count
      if (type === FAILED) return null
      if (type === BY_FAMILY) count++
      at += Math.max(HEADER_BYTES, (room.readUInt32LE(at) + 3) & ~3)
    }
  }
}
