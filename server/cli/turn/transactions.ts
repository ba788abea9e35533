// Requests that wait for their answers (RFC 8489 §6.2): repeated over UDP, known by their transaction id.
import { CLASSES, classOf, HEADER_BYTES, TRANSACTION_ID_BYTES } from '../../turn/bytes/stun.ts'
import type { Link } from './link.ts'

/** RFC 8489 §6.2.1: the first repetition comes after this long, each further one after twice the time. */
const RTO_MS = 500

export interface Reply {
  /** The whole message. */
  readonly bytes: Uint8Array
  /** From the newest sending that can have caused it: the last one. */
  readonly rttMs: number
  /** How often the request went out. */
  readonly sendings: number
}

/** No answer, and what is known of why. */
export interface Silence {
  /**
   * `timeout`: nothing came; `refused`: the network says so; `closed`: the connection is gone; `foreign`: it
   * speaks something else.
   */
  readonly silence: 'timeout' | 'refused' | 'closed' | 'foreign'
  readonly detail: string
  readonly sendings: number
}

interface Waiting {
  readonly request: Uint8Array
  sendings: number
  sentMs: number
  timer: Timer | null
  readonly deadline: Timer
  readonly settle: (outcome: Reply | Silence) => void
}

export class Transactions {
  readonly #waiting = new Map<string, Waiting>()

  get open(): number {
    return this.#waiting.size
  }

  /**
   * Sends a request; resolves with its answer, or with silence after `timeoutMs` at the latest. Never
   * rejects.
   */
  begin(link: Link, request: Uint8Array, timeoutMs: number): Promise<Reply | Silence> {
    const { promise, resolve } = Promise.withResolvers<Reply | Silence>()
    const key = keyOf(request)
    const waiting: Waiting = {
      request: Uint8Array.from(request),
      sendings: 0,
      sentMs: 0,
      timer: null,
      deadline: setTimeout(
        () => this.#settle(key, { silence: 'timeout', detail: `no answer within ${timeoutMs} ms` }),
        timeoutMs,
      ),
      settle: resolve,
    }
    this.#waiting.set(key, waiting)
    this.#send(link, key, waiting, RTO_MS)
    return promise
  }

  /** Tells whether the message answers a request that waits, which is over with it. */
  take(bytes: Uint8Array): boolean {
    if (bytes.length < HEADER_BYTES || !isAnswer(bytes)) return false
    return this.#settle(keyOf(bytes), { bytes })
  }

  /** Nothing that waits is answered any more. */
  fail(silence: Silence['silence'], detail: string): void {
    for (const key of [...this.#waiting.keys()]) this.#settle(key, { silence, detail })
  }

  // TCP repeats by itself (RFC 8489 §6.2.2).
  #send(link: Link, key: string, waiting: Waiting, rtoMs: number): void {
    waiting.sendings++
    waiting.sentMs = performance.now()
    if (!link.send(waiting.request))
      return void this.#settle(key, { silence: 'closed', detail: 'the connection is gone' })
    if (link.transport === 'udp' && this.#waiting.has(key))
      waiting.timer = setTimeout(() => this.#send(link, key, waiting, rtoMs * 2), rtoMs)
  }

  #settle(key: string, outcome: Pick<Reply, 'bytes'> | Omit<Silence, 'sendings'>): boolean {
    const waiting = this.#waiting.get(key)
    if (waiting === undefined) return false
    this.#waiting.delete(key)
    clearTimeout(waiting.deadline)
    if (waiting.timer !== null) clearTimeout(waiting.timer)
    const { sendings, sentMs } = waiting
    waiting.settle(
      'bytes' in outcome
        ? { ...outcome, sendings, rttMs: performance.now() - sentMs }
        : { ...outcome, sendings },
    )
    return true
  }
}

/** The transaction id of a message that has a whole header, in hex. */
export const keyOf = (bytes: Uint8Array): string =>
  Buffer.from(
    bytes.buffer,
    bytes.byteOffset + HEADER_BYTES - TRANSACTION_ID_BYTES,
    TRANSACTION_ID_BYTES,
  ).toString('hex')

function isAnswer(bytes: Uint8Array): boolean {
  const messageClass = classOf(((bytes[0] ?? 0) << 8) | (bytes[1] ?? 0))
  return (
    ((bytes[0] ?? 0) & 0xc0) === 0 && (messageClass === CLASSES.SUCCESS || messageClass === CLASSES.ERROR)
  )
}
