// A lock that one process has at a time, for as long as it runs: the kernel gives it back when its holder
// ends, however that does. The file says who has it; whether it is there says nothing.
import {
  closeSync,
  constants,
  fstatSync,
  ftruncateSync,
  mkdirSync,
  openSync,
  rmSync,
  statSync,
  writeSync,
} from 'node:fs'
import { dirname } from 'node:path'
import { errno, libc } from './native.ts'

const LOCK_EX = 2
const LOCK_NB = 4
const EWOULDBLOCK = 11

export interface Held {
  /** What is locked: who has a copy of it has the lock. */
  readonly fd: number
  /** Writes what others read who cannot have it: one line. Throws when it cannot. */
  say(line: string): void
  release(): void
  /** Whether it still stands where it was taken: else others can take it there. */
  isThere(): boolean
  /** Gives it back and leaves no file. */
  remove(): void
}

/**
 * Null: another process has it, or this one by another call. Where the file system knows no locks nobody is
 * kept out. Throws when the file cannot be opened for writing.
 */
export function takeLock(file: string): Held | null {
  mkdirSync(dirname(file), { recursive: true, mode: 0o700 })
  for (;;) {
    // Descriptors of Node's are closed on exec: no child keeps it.
    const fd = openSync(file, constants.O_RDWR | constants.O_CREAT, 0o600)
    if (isHeldByOther(fd)) {
      closeSync(fd)
      return null
    }
    // One that was removed meanwhile locks nobody out.
    if (isStill(file, fd)) return heldBy(file, fd)
    closeSync(fd)
  }
}

/** One that another process had, and has handed over; null: it is of another file. */
export const adoptLock = (file: string, fd: number): Held | null =>
  isStill(file, fd) ? heldBy(file, fd) : null

const heldBy = (file: string, fd: number): Held => ({
  fd,
  say: (line) => write(fd, line),
  release: () => closeSync(fd),
  isThere: () => isStill(file, fd),
  remove: () => {
    // Removed while it is held: who opens it in between looks whether it is still there.
    if (isStill(file, fd)) rmSync(file, { force: true })
    closeSync(fd)
  },
})

function isHeldByOther(fd: number): boolean {
  // Elsewhere than on Linux there is one gateway only.
  if (process.platform !== 'linux') return false
  return libc().flock(fd, LOCK_EX | LOCK_NB) !== 0 && errno() === EWOULDBLOCK
}

function isStill(file: string, fd: number): boolean {
  try {
    const [named, open] = [statSync(file), fstatSync(fd)]
    return named.ino === open.ino && named.dev === open.dev
  } catch {
    return false
  }
}

/** In its place, as another file would have no lock: a reader looks at the first line only. */
function write(fd: number, line: string): void {
  const bytes = Buffer.from(`${line}\n`)
  writeSync(fd, bytes, 0, bytes.length, 0)
  ftruncateSync(fd, bytes.length)
}
