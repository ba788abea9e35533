// The memory under the scoreboard: a file that has no name any more, mapped by the supervisor and each
// worker.
import { closeSync, fstatSync, openSync, unlinkSync, writeSync } from 'node:fs'
import { join } from 'node:path'
import { Scoreboard } from './scoreboard.ts'

/** A mapped table. */
export interface Region {
  /** The file that workers map too; null: the memory of this process alone. */
  readonly fd: number | null
  readonly rows: number
  readonly records: number
  readonly bytes: Uint8Array
}

const SHARED_MEMORY = '/dev/shm'
const CHUNK_BYTES = 1 << 20

/**
 * Makes a region of zeros in shared memory, or in `folder` where that is not writable or full. Linux only.
 */
export function createRegion(records: number, rows: number, folder: string | null = null): Region {
  const fd = createFile(Scoreboard.bytes(records, rows), folder)
  const bytes = mapFile(fd)
  Scoreboard.format(bytes.buffer, bytes.byteOffset, rows)
  return { fd, rows, records, bytes }
}

/** The same region with room for more records; each process maps it anew. */
export function growRegion(region: Region, records: number): Region {
  if (records <= region.records) return region
  if (region.fd === null) return growPrivate(region, records)
  const from = Scoreboard.bytes(region.records, region.rows)
  fillWithZeros(region.fd, from, Scoreboard.bytes(records, region.rows))
  return { ...region, records, bytes: mapFile(region.fd) }
}

/** Maps a region that another process has made. */
export function mapRegion(fd: number): Region {
  const bytes = mapFile(fd)
  const rows =
    bytes.byteLength < Scoreboard.bytes(1, 0) ? null : Scoreboard.rowsOf(bytes.buffer, bytes.byteOffset)
  if (rows === null) throw new Error(`descriptor ${fd} is not a scoreboard`)
  return { fd, rows, records: Math.floor(bytes.byteLength / Scoreboard.bytes(1, rows)), bytes }
}

/** A region for this process alone: everything in one process, dry runs, tests. */
export function privateRegion(records: number, rows: number): Region {
  const bytes = new Uint8Array(Scoreboard.bytes(records, rows))
  Scoreboard.format(bytes.buffer, 0, rows)
  return { fd: null, rows, records, bytes }
}

/** The scoreboard on a region, for the worker that writes `row`; -1: none. */
export function scoreboardOn({ bytes, rows }: Region, row: number): Scoreboard {
  return new Scoreboard(bytes.buffer, bytes.byteOffset, bytes.byteLength, rows, row)
}

function growPrivate(region: Region, records: number): Region {
  const bytes = new Uint8Array(Scoreboard.bytes(records, region.rows))
  bytes.set(region.bytes)
  return { ...region, records, bytes }
}

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
