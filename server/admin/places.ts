// Places of what goes on being answered, such as live events: so many in all, and no more than a share of
// them for one account, so that nobody keeps the others out.
import { accountOf, type Principal } from '../control/store/principal.ts'
import { problem } from './problem.ts'

/** Of all places: one account has no more. */
const SHARE = 4

export class Places {
  readonly all: number
  readonly each: number
  /** How many each account has. */
  readonly #taken = new Map<string, number>()
  #count = 0

  constructor(all: number) {
    this.all = all
    this.each = Math.max(1, Math.floor(all / SHARE))
  }

  /** Takes one: what gives it back, once however often it is called; or the answer where there is none. */
  take(who: Pick<Principal, 'kind' | 'name' | 'id' | 'source'>): (() => void) | Response {
    const account = accountOf(who)
    const own = this.#taken.get(account) ?? 0
    if (own >= this.each) return this.#noneOfTheirs(who.name)
    if (this.#count >= this.all) return this.noneLeft()
    this.#taken.set(account, own + 1)
    this.#count++
    let isTaken = true
    return () => {
      if (isTaken) this.#giveBack(account)
      isTaken = false
    }
  }

  /** What is answered where all are taken. */
  noneLeft(): Response {
    return problem('too_many_watchers', `All ${this.all} places are taken.`, { headers: LATER })
  }

  #noneOfTheirs(name: string): Response {
    const detail = `${name} has ${this.each} of the ${this.all} places, which is the most for one account.`
    return problem('too_many_own_watchers', detail, { headers: LATER })
  }

  #giveBack(account: string): void {
    const own = this.#taken.get(account) ?? 0
    if (own > 1) this.#taken.set(account, own - 1)
    else this.#taken.delete(account)
    this.#count--
  }
}

const LATER = { 'Retry-After': '10' }
