// libc by FFI: what Bun has no API for (descriptor passing, a connect that can be given up, socket options,
// datagrams by the batch, bytes that pass us by).
import { dlopen, type FFIFunction, ptr, read, type Pointer } from 'bun:ffi'

const SYMBOLS = {
  dup: { args: ['i32'], returns: 'i32' },
  dup3: { args: ['i32', 'i32', 'i32'], returns: 'i32' },
  close: { args: ['i32'], returns: 'i32' },
  fcntl: { args: ['i32', 'i32', 'i32'], returns: 'i32' },
  socket: { args: ['i32', 'i32', 'i32'], returns: 'i32' },
  socketpair: { args: ['i32', 'i32', 'i32', 'ptr'], returns: 'i32' },
  bind: { args: ['i32', 'ptr', 'i32'], returns: 'i32' },
  listen: { args: ['i32', 'i32'], returns: 'i32' },
  accept4: { args: ['i32', 'ptr', 'ptr', 'i32'], returns: 'i32' },
  connect: { args: ['i32', 'ptr', 'i32'], returns: 'i32' },
  getsockopt: { args: ['i32', 'i32', 'i32', 'ptr', 'ptr'], returns: 'i32' },
  getsockname: { args: ['i32', 'ptr', 'ptr'], returns: 'i32' },
  getpeername: { args: ['i32', 'ptr', 'ptr'], returns: 'i32' },
  setsockopt: { args: ['i32', 'i32', 'i32', 'ptr', 'i32'], returns: 'i32' },
  ioctl: { args: ['i32', 'u64', 'ptr'], returns: 'i32' },
  // Counts of bytes: the low half holds them all, and an i64 would come as a BigInt.
  recv: { args: ['i32', 'ptr', 'u64', 'i32'], returns: 'i32' },
  recvfrom: { args: ['i32', 'ptr', 'u64', 'i32', 'ptr', 'ptr'], returns: 'i32' },
  send: { args: ['i32', 'ptr', 'u64', 'i32'], returns: 'i32' },
  sendto: { args: ['i32', 'ptr', 'u64', 'i32', 'ptr', 'i32'], returns: 'i32' },
  sendmsg: { args: ['i32', 'ptr', 'i32'], returns: 'i32' },
  recvmsg: { args: ['i32', 'ptr', 'i32'], returns: 'i64' },
  recvmmsg: { args: ['i32', 'ptr', 'u32', 'i32', 'ptr'], returns: 'i32' },
  sendmmsg: { args: ['i32', 'ptr', 'u32', 'i32'], returns: 'i32' },
  // -1 would come as a BigInt.
  mmap: { args: ['u64', 'u64', 'i32', 'i32', 'i32', 'i64'], returns: 'ptr' },
  munmap: { args: ['u64', 'u64'], returns: 'i32' },
  madvise: { args: ['u64', 'u64', 'i32'], returns: 'i32' },
  pipe2: { args: ['ptr', 'i32'], returns: 'i32' },
  read: { args: ['i32', 'ptr', 'u64'], returns: 'i32' },
  splice: { args: ['i32', 'ptr', 'i32', 'ptr', 'u64', 'u32'], returns: 'i32' },
  shutdown: { args: ['i32', 'i32'], returns: 'i32' },
  flock: { args: ['i32', 'i32'], returns: 'i32' },
  // A handler is an address; the two that are used here are 0 and 1.
  signal: { args: ['i32', 'u64'], returns: 'u64' },
  sigaction: { args: ['i32', 'ptr', 'ptr'], returns: 'i32' },
  waitid: { args: ['i32', 'i32', 'ptr', 'i32'], returns: 'i32' },
  waitpid: { args: ['i32', 'ptr', 'i32'], returns: 'i32' },
  pthread_sigmask: { args: ['i32', 'ptr', 'ptr'], returns: 'i32' },
  // Its arguments are those of pwritev2 (see outlet.ts), which not every libc has.
  syscall: { args: ['i64', 'i32', 'ptr', 'u64', 'i64', 'i64', 'i32'], returns: 'i64' },
  lseek: { args: ['i32', 'i64', 'i32'], returns: 'i64' },
  epoll_create1: { args: ['i32'], returns: 'i32' },
  epoll_ctl: { args: ['i32', 'i32', 'i32', 'ptr'], returns: 'i32' },
  epoll_wait: { args: ['i32', 'ptr', 'i32', 'i32'], returns: 'i32' },
  sched_yield: { args: [], returns: 'i32' },
  clock_gettime: { args: ['i32', 'ptr'], returns: 'i32' },
  __errno_location: { args: [], returns: 'ptr' },
} as const

type Libc = ReturnType<typeof dlopen<typeof SYMBOLS>>['symbols']
let opened: Libc | null = null

/** The C library, opened on first use (glibc, else musl). Linux only. */
export function libc(): Libc {
  opened ??= openLibc(SYMBOLS)
  return opened
}

/** Functions of the C library with arguments of one's own: `syscall` has others for each call. */
export function openLibc<const T extends Record<string, FFIFunction>>(
  symbols: T,
): ReturnType<typeof dlopen<T>>['symbols'] {
  try {
    return dlopen('libc.so.6', symbols).symbols
  } catch {
    return dlopen(`libc.musl-${process.arch === 'x64' ? 'x86_64' : 'aarch64'}.so.1`, symbols).symbols
  }
}

let errnoAt: Pointer | null = null

/** errno of the call just made on this thread. */
export function errno(): number {
  // One for each thread, and one of these modules too.
  errnoAt ??= libc().__errno_location() as Pointer
  return read.i32(errnoAt, 0)
}

export const F_SETFD = 2
export const FD_CLOEXEC = 1

const optionValue = new Int32Array(1)
const optionLength = new Uint32Array(1)

/** Reads and clears the pending error of a socket (SO_ERROR): an errno, 0 for none. */
export function socketError(fd: number): number {
  optionValue[0] = 0
  optionLength[0] = 4
  const SOL_SOCKET = 1
  const SO_ERROR = 4
  const failed = libc().getsockopt(fd, SOL_SOCKET, SO_ERROR, ptr(optionValue), ptr(optionLength)) !== 0
  return failed ? errno() : (optionValue[0] ?? 0)
}

/**
 * Bytes that the kernel holds for the other side of a TCP socket: not sent or not acknowledged yet
 * (SIOCOUTQ). 0 where unknown.
 */
export function unsentBytes(fd: number): number {
  if (process.platform !== 'linux' || fd < 0) return 0
  const SIOCOUTQ = 0x5411
  optionValue[0] = 0
  return libc().ioctl(fd, SIOCOUTQ, ptr(optionValue)) === 0 ? (optionValue[0] ?? 0) : 0
}

const peerAddress = new Uint8Array(128)

/** Whether a TCP socket stands: it has a peer. */
export function isConnected(fd: number): boolean {
  optionLength[0] = peerAddress.byteLength
  return libc().getpeername(fd, ptr(peerAddress), ptr(optionLength)) === 0
}
