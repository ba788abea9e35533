// How many descriptors this process may have, and whether one is left. Numbers are given from the lowest that
// is free: a new descriptor's number says that all below it are in use, at no cost.
import { readdirSync, readFileSync } from 'node:fs'
import { errno, libc } from './native.ts'

const AF_UNIX = 1
const SOCK_DGRAM_CLOEXEC = 2 | 0x80000
const ENFILE = 23
const EMFILE = 24

let known: number | null = null

/** The soft limit of open files of this process: Bun has raised it to the hard one when it started. */
export function descriptorLimit(): number {
  return (known ??= readLimit())
}

function readLimit(): number {
  try {
    return softLimitIn(readFileSync('/proc/self/limits', 'utf8'))
  } catch {
    return Number.POSITIVE_INFINITY
  }
}

/** The soft limit of open files, as /proc/PID/limits tells it. */
export function softLimitIn(limits: string): number {
  const soft = /^Max open files\s+(\S+)/m.exec(limits)?.[1]
  return soft === undefined || soft === 'unlimited' ? Number.POSITIVE_INFINITY : Number(soft)
}

/** The number that the next descriptor would have; the limit when there is none. */
export function nextDescriptor(): number {
  if (process.platform !== 'linux') return 0
  const fd = libc().socket(AF_UNIX, SOCK_DGRAM_CLOEXEC, 0)
  if (fd < 0) return descriptorLimit()
  libc().close(fd)
  return fd
}

/**
 * How many descriptors this process has; all that it may when none is left to count them by. Dearer than the
 * number of the next one, which says little where old ones were closed.
 */
export function openDescriptors(): number {
  try {
    return readdirSync('/proc/self/fd').length - 1
  } catch {
    return hasDescriptors() ? 0 : descriptorLimit()
  }
}

/** Whether there is one left. */
export const hasDescriptors = (): boolean => nextDescriptor() < descriptorLimit()

/** Whether a call just failed as there is no descriptor left, here or on the whole machine. */
export function isOutOfDescriptors(code: number = errno()): boolean {
  return code === EMFILE || code === ENFILE
}
