// Whole files of a bounded size. A pipe without a writer, or a device, would make the reader wait for good:
// only who has nothing else to do, as a command, may read those.
import { closeSync, constants, fstatSync, openSync, readSync, type Stats } from 'node:fs'

const PART_BYTES = 65_536
const SMALL_BYTES = 512

/** Reads a regular file of at most `bytesMax` and never waits; throws what stands against it. */
export function readBounded(path: string, bytesMax: number): Uint8Array {
  const { O_RDONLY, O_NONBLOCK, O_NOCTTY } = constants
  const fd = openSync(path, O_RDONLY | O_NONBLOCK | O_NOCTTY)
  try {
    const stat = fstatSync(fd)
    if (!stat.isFile()) throw kindError(stat)
    return readAll(fd, bytesMax, stat.size + 1)
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

/** `likely`: one byte more than there are, as far as that is known. */
function readAll(fd: number, bytesMax: number, likely = PART_BYTES): Uint8Array {
  const parts: Uint8Array[] = []
  let length = 0
  for (;;) {
    // Where all is there that should be, the end is told by a read of nothing.
    const size = length === 0 ? likely : length + 1 === likely ? SMALL_BYTES : PART_BYTES
    const part = new Uint8Array(Math.min(size, PART_BYTES))
    const count = readSync(fd, part, 0, part.length, null)
    if (count === 0) return Buffer.concat(parts)
    length += count
    if (length > bytesMax) throw new Error(`larger than ${bytesMax} bytes`)
    parts.push(part.subarray(0, count))
  }
}

function kindError(stat: Stats): Error {
  if (stat.isDirectory()) return Object.assign(new Error('a folder'), { code: 'EISDIR' })
  if (stat.isFIFO()) return new Error('a pipe (FIFO), which would have to be waited for')
  return new Error('a device or socket, not a regular file')
}
