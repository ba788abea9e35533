// The memory under the scoreboard: a file that has no name any more, mapped by the supervisor and each
// worker.
import { createFile, fillWithZeros, mapFile } from './file.ts'
import * as layout from './layout.ts'
import { Scoreboard } from './scoreboard.ts'

/** A mapped table. */
export interface Region {
  /** The file that workers map too; null: the memory of this process alone. */
  readonly fd: number | null
  readonly rows: number
  readonly records: number
  readonly bytes: Uint8Array
}

/**
 * Makes a region of zeros in shared memory, or in `folder` where that is not writable or full. Linux only.
 */
export function createRegion(records: number, rows: number, folder: string | null = null): Region {
  const fd = createFile(layout.bytesOf(records, rows), folder)
  const bytes = mapFile(fd)
  layout.format(bytes.buffer, bytes.byteOffset, rows)
  return { fd, rows, records, bytes }
}

/** The same region with room for more records; each process maps it anew. */
export function growRegion(region: Region, records: number): Region {
  if (records <= region.records) return region
  if (region.fd === null) return growPrivate(region, records)
  const from = layout.bytesOf(region.records, region.rows)
  fillWithZeros(region.fd, from, layout.bytesOf(records, region.rows))
  return { ...region, records, bytes: mapFile(region.fd) }
}

/** Maps a region that another process has made. */
export function mapRegion(fd: number): Region {
  const bytes = mapFile(fd)
  const rows = bytes.byteLength < layout.bytesOf(1, 0) ? null : layout.rowsOf(bytes.buffer, bytes.byteOffset)
  if (rows === null) throw new Error(`descriptor ${fd} is not a scoreboard`)
  return { fd, rows, records: Math.floor(bytes.byteLength / layout.bytesOf(1, rows)), bytes }
}

/** A region for this process alone: everything in one process, dry runs, tests. */
export function privateRegion(records: number, rows: number): Region {
  const bytes = new Uint8Array(layout.bytesOf(records, rows))
  layout.format(bytes.buffer, 0, rows)
  return { fd: null, rows, records, bytes }
}

/** The scoreboard on a region, for the worker that writes `row`; -1: none. */
export function scoreboardOn({ bytes, rows }: Region, row: number): Scoreboard {
  return new Scoreboard(bytes, rows, row)
}

function growPrivate(region: Region, records: number): Region {
  const bytes = new Uint8Array(layout.bytesOf(records, region.rows))
  bytes.set(region.bytes)
  return { ...region, records, bytes }
}
