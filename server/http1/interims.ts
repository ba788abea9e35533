// How many interim answers (1xx) a server may send: RFC 9110 §15.2 sets no bound, we do, by bytes and by
// rate. A server that says each few seconds that it still works is served for as long as it does; one that
// sends them without end is not.
import type { AnswerFault, ResponseHead } from '../head/response-head.ts'

const BYTES_MAX = 64 * 1024
const BYTES_PER_S = 1024
/** What the smallest of them counts for. */
const LEAST_BYTES = 256

/** An allowance that is used up by interim answers and comes back with time. */
export class Interims {
  #used = 0
  #lastMs = 0

  /** Why one more is not passed on; null: it is. */
  fault(head: ResponseHead, nowMs: number): AnswerFault | null {
    if (head.version === 10) return 'server_malformed' // HTTP/1.0 knows none
    const back = ((nowMs - this.#lastMs) * BYTES_PER_S) / 1000
    this.#used = Math.max(0, this.#used - back) + Math.max(head.headEnd - head.headStart, LEAST_BYTES)
    this.#lastMs = nowMs
    return this.#used <= BYTES_MAX ? null : 'server_head_too_large'
  }
}
