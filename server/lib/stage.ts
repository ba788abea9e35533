// The one buffer in which heads are assembled: no allocation per message. Small writes gather here until the
// event that made them is over, so that a head and the beginning of its body leave in one packet.

/** Where staged bytes go. */
export interface StageOwner {
  /**
   * Sends `bytes[0..length)` of the stage; what cannot be sent now must be copied, as the stage is used again
   * at once.
   */
  flushStage(bytes: Buffer, length: number): void
}

const FIRST_BYTES = 64 * 1024
/** Pieces up to this size are copied behind a head rather than sent by a call of their own. */
export const STAGED_PIECE_MAX = 16 * 1024

let buffer = Buffer.allocUnsafe(FIRST_BYTES)
let owner: StageOwner | null = null
let length = 0
/** The owner waits for its turn, whether or not it has staged anything. */
let isAwaited = false

/**
 * The stage with room for `needed` more bytes behind `stagedLength()`, for `next` to write into. Another
 * owner's bytes are sent first.
 */
export function openStage(next: StageOwner, needed: number): Buffer {
  if (owner !== next) {
    flush()
    owner = next
  }
  if (length + needed > buffer.length) {
    flush()
    owner = next
    if (needed > buffer.length) buffer = Buffer.allocUnsafe(needed)
  }
  return buffer
}

export function stagedLength(): number {
  return length
}

/** Says that the stage is filled up to `end`. */
export function stageTo(end: number): void {
  length = end
}

export function isStaging(one: StageOwner): boolean {
  return owner === one && length > 0
}

/** What is staged, for its owner to send at once: whoever comes next writes there again. */
export function takeStage(): Buffer {
  const staged = buffer.subarray(0, length)
  owner = null
  length = 0
  isAwaited = false
  return staged
}

/** This owner's turn comes at the next flush, even if it stages nothing until then. */
export function awaitFlush(next: StageOwner): void {
  if (owner !== next) {
    flush()
    owner = next
  }
  isAwaited = true
}

/** Sends what is staged, and what sending it made others stage. Each socket event ends with this. */
export function flush(): void {
  while (owner !== null) {
    const who = owner
    const count = length
    const isDue = count > 0 || isAwaited
    owner = null
    length = 0
    isAwaited = false
    if (isDue) who.flushStage(buffer, count)
  }
}
