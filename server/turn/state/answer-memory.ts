// The last answers of a five-tuple over UDP: a client that repeats a request because our answer was lost gets
// the same again.
import { nowMs } from '../../lib/clock.ts'

/** RFC 8489 §6.2.1: a client gives up 39.5 s after its first try. */
const KEPT_MS = 40_000
const KEPT_MOST = 4

/** The method bits of a message type, without its class. */
const METHOD_BITS = 0x3eef

interface Answer {
  readonly bytes: Uint8Array
  readonly untilMs: number
}

export class AnswerMemory {
  readonly #answers: Answer[] = []

  /** Keeps `bytes` as they are. */
  remember(bytes: Uint8Array): void {
    if (this.#answers.length === KEPT_MOST) this.#answers.shift()
    this.#answers.push({ bytes, untilMs: nowMs + KEPT_MS })
  }

  /** The answer that was given to the request in `bytes`, known by its method and transaction id. */
  find(bytes: Uint8Array, start: number): Uint8Array | null {
    for (const answer of this.#answers)
      if (answer.untilMs > nowMs && isAnswerTo(answer.bytes, bytes, start)) return answer.bytes
    return null
  }
}

function isAnswerTo(answer: Uint8Array, request: Uint8Array, start: number): boolean {
  if (methodOf(answer, 0) !== methodOf(request, start)) return false
  for (let i = 8; i < 20; i++) if (answer[i] !== request[start + i]) return false
  return true
}

function methodOf(bytes: Uint8Array, start: number): number {
  return (((bytes[start] ?? 0) << 8) | (bytes[start + 1] ?? 0)) & METHOD_BITS
}
