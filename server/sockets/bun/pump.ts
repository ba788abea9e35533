// Large bodies past Bun's reads, and in turns. Each read of Bun copies up to 512 KiB into fresh memory, which
// costs as much as the rest of a relay, keeps that much for a reader that stalls, and lets one connection
// have the loop for itself. So Bun stops reading a connection whose body comes in volume, and its bytes are
// read here: small pieces, into one buffer that is used again at once (who keeps a piece of it must copy it:
// `keepable`), so much and no more before all others have their turn.
//
//   Bun reads ──an event in volume──▶ pumped: a share in each turn of the loop, none while its reader pauses
//       ◀── its socket is empty, or its body over ──┘
import { ptr } from 'bun:ffi'
import { flush } from '../../lib/stage.ts'
import { tellBug } from '../../lib/bug.ts'
import { tick } from '../../lib/clock.ts'
import { errno, libc } from '../../lib/native.ts'
import { isTight } from '../../lib/buffers.ts'
import { PIECE_BYTES, readPiece } from '../../lib/read-piece.ts'
import { EAGAIN, EINTR, MSG_DONTWAIT, MSG_PEEK } from '../calls.ts'

/** The same while much waits for others already. */
const TIGHT_PIECE_BYTES = 16 * 1024
/** What one connection may read before the next one does. */
export const SHARE_BYTES = 128 * 1024
/** What all of them may read before the loop looks for what has come from others meanwhile. */
export const TURN_BYTES = 256 * 1024

/** What a connection must be for its bytes to be read here. */
export interface Pumped {
  readonly fd: number
  /** What can be read there are other bytes than its own. */
  readonly isDecrypted: boolean
  readonly isPaused: boolean
  readonly isClosed: boolean
  /** Its bytes are read here; Bun's reading follows at `settleReading`. */
  isPumped: boolean
  /** It waits for its turn. */
  isQueued: boolean
  /** How much may be read for sure as what it reads now; Infinity: not known. */
  readonly readable: number
  settleReading(): void
  received(bytes: Buffer): void
  /** Reading told why it is broken; nobody else is told that any more. */
  broke(): void
  terminate(): void
}

let address: ReturnType<typeof ptr> | null = null
/** One is reading: its piece is in use. */
let isReading = false
let isScheduled = false
let queue: Pumped[] = []

/**
 * Reads on from a socket that has just brought a volume; what it still has after a first share comes in
 * turns.
 */
export function pump(conn: Pumped): void {
  if (conn.isPumped || conn.isDecrypted || conn.fd < 0 || process.platform !== 'linux') return
  conn.isPumped = true
  if (!isReading) readShare(conn)
  if (conn.isPumped) enqueue(conn)
}

/** Back to Bun: there is nothing more here, or it is no volume any more. */
export function unpump(conn: Pumped): void {
  if (!conn.isPumped) return
  conn.isPumped = false
  if (!conn.isClosed) conn.settleReading()
}

/** Gives a pumped connection its turn, unless its reader pauses. */
export function enqueue(conn: Pumped): void {
  if (conn.isClosed) return
  conn.settleReading()
  if (conn.isQueued || conn.isPaused) return
  conn.isQueued = true
  queue.push(conn)
  schedule()
}

function schedule(): void {
  if (isScheduled) return
  isScheduled = true
  setImmediate(takeTurn)
}

/** One turn of the loop: shares to those that have waited longest, until the turn's bytes are used up. */
function takeTurn(): void {
  isScheduled = false
  tick()
  const waiting = queue
  queue = []
  let left = TURN_BYTES
  let at = 0
  while (at < waiting.length && left > 0) {
    const conn = waiting[at++]!
    conn.isQueued = false
    if (!conn.isPumped || conn.isPaused || conn.isClosed) continue
    left -= shareOf(conn)
  }
  if (at < waiting.length) queue = [...waiting.slice(at), ...queue]
  if (queue.length > 0) schedule()
  flush()
}

/** A share, as an event of its own: what a bug breaks is this connection only. */
function shareOf(conn: Pumped): number {
  try {
    const count = readShare(conn)
    if (conn.isPumped) enqueue(conn)
    return count
  } catch (error) {
    tellBug(error)
    conn.terminate()
    return 0
  }
}

/**
 * Reads a share; how many bytes that was. When there are no more now, Bun reads again, and the end of the
 * connection is left to its next event. An error is not: the kernel tells it once, and then an end.
 */
function readShare(conn: Pumped): number {
  const { fd } = conn
  const piece = readPiece()
  address ??= ptr(piece)
  let total = 0
  isReading = true
  try {
    while (total < SHARE_BYTES && conn.isPumped && !conn.isPaused && !conn.isClosed) {
      const most = Math.min(isTight() ? TIGHT_PIECE_BYTES : PIECE_BYTES, conn.readable)
      const count = libc().recv(fd, address, most, MSG_DONTWAIT)
      if (count <= 0) {
        if (count === 0 || isEmpty(errno())) unpump(conn)
        else {
          conn.isPumped = false
          conn.broke()
        }
        break
      }
      total += count
      conn.received(count === PIECE_BYTES ? piece : piece.subarray(0, count))
    }
    return total
  } finally {
    isReading = false
  }
}

const isEmpty = (code: number): boolean => code === EAGAIN || code === EINTR

/**
 * Whether a socket holds nothing that would meet the next request: neither bytes that nobody asked for, nor
 * the end of the connection. True where that cannot be known.
 */
export function isQuiet(fd: number): boolean {
  if (process.platform !== 'linux' || fd < 0) return true
  return libc().recv(fd, ptr(peeked), 1, MSG_DONTWAIT | MSG_PEEK) < 0 && isEmpty(errno())
}

const peeked = new Uint8Array(new ArrayBuffer(1))
