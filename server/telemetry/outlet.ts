// Where bytes of logs go, and how they are written so that nobody ever waits: a pipe, terminal or socket
// takes what it has room for; a file on a disk, which may take as long as it likes, is written to by a
// thread.
import { ptr } from 'bun:ffi'
import {
  closeSync,
  constants,
  fstatSync,
  ftruncateSync,
  openSync,
  type Stats,
  write,
  writeSync,
} from 'node:fs'
import { errno, libc } from '../lib/native.ts'

/** What is written to a disk in one piece. */
const DISK_BYTES = 131_072
/** A write of so much to a pipe is not torn (PIPE_BUF, pipe(7)); larger ones of several processes may mix. */
const PIPE_BYTES = 4096
/** What a pipe may hold at most without privileges (pipe-max-size); it begins with 64 KiB. */
const PIPE_HOLDS_BYTES = 1_048_576
const F_SETPIPE_SZ = 1031
const MSG_DONTWAIT_NOSIGNAL = 0x40 | 0x4000
const EAGAIN = 11
const SEEK_CUR = 1
const IS_LINUX = process.platform === 'linux'

/** pwritev2, which can be told not to wait (RWF_NOWAIT) whatever the descriptor is set to. */
const SYS_PWRITEV2 = process.arch === 'x64' ? 328 : 287
const RWF_NOWAIT = 8
const ENOSYS = 38
const EOPNOTSUPP = 95

type How = 'now' | 'send' | 'nowait' | 'beside'

export class Outlet {
  /** Most bytes that go out whole. */
  readonly pieceBytes: number
  /** A file on a disk: a write that failed may succeed later, and one that was cut can be taken back. */
  readonly isDisk: boolean
  /** Tells files apart. */
  readonly inode: number
  readonly #fd: number
  #how: How
  /** We opened it. */
  readonly #isOurs: boolean

  private constructor(fd: number, stat: Stats, how: How, isOurs: boolean) {
    this.#fd = fd
    this.#how = how
    this.#isOurs = isOurs
    this.inode = stat.ino
    this.isDisk = stat.isFile()
    this.pieceBytes = this.isDisk ? DISK_BYTES : PIPE_BYTES
    // refused: it stays as it is
    if (IS_LINUX && stat.isFIFO()) libc().fcntl(fd, F_SETPIPE_SZ, PIPE_HOLDS_BYTES)
  }

  /** Throws when it cannot be opened. */
  static toFile(file: string): Outlet {
    const { O_WRONLY, O_APPEND, O_CREAT, O_NONBLOCK } = constants
    const fd = openSync(file, O_WRONLY | O_APPEND | O_CREAT | O_NONBLOCK, 0o640)
    const stat = fstatSync(fd)
    return new Outlet(fd, stat, stat.isFile() ? 'beside' : 'now', true)
  }

  /**
   * To stdout or stderr. A pipe or terminal is opened anew: not to wait for it is then a setting of ours
   * alone, as others share the old one.
   */
  static toStandard(fd: 1 | 2): Outlet {
    const stat = fstatSync(fd)
    if (stat.isFile()) return new Outlet(fd, stat, 'beside', false)
    if (stat.isSocket() && IS_LINUX) return new Outlet(fd, stat, 'send', false)
    try {
      const { O_WRONLY, O_APPEND, O_NONBLOCK, O_NOCTTY } = constants
      const flags = O_WRONLY | O_APPEND | O_NONBLOCK | O_NOCTTY
      return new Outlet(openSync(`/proc/self/fd/${fd}`, flags), stat, 'now', true)
    } catch {
      // Another user's, or no /proc.
      return new Outlet(fd, stat, IS_LINUX && stat.isFIFO() ? 'nowait' : 'beside', false)
    }
  }

  /** A write may take long: it must be done with `writeBeside`. */
  get isSlow(): boolean {
    return this.#how === 'beside'
  }

  /**
   * Writes what there is room for; how many bytes that were, 0 when it is full. Throws what else stands
   * against it.
   */
  writeNow(bytes: Uint8Array): number {
    if (this.#how === 'send') return this.#send(bytes)
    if (this.#how === 'nowait') return this.#writeNoWait(bytes)
    try {
      return writeSync(this.#fd, bytes)
    } catch (error) {
      if (isFull(error)) return 0
      throw error
    }
  }

  /** Writes by a thread; `done` hears how many bytes that were. */
  writeBeside(bytes: Uint8Array, done: (error: Error | null, count: number) => void): void {
    write(this.#fd, bytes, (error: Error | null, count: number) => {
      if (error !== null && isFull(error)) done(null, 0)
      else done(error, error === null ? count : 0)
    })
  }

  /**
   * Takes the last bytes of what was just written back, if they are still the last of the file. False: it is
   * not known whether they are. Where somebody has written behind them they stay, of no use to anybody.
   */
  takesBack(count: number): boolean {
    if (!IS_LINUX || !this.isDisk || !this.#isOurs) return false
    const end = Number(libc().lseek(this.#fd, 0, SEEK_CUR))
    if (end < count) return false
    if (fstatSync(this.#fd).size === end) ftruncateSync(this.#fd, end - count)
    return true
  }

  close(): void {
    if (this.#isOurs) closeSync(this.#fd)
  }

  #send(bytes: Uint8Array): number {
    return sent(libc().send(this.#fd, ptr(bytes), bytes.length, MSG_DONTWAIT_NOSIGNAL))
  }

  #writeNoWait(bytes: Uint8Array): number {
    const vector = BigUint64Array.of(BigInt(ptr(bytes)), BigInt(bytes.length))
    const count = libc().syscall(SYS_PWRITEV2, this.#fd, ptr(vector), 1, -1, -1, RWF_NOWAIT)
    if (count < 0 && [ENOSYS, EOPNOTSUPP].includes(errno())) {
      this.#how = 'beside' // an old kernel
      return 0
    }
    return sent(Number(count))
  }
}

/** What a call has written; 0: there was no room. */
function sent(count: number): number {
  if (count >= 0) return count
  const code = errno()
  if (code === EAGAIN) return 0
  throw new Error(`a write failed (errno ${code})`)
}

/** EAGAIN: a pipe whose reader is slow. */
const isFull = (error: unknown): boolean =>
  error instanceof Error && 'code' in error && error.code === 'EAGAIN'
