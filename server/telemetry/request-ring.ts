// The last requests of a worker, for who asks about them. Numbers and names are copied where the access log
// has them anyway, the head as bytes; all else is done when somebody asks. What is secret in a head leaves
// the process only for who replays it.
import type { Exchange } from '../http/exchange.ts'
import { HEAD_BYTES_MAX, KeptRequest } from './kept-request.ts'
import { passes, type RequestFilter } from './request-filter.ts'
import { type ToldRequest, tellRequest } from './told-request.ts'

export interface RingOptions {
  /** 0: none are kept. */
  readonly requests: number
  /** Of their heads, all together. */
  readonly bytes: number
}

/** What is asked of a worker about its requests. */
export type RequestsQuestion =
  | {
      readonly is: 'requests'
      readonly filter: RequestFilter
      /** At most 100 are told at a time: whoever wants more asks again, and others are served meanwhile. */
      readonly limit: number
      /** Only those before this one. */
      readonly before?: number
      /** With what is secret in their heads. */
      readonly isRaw?: boolean
    }
  | { readonly is: 'request'; readonly seq: number; readonly isRaw?: boolean }
  /** What came since the last asking of this follower; the first one begins. */
  | { readonly is: 'tail'; readonly follower: string; readonly filter: RequestFilter }
  | { readonly is: 'untail'; readonly follower: string }

export interface RequestsAnswer {
  /** The newest first; of a tail the oldest. */
  readonly requests: readonly ToldRequest[]
  /** That are not among them: of a list those that are older, of a tail those that had no room. */
  readonly left_out: number
  /** The follower was not known: what came before is not told. */
  readonly isNew?: boolean
}

/** To tell so many takes a worker about a millisecond. */
const PAGE_MAX = 100
/** Between two askings of a follower so many are kept for it. */
const TAIL_MAX = 100
/** One that has not asked for so long is gone. */
const TAIL_MS = 10_000
export const FOLLOWERS_MAX = 32
const NOTHING: RequestsAnswer = { requests: [], left_out: 0 }

interface Tail {
  readonly filter: RequestFilter
  waiting: ToldRequest[]
  leftOut: number
  askedMs: number
}

export class RequestRing {
  #options: RingOptions = { requests: 0, bytes: 0 }
  #slots: KeptRequest[] = []
  #bytes: Buffer = Buffer.alloc(0)
  #place = 0
  #at = 0
  #written = 0
  #seq = 0
  #tails: Map<string, Tail> | null = null

  /** Other bounds begin anew. */
  configure(options: RingOptions): void {
    const { requests, bytes } = this.#options
    if (options.requests === requests && options.bytes === bytes) return
    this.#options = options
    this.#slots = []
    this.#place = this.#at = this.#written = 0
    // Memory that is not written to takes none.
    this.#bytes = Buffer.allocUnsafeSlow(options.requests === 0 ? 0 : Math.max(options.bytes, HEAD_BYTES_MAX))
  }

  /** Keeps an exchange that has ended, in place of the oldest. */
  exchange(x: Exchange): void {
    const { requests } = this.#options
    if (requests === 0) return
    const kept = (this.#slots[this.#place] ??= new KeptRequest(this.#bytes))
    if (++this.#place === requests) this.#place = 0
    kept.seq = ++this.#seq
    kept.take(x)
    this.#keepHead(kept, x)
    if (this.#tails !== null) this.#tell(kept, x.endedMs)
  }

  #keepHead(kept: KeptRequest, { request }: Exchange): void {
    const { headStart, headEnd } = request
    const whole = headEnd - headStart
    const length = whole > HEAD_BYTES_MAX ? HEAD_BYTES_MAX : whole
    let at = this.#at
    if (at + length > this.#bytes.length) {
      this.#written += this.#bytes.length - at
      at = 0
    }
    const { fields } = request
    fields.bytes.copy(this.#bytes, at, headStart, headStart + length)
    this.#at = at + length
    this.#written += length
    kept.at = at
    kept.before = this.#written - length
    kept.headBytes = length
    kept.isHeadCut = whole > length
    kept.targetStart = request.targetStart - headStart
    kept.targetEnd = request.targetEnd - headStart
    kept.hidden = fields.hidden
    kept.version = request.version
    kept.method = request.method
    kept.host = request.host
    kept.refusedTarget = length === 0 ? request.target : ''
  }

  /** What somebody asks. */
  answer(question: RequestsQuestion, nowMs: number): RequestsAnswer {
    if (question.is === 'untail') this.#tails?.delete(question.follower)
    if (question.is === 'untail') return NOTHING
    if (question.is === 'tail') return this.#tail(question, nowMs)
    if (question.is === 'requests') return this.#list(question)
    const found = this.#slots.find(({ seq }) => seq === question.seq)
    return found === undefined || !this.#isThere(found)
      ? NOTHING
      : { requests: [tellRequest(found, question.isRaw === true)], left_out: 0 }
  }

  #list({
    filter,
    limit,
    before = Infinity,
    isRaw,
  }: Extract<RequestsQuestion, { is: 'requests' }>): RequestsAnswer {
    const { length } = this.#slots
    const most = Math.min(limit, PAGE_MAX)
    const found: ToldRequest[] = []
    let leftOut = 0
    for (let i = 1; i <= length; i++) {
      const kept = this.#slots[(this.#place - i + length) % length]
      if (kept === undefined || !this.#isThere(kept)) break
      if (kept.seq >= before || !passes(filter, kept)) continue
      if (found.length < most) found.push(tellRequest(kept, isRaw === true))
      else leftOut++
    }
    return { requests: found, left_out: leftOut }
  }

  /** Its head is not written over yet. */
  #isThere({ before }: KeptRequest): boolean {
    return this.#written - before <= this.#bytes.length
  }

  #tail(question: Extract<RequestsQuestion, { is: 'tail' }>, nowMs: number): RequestsAnswer {
    const { follower, filter } = question
    const tails = (this.#tails ??= new Map())
    const known = tails.get(follower)
    if (known !== undefined) {
      const { waiting, leftOut } = known
      known.waiting = []
      known.leftOut = 0
      known.askedMs = nowMs
      return { requests: waiting, left_out: leftOut }
    }
    if (tails.size < FOLLOWERS_MAX) tails.set(follower, { filter, waiting: [], leftOut: 0, askedMs: nowMs })
    return { ...NOTHING, isNew: true }
  }

  #tell(kept: KeptRequest, nowMs: number): void {
    const tails = this.#tails
    if (tails === null) return
    for (const [follower, tail] of tails) {
      if (nowMs - tail.askedMs > TAIL_MS) tails.delete(follower)
      else if (passes(tail.filter, kept)) {
        if (tail.waiting.length < TAIL_MAX) tail.waiting.push(tellRequest(kept, false))
        else tail.leftOut++
      }
    }
    if (tails.size === 0) this.#tails = null
  }
}
