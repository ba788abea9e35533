// Writes the lines of the access log that a dead worker has left in its ledger: those of exchanges that were
// answered. No line is written twice: of a write that was under way when it died, the file itself tells how
// far it came.
import { closeSync, constants, fstatSync, ftruncateSync, openSync, readSync } from 'node:fs'
import type { Ledger } from '../../scoreboard/ledger.ts'
import { type LeftLines, leftLines } from '../../scoreboard/log-segments.ts'
import { LineSink } from '../../telemetry/line-sink.ts'
import { logEvent } from '../../telemetry/log.ts'
import type { LogsConfig } from '../../telemetry/logs.options.ts'

/** What was written last stands no further from the end of the file: other workers may have written since. */
const TAIL_BYTES_MAX = 8 * 1_048_576
const LINE_FEED = 10

/** Settles when they are out; how many had to be given up. */
export async function writeLastLines(ledger: Ledger, { access }: LogsConfig): Promise<number> {
  const left = leftLines(ledger)
  if (left.length === 0) return 0
  const lines = left.flatMap((one) => linesOf(one.bytes.subarray(bytesOut(one, access.file, ledger.inode))))
  if (!access.enabled) return lines.length
  const { file } = access
  const sink = new LineSink({
    to: file === undefined ? 'stdout' : { file },
    onFailed: (reason) => logEvent('error', 'access_log_failed', { file: file ?? null, reason }),
  })
  for (const line of lines) {
    if (!sink.begin(line.length)) continue
    sink.line.put(line)
    sink.end()
  }
  await sink.close()
  return sink.dropped
}

/**
 * How many of the first bytes are out already. Where that cannot be told, all of which a write was begun are
 * taken to be.
 */
function bytesOut({ bytes, inDoubt }: LeftLines, file: string | undefined, inode: number): number {
  if (inDoubt === 0) return 0
  if (file === undefined || inode === 0) return inDoubt
  try {
    const { O_RDWR, O_NONBLOCK } = constants
    const fd = openSync(file, O_RDWR | O_NONBLOCK)
    try {
      return fstatSync(fd).ino === inode ? bytesIn(fd, bytes.subarray(0, inDoubt)) : inDoubt
    } finally {
      closeSync(fd)
    }
  } catch {
    return inDoubt
  }
}

/**
 * How many bytes of whole lines of a batch the file holds. What it has of the next line is taken from its
 * end.
 */
function bytesIn(fd: number, batch: Uint8Array): number {
  const tail = tailOf(fd)
  const at = tail.lastIndexOf(batch.subarray(0, batch.indexOf(LINE_FEED) + 1))
  const from = at < 0 ? tail.lastIndexOf(LINE_FEED) + 1 : at
  const same = commonLength(batch, tail.subarray(from))
  const whole = same === 0 ? 0 : batch.subarray(0, same).lastIndexOf(LINE_FEED) + 1
  const half = same - whole
  if (half > 0 && from + same === tail.length) {
    const { size } = fstatSync(fd)
    if (size === tail.endsAt) ftruncateSync(fd, size - half)
  }
  return whole
}

interface Tail extends Buffer {
  endsAt: number
}

function tailOf(fd: number): Tail {
  const { size } = fstatSync(fd)
  const bytes = Buffer.alloc(Math.min(size, TAIL_BYTES_MAX))
  const count = readSync(fd, bytes, 0, bytes.length, size - bytes.length)
  return Object.assign(bytes.subarray(0, count), { endsAt: size - bytes.length + count }) as Tail
}

function commonLength(a: Uint8Array, b: Uint8Array): number {
  const length = Math.min(a.length, b.length)
  for (let i = 0; i < length; i++) if (a[i] !== b[i]) return i
  return length
}

function linesOf(bytes: Uint8Array): Uint8Array[] {
  const lines: Uint8Array[] = []
  for (let at = 0; at < bytes.length;) {
    const end = bytes.indexOf(LINE_FEED, at) + 1
    if (end === 0) break
    lines.push(bytes.subarray(at, end))
    at = end
  }
  return lines
}
