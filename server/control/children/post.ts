// The place of one that is kept: it stays while they come and go.
import { BackOff, YOUNG_MS } from './back-off.ts'
import type { Answer, Kept } from './kept.ts'

/** What concerns the one at a post happens one after the other. */
export class Post<Plan, K extends Kept<Plan>> {
  kept: K | null = null
  /** The plan that it may swap to. */
  readyFor: Plan | null = null
  /** It serves a plan. */
  isServing = false
  /** Process id of the one that the present one stands in for, until it serves. */
  replaces: number | null = null
  readonly backOff = new BackOff()
  #last: Promise<unknown> = Promise.resolve()

  next<T>(act: () => Promise<T>): Promise<T> {
    const done = this.#last.then(act)
    this.#last = done.catch(() => {})
    return done
  }

  /** Someone new is here. */
  take(kept: K): void {
    this.kept = kept
    this.readyFor = null
  }

  /** Gets it ready for a plan. */
  async prepare(kept: K, plan: Plan): Promise<Answer> {
    const said = await kept.prepare(plan)
    this.readyFor = said.is === 'ready' && this.kept === kept ? plan : null
    return said
  }

  /** Gives it a plan to serve, from the start; why it does not. */
  async whyNotServing(kept: K, plan: Plan): Promise<string | null> {
    this.readyFor = null
    const answer = await kept.prepare(plan)
    if (answer.is !== 'ready') return answer.why
    return (await this.swap(kept, plan)) ? null : 'it ended before it served'
  }

  /** Makes it swap to the plan that it is ready for; whether it serves it. */
  async swap(kept: K, plan: Plan): Promise<boolean> {
    const isServing = await kept.commit(plan)
    if (isServing && this.kept === kept) this.isServing = true
    return isServing
  }

  /** It is not here any more; whether it came to serve, and how long that lasted. */
  leave(kept: K): { readonly hasServed: boolean; readonly diedEarly: boolean } {
    const hasServed = this.isServing
    this.kept = null
    this.readyFor = null
    this.isServing = false
    this.replaces ??= kept.pid
    // One that took long to come up, and did not, has not lived.
    return { hasServed, diedEarly: !hasServed || performance.now() - kept.startedMs < YOUNG_MS }
  }

  /** Process id of the one that it has taken the place of, told once. */
  takeReplaced(): number | null {
    const { replaces } = this
    this.replaces = null
    return replaces
  }
}
