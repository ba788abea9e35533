// One gateway speaks to CAs at a time for a data folder: another would ask for the same certificates beside
// it. The kernel gives the lock back when its holder ends, however it does.
import { closeSync, mkdirSync, openSync } from 'node:fs'
import { dirname } from 'node:path'
import { libc } from '../../lib/native.ts'

const LOCK_EX = 2
const LOCK_NB = 4

export interface Held {
  release(): void
}

/** Null: another process has it. */
export function takeLock(file: string): Held | null {
  mkdirSync(dirname(file), { recursive: true, mode: 0o700 })
  // Descriptors of Node's are closed on exec: no child keeps it.
  const fd = openSync(file, 'a', 0o600)
  // Elsewhere than on Linux there is one gateway only.
  if (process.platform === 'linux' && libc().flock(fd, LOCK_EX | LOCK_NB) !== 0) {
    closeSync(fd)
    return null
  }
  return { release: () => closeSync(fd) }
}
