// Hands open descriptors to another process that already runs: SCM_RIGHTS (unix(7)). To a child many at once,
// over a pair of datagram sockets whose other end it inherited: each datagram says which plan it belongs to,
// so that those of a plan that was given up are closed and not taken for others. To the relay one of a
// client, with the first bytes on a stream.
//
//   payload  u32 tag · u32 how many descriptors; or bytes
//   msghdr   name* · namelen · iov* · iovlen · control* · controllen · flags          (7 words of 8 bytes)
//   cmsghdr  u64 length · i32 SOL_SOCKET · i32 SCM_RIGHTS · i32 descriptor …
import { type Pointer, ptr } from 'bun:ffi'
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
/** More than anybody sends with bytes. */
const MOST_WITH_BYTES = 4

/** Sends descriptors, which stay open here. Throws when the other end is gone or does not read. */
export function sendFds(channel: number, tag: number, fds: readonly number[]): void {
  for (let from = 0; from < fds.length; from += MOST_IN_ONE) {
    const some = fds.slice(from, from + MOST_IN_ONE)
    const payload = new Uint32Array([tag, some.length])
    const message = makeMessage(ptr(payload), payload.byteLength, some.length)
    if (send(channel, message, some) < 0)
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
    const payload = new Uint32Array(2)
    const message = makeMessage(ptr(payload), payload.byteLength, MOST_IN_ONE)
    if (receive(channel, message) < 0) {
      const code = errno()
      closeFds(fds)
      throw new Error(`${count - fds.length} of ${count} descriptors did not arrive (errno ${code})`)
    }
    const carried = carriedFds(message)
    if (payload[0] === tag) fds.push(...carried)
    else closeFds(carried)
  }
  return fds
}

/**
 * Sends bytes on a stream, and with the first of them a descriptor, which stays open here: how many it took;
 * -1 and errno: none, nor the descriptor.
 */
export function sendWithFd(stream: number, bytes: Uint8Array, fd: number): number {
  return send(stream, makeMessage(ptr(bytes), bytes.length, 1), [fd])
}

/** What a read brought. */
export interface Received {
  /** Bytes; 0: the end; -1: errno says why there are none. */
  readonly length: number
  readonly fds: readonly number[]
}

/** Reads up to `most` bytes from a stream to an address, and the descriptors that came with them. */
export function receiveWithFds(stream: number, at: Pointer, most: number): Received {
  const message = makeMessage(at, most, MOST_WITH_BYTES)
  const length = receive(stream, message)
  return { length, fds: length < 0 ? [] : carriedFds(message) }
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
  readonly control: DataView
  /** Only addresses of it stand in `header`: held so that it lives as long. */
  readonly vector: BigUint64Array
}

function makeMessage(payload: Pointer, length: number, fds: number): Message {
  const vector = new BigUint64Array([BigInt(payload), BigInt(length)])
  // A small typed array moves when its `buffer` is first asked for: the view is made on a buffer from the
  // start.
  const control = new DataView(new ArrayBuffer(CMSG_HEADER_BYTES + ((fds * 4 + 7) & ~7)))
  const header = new BigUint64Array(7)
  header[2] = BigInt(ptr(vector))
  header[3] = 1n
  header[4] = BigInt(ptr(control))
  header[5] = BigInt(control.byteLength)
  return { header, control, vector }
}

function send(socket: number, { header, control }: Message, fds: readonly number[]): number {
  control.setBigUint64(0, BigInt(CMSG_HEADER_BYTES + fds.length * 4), true)
  control.setInt32(8, SOL_SOCKET, true)
  control.setInt32(12, SCM_RIGHTS, true)
  for (const [i, fd] of fds.entries()) control.setInt32(CMSG_HEADER_BYTES + i * 4, fd, true)
  return libc().sendmsg(socket, ptr(header), MSG_DONTWAIT | MSG_NOSIGNAL)
}

const receive = (socket: number, { header }: Message): number =>
  Number(libc().recvmsg(socket, ptr(header), MSG_DONTWAIT | MSG_CMSG_CLOEXEC))

function carriedFds({ header, control }: Message): number[] {
  if (Number(header[5] ?? 0n) < CMSG_HEADER_BYTES) return []
  const count = (Number(control.getBigUint64(0, true)) - CMSG_HEADER_BYTES) / 4
  return Array.from({ length: count }, (_, i) => control.getInt32(CMSG_HEADER_BYTES + i * 4, true))
}
