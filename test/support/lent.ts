// Bytes as a loop of ours lends them: where the next read lies too. Nobody finds there what it kept of them
// beyond the event that brought them.
import { Inbound } from '../../server/http1/inbound.ts'
import { Outbound } from '../../server/http1/outbound.ts'
import { lend } from '../../server/lib/read-piece.ts'
import { SpliceEnd } from '../../server/sockets/splice-end.ts'

const SPOILT = 0xdd
const memories: Buffer[] = []
let inUse = 0

/** Gives `bytes` to who takes them, in memory that is overwritten as soon as it returns. */
export function lent(bytes: Uint8Array, take: (bytes: Buffer) => void): void {
  const memory = memoryFor(bytes.length)
  memory.set(bytes)
  inUse++
  try {
    take(memory.length === bytes.length ? memory : memory.subarray(0, bytes.length))
  } finally {
    inUse--
    memory.fill(SPOILT, 0, bytes.length)
  }
}

/** One for each event that is within another. */
function memoryFor(length: number): Buffer {
  const kept = memories[inUse]
  if (kept && kept.length >= length) return kept
  const made = Buffer.allocUnsafeSlow(Math.max(64 * 1024, length))
  lend(made.buffer)
  return (memories[inUse] = made)
}

/** From now on whatever a socket of this process reads, of whichever kind, is lent so. */
export function lendReads(): void {
  if (isLending) return
  isLending = true
  for (const owner of [Inbound, Outbound, SpliceEnd]) lendTo(owner.prototype)
}
let isLending = false

function lendTo(owner: { onData(bytes: Buffer): void }): void {
  const { onData } = owner
  owner.onData = function (this: typeof owner, bytes) {
    lent(bytes, (copy) => onData.call(this, copy))
  }
}
