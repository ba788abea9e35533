// An attempt beside the one under way. Whichever is answered first goes on: where that is this one, all that
// is told of it is passed to who asked, as if it had been its own from the begin.
import type { Server, ServerTimeouts } from '../backends/server.ts'
import type { Fields } from '../head/fields.ts'
import type { RequestHead } from '../head/request-head.ts'
import type { ResponseHead } from '../head/response-head.ts'
import { nowMs } from '../lib/clock.ts'
import type { OnBehalf } from '../lib/on-behalf.ts'
import type { ProxyVersion } from '../lib/proxy-header-out.ts'
import type { Loss } from '../tables/faults.ts'
import type { BodyForm, Opener, Opening, ServerStream, Servers } from './ends.ts'

/** Whose request it makes. */
export interface Hedged extends Opener {
  /** Asks on it, unless nothing is left to ask. */
  askHedge(hedge: Hedge, stream: ServerStream): void
  /** The first head that has come is its: whether it is wanted. Where it is not, it tells nothing more. */
  hedgeAnswered(hedge: Hedge, head: ResponseHead, form: BodyForm): boolean
  hedgeLost(hedge: Hedge, loss: Loss): void
}

export class Hedge implements Opener {
  readonly server: Server
  readonly sinceMs = nowMs
  stream: ServerStream | null = null
  opening: Opening | null = null
  /** When all of the request was sent; 0: it was not. */
  askedMs = 0
  /** Until a connection was there; null: none is. */
  connectMs: number | null = null
  /** It has become the attempt of who asked. */
  isAdopted = false
  /** It is over, or given up. */
  isOver = false
  readonly #to: Hedged

  constructor(server: Server, to: Hedged) {
    this.server = server
    this.#to = to
  }

  open(servers: Servers, request: RequestHead, isFresh = false): void {
    const opening = servers.open(this.server, request, isFresh, this)
    if (opening) this.opening = opening
  }

  /** Nothing more is told of it. */
  cancel(): void {
    const { opening, stream } = this
    this.isOver = true
    this.opening = this.stream = null
    opening?.cancel()
    stream?.cancel()
  }

  /** How long its server has let wait. */
  get waitedMs(): number {
    return nowMs - (this.askedMs === 0 ? this.sinceMs : this.askedMs)
  }

  get timeouts(): ServerTimeouts | null {
    return this.#to.timeouts
  }

  onBehalf(version: ProxyVersion): OnBehalf {
    return this.#to.onBehalf(version)
  }

  serverOpen(stream: ServerStream): void {
    if (this.isAdopted) return this.#to.serverOpen(stream)
    this.opening = null
    this.stream = stream
    this.connectMs = nowMs - this.sinceMs
    this.askedMs = nowMs
    this.#to.askHedge(this, stream)
  }

  /** Of two attempts, only one has its interim answers passed on. */
  serverInterim(head: ResponseHead): void {
    if (this.isAdopted) this.#to.serverInterim(head)
  }

  serverAnswer(head: ResponseHead, form: BodyForm): void {
    if (this.isAdopted || this.#to.hedgeAnswered(this, head, form)) this.#to.serverAnswer(head, form)
  }

  serverLost(loss: Loss): void {
    if (this.isAdopted) return this.#to.serverLost(loss)
    this.opening = this.stream = null
    this.#to.hedgeLost(this, loss)
  }

  serverBody(bytes: Buffer, from: number, to: number, content: number): void {
    this.#to.serverBody(bytes, from, to, content)
  }

  serverEnd(trailers: Fields | null): void {
    this.#to.serverEnd(trailers)
  }

  serverDrained(): void {
    if (this.isAdopted) this.#to.serverDrained()
  }

  uploadOver(): void {
    this.#to.uploadOver()
  }

  uploadStalled(): void {
    if (this.isAdopted) this.#to.uploadStalled()
  }
}
