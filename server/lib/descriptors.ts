// How many descriptors this process may have, and whether one is left. Numbers are given from the lowest that
// is free: a new descriptor's number says that all below it are in use, at no cost.
import { readdirSync, readFileSync } from 'node:fs'
import { ptr } from 'bun:ffi'
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

/** So many take some ten milliseconds to look at. */
const LOOKED_AT_MAX = 65_536

/** Those that are open; where none is left to read which, all that may be, up to so many. */
export function descriptors(): readonly number[] {
  try {
    return readdirSync('/proc/self/fd').map(Number)
  } catch {
    return Array.from({ length: Math.min(descriptorLimit(), LOOKED_AT_MAX) }, (_, fd) => fd)
  }
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

const AF_INET = 2
const AF_INET6 = 10
const name = new Uint8Array(128)
const nameLength = new Uint32Array(1)

/** How many of them are sockets of IP at this port of ours, about: of very many some are looked at. */
export function socketsAt(port: number): number {
  const all = descriptors()
  const step = Math.ceil(all.length / LOOKED_AT_MAX)
  let count = 0
  for (let i = 0; i < all.length; i += step) if (portOf(all[i] ?? -1) === port) count++
  return count * step
}

/** Null: it is no socket of IP. */
function portOf(fd: number): number | null {
  nameLength[0] = name.byteLength
  if (libc().getsockname(fd, ptr(name), ptr(nameLength)) !== 0) return null
  const family = name[0] ?? 0
  return family === AF_INET || family === AF_INET6 ? (name[2] ?? 0) * 256 + (name[3] ?? 0) : null
}

/** Whether there is one left. */
export const hasDescriptors = (): boolean => nextDescriptor() < descriptorLimit()

/** Whether a call just failed as there is no descriptor left, here or on the whole machine. */
export function isOutOfDescriptors(code: number = errno()): boolean {
  return code === EMFILE || code === ENFILE
}
