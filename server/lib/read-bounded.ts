// Whole files of a bounded size. A pipe without a writer, or a device, would make the reader wait for good:
// only who has nothing else to do, as a command, may read those.
import { closeSync, constants, fstatSync, openSync, readSync, type Stats } from 'node:fs'

const PART_BYTES = 65_536

/** Reads a regular file of at most `bytesMax` and never waits; throws what stands against it. */
export function readBounded(path: string, bytesMax: number): Uint8Array {
  const { O_RDONLY, O_NONBLOCK, O_NOCTTY } = constants
  const fd = openSync(path, O_RDONLY | O_NONBLOCK | O_NOCTTY)
  try {
    const stat = fstatSync(fd)
    if (!stat.isFile()) throw kindError(stat)
    return readAll(fd, bytesMax)
  } finally {
    closeSync(fd)
  }
}

/** The same for a command: waits for a pipe's writer. */
export function readPipeToo(path: string, bytesMax: number): Uint8Array {
  const fd = openSync(path, 'r')
  try {
    return readAll(fd, bytesMax)
  } finally {
    closeSync(fd)
  }
}

/** What is written to this process, to its end. */
export const readStdin = (bytesMax: number): Uint8Array => readAll(0, bytesMax)

/** One for all: what was read is copied out of it at once. A fresh one for each costs more than the file. */
const scratch = Buffer.allocUnsafeSlow(PART_BYTES)

/** To its end, which a read of nothing tells. */
function readAll(fd: number, bytesMax: number): Uint8Array {
  const parts: Uint8Array[] = []
  let length = 0
  for (;;) {
    const count = readSync(fd, scratch, 0, PART_BYTES, null)
    if (count === 0) return parts.length === 1 ? (parts[0] as Uint8Array) : Buffer.concat(parts)
    length += count
    if (length > bytesMax) throw new Error(`larger than ${bytesMax} bytes`)
    parts.push(new Uint8Array(scratch.subarray(0, count)))
  }
}

function kindError(stat: Stats): Error {
  if (stat.isDirectory()) return Object.assign(new Error('a folder'), { code: 'EISDIR' })
  if (stat.isFIFO()) return new Error('a pipe (FIFO), which would have to be waited for')
  return new Error('a device or socket, not a regular file')
}
