// Transforms one behind the other: what one writes is what the next one gets, and the last one's goes to
// whoever owns them.
import type { Answer } from '../head/answer.ts'
import type { Fields } from '../head/fields.ts'
import type { BodySink, BodyTransform } from '../middleware/middleware.ts'

/** Whose body passes them. */
export interface LinkOwner {
  /** What the last of them writes; `length`: what it says of all. */
  out(bytes: Buffer, from: number, to: number, length: number): void
  outEnd(length: number): void
  /** Whoever takes the body does not keep up. */
  readonly isFull: boolean
  /** One of them takes nothing further for now. */
  pause(): void
  resume(): void
  countKept(delta: number): void
  fail(error: unknown): void
  refuse(answer: Answer): void
}

/** In the order in which the body passes them. */
export function linked(owner: LinkOwner, transforms: readonly BodyTransform[]): Link[] {
  const links: Link[] = []
  for (const transform of transforms.toReversed()) {
    const [next = null] = links
    const link = new Link(owner, transform, next)
    if (next !== null) next.before = link
    links.unshift(link)
  }
  return links
}

/** One transform, and where it writes to. */
export class Link implements BodySink {
  length = -1
  /** Whose output it gets; null: it is the first. */
  before: Link | null = null
  readonly #owner: LinkOwner
  readonly #transform: BodyTransform
  readonly #next: Link | null
  #isPaused = false
  #isEnded = false

  constructor(owner: LinkOwner, transform: BodyTransform, next: Link | null) {
    this.#owner = owner
    this.#transform = transform
    this.#next = next
  }

  push(bytes: Buffer, from: number, to: number): void {
    this.#transform.push(bytes, from, to, this)
  }

  drained(): void {
    if (!this.#isEnded) this.#transform.drained?.(this)
  }

  cancel(): void {
    if (!this.#isEnded) this.#transform.cancel?.()
    this.#isEnded = true
  }

  /** Of those before it: the body is over. */
  finish(): void {
    const step = this.#transform
    step.end(this)
  }

  trailersOf(trailers: Fields): Fields | null {
    return this.#transform.trailers ? this.#transform.trailers(trailers) : trailers
  }

  // ── what its transform asks ──

  write(bytes: Buffer, from: number, to: number): void {
    if (this.#isEnded || to === from) return
    if (this.#next === null) this.#owner.out(bytes, from, to, this.length)
    else this.#next.push(bytes, from, to)
  }

  end(): void {
    if (this.#isEnded) return
    this.#isEnded = true
    if (this.#next === null) this.#owner.outEnd(this.length)
    else this.#next.finish()
  }

  get isFull(): boolean {
    return this.#next === null ? this.#owner.isFull : this.#next.#isPaused || this.#next.isFull
  }

  pause(): void {
    if (this.#isPaused) return
    this.#isPaused = true
    this.#owner.pause()
  }

  resume(): void {
    if (!this.#isPaused) return
    this.#isPaused = false
    // It was full for the one before it, too.
    this.before?.drained()
    this.#owner.resume()
  }

  countKept(delta: number): void {
    this.#owner.countKept(delta)
  }

  fail(error: unknown): void {
    this.#owner.fail(error)
  }

  refuse(answer: Answer): void {
    this.#owner.refuse(answer)
  }
}

/** What of trailers still holds behind all of them. */
export function trailersBehind(links: readonly Link[], trailers: Fields | null): Fields | null {
  let left = trailers
  for (const link of links) left = left && link.trailersOf(left)
  return left
}
