// Something that another server says, and that holds for a while: asked for once, by whoever needs it first;
// what was good last is kept while nothing better comes.
import type { AsksWeb } from '../http/web-words.ts'

/** Why there is nothing. */
export interface Failed {
  readonly is: 'failure'
  /** For people. */
  readonly why: string
}

export const isFailed = (told: unknown): told is Failed =>
  typeof told === 'object' && told !== null && 'is' in told && told.is === 'failure'

interface How<T> {
  readonly ask: (web: AsksWeb) => Promise<T | Failed>
  /** After so long it is asked for again. */
  readonly freshMs: number
  /** Not more often than that, whatever comes. */
  readonly pauseMs: number
  /** Milliseconds on any clock that goes on. */
  readonly now: () => number
  /** It fails from now on, or (null) no more. */
  readonly told: (failure: Failed | null) => void
}

export class Remembered<T extends object> {
  readonly #how: How<T>
  #value: T | null = null
  #goodMs = 0
  #askedMs = Number.NEGATIVE_INFINITY
  #asking: Promise<T | Failed> | null = null
  #lastFailure: Failed | null = null

  constructor(how: How<T>) {
    this.#how = how
  }

  /** What was good last; null: nothing was yet. */
  get value(): T | null {
    return this.#value
  }

  /** Why the last asking gave nothing; null: it gave something. */
  get failure(): Failed | null {
    return this.#lastFailure
  }

  /** At once where it is known: an old one is good while it is asked for again. */
  get(web: AsksWeb): T | Promise<T | Failed> {
    const value = this.#value
    if (value === null) return this.again(web)
    if (this.#how.now() - this.#goodMs >= this.#how.freshMs) void this.again(web)
    return value
  }

  /** Asks for it, unless that was done just now: then what came of it, or what is known. */
  again(web: AsksWeb): Promise<T | Failed> {
    if (this.#asking !== null) return this.#asking
    const { now, pauseMs, ask } = this.#how
    if (now() - this.#askedMs < pauseMs) return Promise.resolve(this.#lastFailure ?? this.#value ?? NOTHING)
    this.#askedMs = now()
    const asking = ask(web).then(
      (told) => this.#took(told),
      (error: unknown) =>
        this.#took({ is: 'failure', why: error instanceof Error ? error.message : String(error) }),
    )
    this.#asking = asking
    return asking
  }

  #took(told: T | Failed): T | Failed {
    this.#asking = null
    if (isFailed(told)) {
      if (this.#lastFailure === null) this.#how.told(told)
      this.#lastFailure = told
      return told
    }
    if (this.#lastFailure !== null) this.#how.told(null)
    this.#value = told
    this.#goodMs = this.#how.now()
    this.#lastFailure = null
    return told
  }
}

const NOTHING: Failed = { is: 'failure', why: 'nothing is known yet' }
