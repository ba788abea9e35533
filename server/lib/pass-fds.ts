// Hands open descriptors to a worker that already runs: SCM_RIGHTS (unix(7)) over a pair of datagram sockets
// whose other end the worker inherited. Each datagram says which plan it belongs to, so that those of a plan
// that was given up are closed and not taken for others.
//
//   payload  u32 tag · u32 how many descriptors
//   msghdr   name* · namelen · iov* · iovlen · control* · controllen · flags          (7 words of 8 bytes)
//   cmsghdr  u64 length · i32 SOL_SOCKET · i32 SCM_RIGHTS · i32 descriptor …
import { ptr } from 'bun:ffi'
import { errno, FD_CLOEXEC, F_SETFD, libc } from './native.ts'

const AF_UNIX = 1
const SOCK_DGRAM = 2
const SOL_SOCKET = 1
const SCM_RIGHTS = 1
const MSG_DONTWAIT = 0x40
const MSG_NOSIGNAL = 0x4000
const MSG_CMSG_CLOEXEC = 0x40000000
const CMSG_HEADER_BYTES = 16
const F_DUPFD_CLOEXEC = 1030
/** The kernel takes 253 descriptors in one message (SCM_MAX_FD). */
const MOST_IN_ONE = 250

/** Sends descriptors, which stay open here. Throws when the other end is gone or does not read. */
export function sendFds(channel: number, tag: number, fds: readonly number[]): void {
  for (let from = 0; from < fds.length; from += MOST_IN_ONE) {
    const some = fds.slice(from, from + MOST_IN_ONE)
    const message = makeMessage(some.length)
    message.payload.set([tag, some.length])
    message.control.setBigUint64(0, BigInt(CMSG_HEADER_BYTES + some.length * 4), true)
    message.control.setInt32(8, SOL_SOCKET, true)
    message.control.setInt32(12, SCM_RIGHTS, true)
    for (const [i, fd] of some.entries()) message.control.setInt32(CMSG_HEADER_BYTES + i * 4, fd, true)
    if (libc().sendmsg(channel, ptr(message.header), MSG_DONTWAIT | MSG_NOSIGNAL) < 0)
      throw new Error(`descriptors could not be passed (errno ${errno()})`)
  }
}

/**
 * Takes the descriptors sent with this tag, in order; closes what was left unread of earlier tags. Throws
 * when some are missing.
 */
export function receiveFds(channel: number, tag: number, count: number): number[] {
  const fds: number[] = []
  while (fds.length < count) {
    const message = makeMessage(MOST_IN_ONE)
    if (libc().recvmsg(channel, ptr(message.header), MSG_DONTWAIT | MSG_CMSG_CLOEXEC) < 0) {
      const code = errno()
      closeFds(fds)
      throw new Error(`${count - fds.length} of ${count} descriptors did not arrive (errno ${code})`)
    }
    const carried = carriedFds(message.control, Number(message.header[5] ?? 0n))
    if (message.payload[0] === tag) fds.push(...carried)
    else closeFds(carried)
  }
  return fds
}

/** The two ends of a new channel; `theirs` is for a child's stdio and must be closed here once it runs. */
export function makeChannel(): { readonly ours: number; readonly theirs: number } {
  const pair = new Int32Array(2)
  if (libc().socketpair(AF_UNIX, SOCK_DGRAM, 0, ptr(pair)) !== 0)
    throw new Error(`no socket pair (errno ${errno()})`)
  const [ours = -1, theirs = -1] = pair
  libc().fcntl(ours, F_SETFD, FD_CLOEXEC)
  libc().fcntl(theirs, F_SETFD, FD_CLOEXEC)
  return { ours, theirs }
}

/** Another descriptor of the same open file, which no child inherits. */
export function duplicateFd(fd: number): number {
  const copy = libc().fcntl(fd, F_DUPFD_CLOEXEC, 0)
  if (copy < 0) throw new Error(`descriptor ${fd} could not be duplicated (errno ${errno()})`)
  return copy
}

/** Closes descriptors. */
export function closeFds(fds: readonly number[]): void {
  for (const fd of fds) libc().close(fd)
}

interface Message {
  readonly header: BigUint64Array
  readonly payload: Uint32Array
  readonly control: DataView
  /** Only addresses of it stand in `header`: held so that it lives as long. */
  readonly vector: BigUint64Array
}

function makeMessage(fds: number): Message {
  const payload = new Uint32Array(2)
  const vector = new BigUint64Array([BigInt(ptr(payload)), BigInt(payload.byteLength)])
  // A small typed array moves when its `buffer` is first asked for: the view is made on a buffer from the
  // start.
  const control = new DataView(new ArrayBuffer(CMSG_HEADER_BYTES + ((fds * 4 + 7) & ~7)))
  const header = new BigUint64Array(7)
  header[2] = BigInt(ptr(vector))
  header[3] = 1n
  header[4] = BigInt(ptr(control))
  header[5] = BigInt(control.byteLength)
  return { header, payload, control, vector }
}

function carriedFds(control: DataView, received: number): number[] {
  if (received < CMSG_HEADER_BYTES) return []
  const count = (Number(control.getBigUint64(0, true)) - CMSG_HEADER_BYTES) / 4
  return Array.from({ length: count }, (_, i) => control.getInt32(CMSG_HEADER_BYTES + i * 4, true))
}
