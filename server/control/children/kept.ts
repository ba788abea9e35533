// Who is kept at a post, whatever it serves: it is made ready for plans, serves them, and is replaced when it
// is gone.

/** What it says to a plan. `gone`: it died or did not answer in time. */
export type Answer =
  | { readonly is: 'ready' }
  | { readonly is: 'failed'; readonly why: string }
  | { readonly is: 'gone'; readonly why: string }

export interface Kept<Plan> {
  readonly pid: number
  /** When it was started, by performance.now(). */
  readonly startedMs: number
  /** How much its drain cut off, once it is gone. */
  readonly aborted: number
  /** Settles when it is able to take plans; false when it died before. */
  readonly hello: Promise<boolean>
  /** Settles when it is gone. */
  readonly exited: Promise<void>
  prepare(plan: Plan): Promise<Answer>
  /** Swaps to the plan that it is ready for; false when it is gone instead. */
  commit(plan: Plan): Promise<boolean>
  drop(plan: Plan): void
  /** Accepts no more, finishes what is in flight, ends. */
  /** `othersServe`: who comes now finds others on the same addresses. */
  drain(withinMs: number, othersServe?: boolean): void
  kill(): void
}
