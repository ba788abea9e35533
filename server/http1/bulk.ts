// Large bodies past Bun's reads. Each of those is copied into fresh memory, up to 512 KiB of it, which costs as much as the
// rest of a relay. So while an event of a large body is handled, what its socket still holds is read straight into one
// buffer that is used again at once: who keeps a piece of it must copy it (`keepable`).
import { ptr } from 'bun:ffi'
import { libc } from '../lib/native.ts'
import type { BodyReader, PieceTaker } from './body.ts'

const BULK_BYTES = 256 * 1024
/** A body of which less is to come is left to ordinary reads. */
const LEAST_BYTES = 64 * 1024
/** One connection's share of a turn: the others wait meanwhile. */
const TURN_BYTES = 4 * 1024 * 1024
const MSG_DONTWAIT = 0x40
const MSG_PEEK = 2
/** As much as one read of Bun's brings: beyond it there may be more. */
export const READ_BYTES_MAX = 512 * 1024

/** What a connection must be for its body to be read in bulk. */
export interface BulkSource extends PieceTaker {
  readonly socket: object | null
  readonly isPaused: boolean
  readonly isClosed: boolean
  noteRead(count: number): void
}

let bulk: Buffer | null = null
let address: ReturnType<typeof ptr> | null = null

/**
 * Reads on in a body or chunk of known length until its socket is empty, its reader pauses, or it had its turn. Errors and the end
 * of the connection are left to the next event. It takes only what belongs to the body for sure, nothing beyond it: so when the
 * body is whole, `isQuiet` must be asked whether anything is.
 */
export function readOn(source: BulkSource, reader: BodyReader): void {
  if (process.platform !== 'linux' || source.socket === null) return
  const { fd } = source.socket as { fd: number }
  bulk ??= Buffer.allocUnsafeSlow(BULK_BYTES)
  address ??= ptr(bulk)
  let turnBytes = 0
  while (reader.left >= LEAST_BYTES && turnBytes < TURN_BYTES && !source.isPaused && !source.isClosed) {
    const count = Number(libc().recv(fd, address, Math.min(reader.left, BULK_BYTES), MSG_DONTWAIT))
    if (count <= 0) return
    turnBytes += count
    source.noteRead(count)
    reader.read(bulk, 0, count, source)
  }
}

/** Whether a socket holds nothing that would meet the next request: neither bytes that nobody asked for, nor the end of the connection. */
export function isQuiet(socket: object | null): boolean {
  if (process.platform !== 'linux' || socket === null) return true
  const { fd } = socket as { fd: number }
  return Number(libc().recv(fd, ptr(peeked), 1, MSG_DONTWAIT | MSG_PEEK)) < 0
}

const peeked = new Uint8Array(1)

/** `bytes[from..to)` as something that stays as it is. */
export function keepable(bytes: Buffer, from: number, to: number): Buffer {
  const part = bytes.subarray(from, to)
  return bulk !== null && part.buffer === bulk.buffer ? Buffer.from(part) : part
}
