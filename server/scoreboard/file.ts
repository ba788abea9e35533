// Files that processes share memory by: they have no name any more, and are mapped by their descriptor.
import { closeSync, fstatSync, openSync, unlinkSync, writeSync } from 'node:fs'
import { join } from 'node:path'

const SHARED_MEMORY = '/dev/shm'
const CHUNK_BYTES = 1 << 20

/** A file of zeros that has no name, in shared memory, or in `folder` where that is not writable or full. */
export function createFile(size: number, folder: string | null): number {
  try {
    return createIn(SHARED_MEMORY, size)
  } catch (error) {
    if (folder === null) throw error
    return createIn(folder, size)
  }
}

function createIn(folder: string, size: number): number {
  const path = join(folder, `sluice-${process.pid}-${crypto.randomUUID()}`)
  const fd = openSync(path, 'wx+', 0o600)
  try {
    unlinkSync(path)
    fillWithZeros(fd, 0, size)
  } catch (error) {
    closeSync(fd)
    throw error
  }
  return fd
}

/** Writes the zeros: a hole that a full file system cannot fill later is a SIGBUS at its first touch. */
export function fillWithZeros(fd: number, from: number, to: number): void {
  const zeros = new Uint8Array(Math.min(CHUNK_BYTES, to - from))
  let at = from
  while (at < to) at += writeSync(fd, zeros, 0, Math.min(zeros.length, to - at), at)
}

export function mapFile(fd: number): Uint8Array {
  if (fstatSync(fd).size === 0) throw new Error(`descriptor ${fd} is empty`)
  return Bun.mmap(`/proc/self/fd/${fd}`, { shared: true })
}
