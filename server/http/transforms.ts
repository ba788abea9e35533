// The body of an answer on its way through the transforms that a rule's steps have made for it, from the one
// nearest to the server to the one nearest to the client. The head leaves with the first byte that the last
// of them lets out: until then they may edit it.
import type { Answer } from '../head/answer.ts'
import type { Fields } from '../head/fields.ts'
import type { ResponseHead } from '../head/response-head.ts'
import type { BodyTransform } from '../middleware/middleware.ts'
import type { Rule } from '../snapshot/snapshot.ts'
import type { FaultCode } from '../tables/faults.ts'
import type { ClientStream, Sink } from './ends.ts'
import { type Link, type LinkOwner, linked, trailersBehind } from './links.ts'
import type { Proxied } from './proxy.ts'

/** What it asks of its exchange. */
interface Transformed {
  readonly stream: ClientStream
  /** The head leaves; so many bytes follow, -1: nobody knows. */
  headOf(length: number): void
  pauseSource(): void
  resumeSource(): void
  /** All of the answer is written. */
  answerOver(): void
  bug(error: unknown): void
  /** The answer cannot be finished. */
  broken(code: FaultCode): void
}

/**
 * Asks the body steps that were reached, in reverse; null: the body passes as it is. Where none follows they
 * edit the head all the same.
 */
export function transformsOf(
  x: Proxied,
  rule: Rule,
  head: ResponseHead,
  hasBody: boolean,
): Transforms | null {
  const made: BodyTransform[] = []
  for (let i = rule.bodySteps.length - 1; i >= 0; i--) {
    const place = rule.bodySteps[i] as number
    if (place >= x.reached) continue
    const transform = rule.steps[place]?.body?.(x, head, x.notes?.[place])
    if (transform) made.push(transform)
  }
  if (made.length > 0 && hasBody) return new Transforms(x, made)
  for (const transform of made) transform.cancel?.()
  return null
}

export class Transforms implements Sink, LinkOwner {
  readonly #x: Transformed
  readonly #links: readonly Link[]
  readonly #first: Link
  #trailers: Fields | null = null
  isHeadOut = false
  #isOver = false
  /** Links that take nothing for now. */
  #paused = 0

  constructor(x: Transformed, transforms: readonly BodyTransform[]) {
    this.#x = x
    this.#links = linked(this, transforms)
    this.#first = this.#links[0] as Link
  }

  // ── from the server ──

  write(bytes: Buffer, from: number, to: number): void {
    if (!this.#isOver && to > from) this.#first.push(bytes, from, to)
  }

  writeEnd(trailers: Fields | null): void {
    this.#trailers = trailers
    if (!this.#isOver) this.#first.finish()
  }

  /** One of them takes nothing further for now. */
  get isPaused(): boolean {
    return this.#paused > 0
  }

  /** The client has taken all that was written. */
  clientDrained(): void {
    for (const link of this.#links.toReversed()) link.drained()
    if (!this.#isOver && this.#paused === 0 && this.#x.stream.waitingBytes === 0) this.#x.resumeSource()
  }

  /** The exchange is over. */
  cancel(): void {
    if (this.#isOver) return
    this.#isOver = true
    for (const link of this.#links) link.cancel()
  }

  // ── from the last link ──

  out(bytes: Buffer, from: number, to: number, length: number): void {
    if (this.#isOver || to === from) return
    this.#letHead(length)
    this.#x.stream.write(bytes, from, to)
  }

  outEnd(length: number): void {
    if (this.#isOver) return
    this.#isOver = true
    this.#letHead(length)
    this.#x.stream.writeEnd(trailersBehind(this.#links, this.#trailers))
    this.#x.answerOver()
  }

  get isFull(): boolean {
    return this.#x.stream.waitingBytes > 0
  }

  pause(): void {
    if (++this.#paused === 1) this.#x.pauseSource()
  }

  resume(): void {
    if (--this.#paused === 0 && !this.isFull) this.#x.resumeSource()
  }

  countKept(delta: number): void {
    if (delta !== 0) this.#x.stream.countKept(delta)
  }

  fail(error: unknown): void {
    if (!this.#isOver) this.#x.bug(error)
  }

  refuse({ fault }: Answer): void {
    if (!this.#isOver) this.#x.broken(fault ?? 'server_malformed')
  }

  #letHead(length: number): void {
    if (this.isHeadOut) return
    this.isHeadOut = true
    this.#x.headOf(length)
  }
}
