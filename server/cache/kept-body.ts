// A body on its way to the client that is kept as it passes, and stored once it is whole.
import type { ResponseHead } from '../head/response-head.ts'
import type { BodySink, BodyTransform } from '../middleware/middleware.ts'
import { Collect } from './collect.ts'
import type { CacheStore } from './store.ts'
import { valuesOf } from './stored-head.ts'
import type { FreshnessRules } from './terms.ts'
import type { Draft, Visit } from './visit.ts'

export interface KeepingParts {
  readonly store: CacheStore
  readonly visit: Visit
  readonly draft: Draft
  /** As it leaves: what changes the body behind the cache says so in it. */
  readonly head: ResponseHead
  readonly options: FreshnessRules & { readonly max_size: number }
  /** There is nothing to keep but the head. */
  readonly isWithoutBody: boolean
  readonly stored: () => void
  /** `usual`: others will not be stored either. */
  readonly notStored: (usual: boolean) => void
}

/** Null: the body passes by itself. */
export function keepsPassing(parts: KeepingParts): BodyTransform | null {
  const { head, isWithoutBody, options, store, notStored } = parts
  const length = isWithoutBody ? 0 : lengthOf(head)
  if (length === 0) {
    put(parts, Buffer.alloc(0))
    return null
  }
  const collect = new Collect(store, length, options.max_size)
  if (!collect.isGivenUp) return new Keeping(parts, collect, length)
  notStored(length > options.max_size)
  return null
}

function lengthOf(head: ResponseHead): number {
  const value = head.get('content-length')
  return value === null ? -1 : Number(value)
}

function put({ store, visit, draft, options, stored, notStored }: KeepingParts, body: Buffer | null): void {
  const { key, place, askedMs, flight } = visit
  const { selecting, tags, answeredMs } = draft
  if (body === null || flight?.isVoid === true) return notStored(false)
  const came = { askedMs, answeredMs }
  const entry = { head: draft.head, body, selecting, came, rules: options, tags }
  if (store.put(key, place, entry)) stored()
  else notStored(true)
}

class Keeping implements BodyTransform {
  readonly #parts: KeepingParts
  readonly #collect: Collect
  readonly #length: number
  #isOver = false
  #hasBegun = false

  constructor(parts: KeepingParts, collect: Collect, length: number) {
    this.#parts = parts
    this.#collect = collect
    this.#length = length
  }

  push(bytes: Buffer, from: number, to: number, next: BodySink): void {
    this.#begin(next)
    if (!this.#isOver && !this.#collect.push(bytes, from, to)) this.#giveUp(true)
    next.write(bytes, from, to)
  }

  end(next: BodySink): void {
    this.#begin(next)
    if (!this.#isOver) {
      this.#isOver = true
      put(this.#parts, this.#collect.take())
    }
    next.end()
  }

  /** It broke off, or its client has gone: the end of the exchange says so to those who wait. */
  cancel(): void {
    this.#isOver = true
    this.#collect.giveUp()
  }

  /**
   * What has changed the body before it came here has said so in the head that leaves, not in the kept one.
   */
  #begin(next: BodySink): void {
    if (this.#hasBegun) return
    this.#hasBegun = true
    next.length = this.#length
    const { head, draft } = this.#parts
    if (head.get('content-encoding') !== (valuesOf(draft.head, 'content-encoding')[0] ?? null))
      this.#giveUp(false)
  }

  #giveUp(usual: boolean): void {
    this.#isOver = true
    this.#collect.giveUp()
    this.#parts.notStored(usual)
  }
}
