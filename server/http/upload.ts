// The body of a request on its way through the transforms that a rule's steps have made for it. A short one
// is gathered before a server is asked: then its length is known, and one that is refused costs no server
// anything. A longer one goes on in chunks.
import type { Answer } from '../head/answer.ts'
import type { Fields } from '../head/fields.ts'
import { KNOWN } from '../head/known-fields.ts'
import type { BodyTransform } from '../middleware/middleware.ts'
import type { Rule } from '../snapshot/snapshot.ts'
import type { BodyForm, ClientStream } from './ends.ts'
import type { Exchange } from './exchange.ts'
import { type Link, type LinkOwner, linked, trailersBehind } from './links.ts'

/** Whose body it is. */
interface Uploading extends Exchange {
  readonly stream: ClientStream
  readonly notes: readonly unknown[] | null
  /** An answer has begun. */
  readonly hasBegun: boolean
  readonly forward: { stopUpload(): void } | null
  /** A piece for the server, and the end of all. */
  given(bytes: Buffer, from: number, to: number): void
  givenWhole(trailers: Fields | null): void
  bodyTooLarge(): void
  reply(answer: Answer): void
  bug(error: unknown): void
}

/** Asks the steps, in order; null: the body passes as it is. */
export function uploadOf(x: Uploading, rule: Rule): Upload | null {
  const made: BodyTransform[] = []
  for (const place of rule.uploadSteps) {
    const transform = rule.steps[place]?.requestBody?.(x, x.notes?.[place])
    if (transform) made.push(transform)
  }
  return made.length === 0 ? null : new Upload(x, made)
}

export class Upload implements LinkOwner {
  /** As it is told to servers. */
  form: BodyForm = 'content'
  /** What servers are to get of it, so far. */
  bytes = 0
  /** Whoever takes it does not keep up. */
  isFull = false
  readonly #x: Uploading
  readonly #links: readonly Link[]
  #trailers: Fields | null = null
  /** Links that take nothing for now. */
  #paused = 0
  #isOver = false

  constructor(x: Uploading, transforms: readonly BodyTransform[]) {
    this.#x = x
    this.#links = linked(this, transforms)
    if (x.stream.requestForm === 'length' && transforms.every(({ keepsLength }) => keepsLength === true))
      this.form = 'length'
    else x.request.remove('content-length')
  }

  /** Its client sends nothing of it before a server has said that it may. */
  get isAwaited(): boolean {
    return this.#x.request.fields.has(KNOWN.expect) && this.#x.stream.receivedBytes === 0
  }

  // ── from the client ──

  push(bytes: Buffer, from: number, to: number): void {
    if (!this.#isOver && to > from) this.#links[0]?.push(bytes, from, to)
  }

  finish(trailers: Fields | null): void {
    this.#trailers = trailers
    if (!this.#isOver) this.#links[0]?.finish()
  }

  /** Nobody wants the rest. */
  cancel(): void {
    if (this.#isOver) return
    this.#isOver = true
    for (const link of this.#links) link.cancel()
  }

  // ── from the server ──

  serverFull(): void {
    this.isFull = true
    this.#x.stream.pause()
  }

  serverFree(): void {
    if (this.isFull) {
      this.isFull = false
      for (const link of this.#links.toReversed()) link.drained()
    }
    this.#resume()
  }

  #resume(): void {
    if (this.#isOver || (this.#paused === 0 && !this.isFull)) this.#x.stream.resume()
  }

  // ── from the last link ──

  out(bytes: Buffer, from: number, to: number): void {
    if (this.#isOver || to === from) return
    this.bytes += to - from
    if (this.bytes > this.#x.bodyLimit) this.#x.bodyTooLarge()
    else this.#x.given(bytes, from, to)
  }

  outEnd(): void {
    if (this.#isOver) return
    this.#isOver = true
    const trailers = trailersBehind(this.#links, this.#trailers)
    // RFC 9112 §7.1.2: trailers stand behind chunks alone.
    if (this.#x.forward === null && trailers === null) {
      this.form = 'length'
      this.#x.request.set('Content-Length', String(this.bytes))
    }
    this.#x.givenWhole(trailers)
  }

  pause(): void {
    if (++this.#paused === 1) this.#x.stream.pause()
  }

  resume(): void {
    this.#paused--
    this.#resume()
  }

  countKept(delta: number): void {
    if (delta !== 0) this.#x.stream.countKept(delta)
  }

  fail(error: unknown): void {
    if (!this.#isOver) this.#x.bug(error)
  }

  refuse(answer: Answer): void {
    if (this.#isOver) return
    // What is malformed must never look whole to a server.
    if (this.#x.hasBegun) this.#x.forward?.stopUpload()
    else this.#x.reply(answer)
  }
}
