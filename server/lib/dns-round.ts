// The questions that one look-up of a name takes: each name that it may stand for in turn, until one has an
// address.
import { type DnsAnswer, ask } from './dns-query.ts'
import type { ResolverConfig } from './resolver.options.ts'

/** A datagram may be lost: a query without an answer is sent once more. */
const TRIES = 2
/** RFC 8305 §3: addresses of one family wait this long for those of the other. */
const GRACE_MS = 50

/** What a round has brought. */
export interface DnsOutcome {
  /** The name that these answers are of. */
  readonly name: string
  /** Of both families; of one while the other is still waited for. */
  readonly answers: readonly DnsAnswer[]
}

export interface RoundEvents {
  /** One family has addresses, and the other lets wait for itself. At most once, before `over`. */
  early(outcome: DnsOutcome): void
  over(outcome: DnsOutcome): void
}

/**
 * Asks for the names in their order, as the C library does: for the next one when there is no such name, or
 * trouble with it alone.
 */
export function askInTurn(names: readonly string[], options: ResolverConfig, events: RoundEvents): void {
  new Round(names, options, events).next()
}

class Round {
  readonly #names: readonly string[]
  readonly #options: ResolverConfig
  readonly #events: RoundEvents
  #at = 0
  #answers: DnsAnswer[] = []
  #grace: Timer | null = null
  /** The first trouble on the way here: what to say when nothing is found. */
  #trouble: DnsOutcome | null = null

  constructor(names: readonly string[], options: ResolverConfig, events: RoundEvents) {
    this.#names = names
    this.#options = options
    this.#events = events
  }

  next(): void {
    const name = this.#name
    this.#answers = []
    const take = (answer: DnsAnswer): void => this.#take(answer)
    ask({ family: 4, name, options: this.#options, tries: TRIES }, take)
    ask({ family: 6, name, options: this.#options, tries: TRIES }, take)
  }

  get #name(): string {
    return this.#names[this.#at] ?? ''
  }

  get #outcome(): DnsOutcome {
    return { name: this.#name, answers: this.#answers }
  }

  #take(answer: DnsAnswer): void {
    this.#answers.push(answer)
    if (this.#answers.length === 2) return this.#settle()
    if (answer.is !== 'found') return
    this.#grace = setTimeout(() => {
      this.#grace = null
      this.#events.early({ name: this.#name, answers: [answer] })
    }, GRACE_MS)
  }

  #settle(): void {
    if (this.#grace) clearTimeout(this.#grace)
    this.#grace = null
    const answers = this.#answers
    if (answers.some(({ is }) => is === 'found')) return this.#events.over(this.#outcome)
    if (answers.some(({ is }) => is === 'failed')) this.#trouble ??= this.#outcome
    // A DNS server that does not answer at all is not asked for the other names as well.
    const isOver = answers.every((answer) => answer.is === 'failed' && !answer.mayTryOthers)
    if (isOver || this.#at + 1 >= this.#names.length) return this.#events.over(this.#trouble ?? this.#outcome)
    this.#at++
    this.next()
  }
}
