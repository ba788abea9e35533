// Keeps a relay running while a plan has turn listeners. One that dies takes its allocations with it; another
// is started at once, then after 0.1, 0.2 … 5 s when they keep dying young, and gets the same sockets and the
// last committed plan.
import type { Question } from '../../turn/messages.ts'
import type { Answer, Kept } from '../children/kept.ts'
import { Post } from '../children/post.ts'
import type { RelayBody } from './relay-plan.ts'
import type { Relay } from './relay.ts'
import type { RelayExit } from './relay-start.ts'

/** One that dies of a plan is tried twice. */
const TRIES = 2
const ASK_MS = 5000

/** What the keeper asks of a relay. */
export type KeptRelay = Kept<RelayBody> & Pick<Relay, 'ask' | 'stop' | 'holdBack'>

export interface RelayKeeperOptions {
  /** Starts one; `onExit` is called once when it is gone. Throws when it cannot. */
  readonly start: (onExit: (relay: KeptRelay, how: RelayExit) => void) => KeptRelay
  readonly onExit: (relay: KeptRelay, how: RelayExit) => void
  readonly onReplaced: (relay: KeptRelay, previous: number) => void
  /** It did not get as far as serving the committed plan; told once for each reason. */
  readonly onNotStarted: (why: string) => void
}

export class RelayKeeper {
  /** Allocations that drains cut off. */
  aborted = 0
  readonly #post = new Post<RelayBody, KeptRelay>()
  #committed: RelayBody | null = null
  readonly #told = new Set<string>()
  #isEnding = false
  /** Those that no plan needs any more, and that have not ended yet. */
  #leaving = 0
  readonly #options: RelayKeeperOptions

  constructor(options: RelayKeeperOptions) {
    this.#options = options
  }

  /** Whether there is one that serves the committed plan. */
  get isServing(): boolean {
    return this.#post.isServing
  }

  /** Null: there is none. */
  get pid(): number | null {
    return this.#post.kept?.pid ?? null
  }

  /** Whether one that is not needed any more still holds the sockets it had. */
  get isLeaving(): boolean {
    return this.#leaving > 0
  }

  /** Gets it ready for a plan; what stands against that. */
  prepare(body: RelayBody): Promise<string | null> {
    return this.#post.next(async () => {
      let answer: Answer = { is: 'gone', why: 'the TURN relay did not start' }
      for (let tries = 0; tries < TRIES && answer.is === 'gone'; tries++) {
        const relay = this.#post.kept ?? (isOfUse(body) ? this.#start() : null)
        if (!relay) return isOfUse(body) ? answer.why : null
        answer = (await relay.hello) ? await this.#post.prepare(relay, body) : answer
        if (answer.is === 'gone') await relay.exited
      }
      return answer.is === 'ready' ? null : answer.why
    })
  }

  drop(body: RelayBody): void {
    const { kept, backOff } = this.#post
    this.#post.readyFor = null
    kept?.drop(body)
    // One that was started for that plan alone.
    if (!this.#committed) this.#stop()
    else if (!this.isServing && !backOff.isWaiting) this.#replace()
  }

  /** Makes it swap; one that is replaced meanwhile comes up with the new plan. */
  async commit(body: RelayBody): Promise<void> {
    this.#committed = isOfUse(body) ? body : null
    this.#told.clear()
    await this.#post.next(async () => {
      const relay = this.#post.kept
      if (relay && this.#post.readyFor === body) await this.#swap(relay, body)
      else if (relay && this.#committed) await this.#bringUp(relay)
      // It died after its answer, and there was no plan to serve until now.
      else if (this.#committed && !this.#post.backOff.isWaiting) this.#replace()
      if (!this.#committed) this.#stop()
    })
  }

  ask(question: Question): Promise<unknown> {
    const { kept } = this.#post
    return kept?.ask(question, ASK_MS) ?? Promise.reject(new Error('there is no TURN relay now'))
  }

  /** Another gateway receives on its UDP sockets; or it does not, after all. */
  holdBack(isHeldBack: boolean): void {
    this.#post.kept?.holdBack(isHeldBack)
  }

  /** Lets allocations end; settles when it is gone. */
  async drain(withinMs: number): Promise<void> {
    this.#isEnding = true
    this.#post.backOff.cancel()
    const relay = this.#post.kept
    if (!relay) return
    if (await relay.hello) relay.drain(withinMs)
    await relay.exited
  }

  /** Ends it at once. */
  async kill(): Promise<void> {
    this.#isEnding = true
    this.#post.backOff.cancel()
    const relay = this.#post.kept
    relay?.kill()
    await relay?.exited
  }

  #start(): KeptRelay | null {
    if (this.#isEnding) return null
    this.#post.backOff.cancel()
    try {
      const relay = this.#options.start((one, how) => this.#onExit(one, how))
      this.#post.take(relay)
      return relay
    } catch (error) {
      this.#tell(String(error))
      return null
    }
  }

  /** The plan has no use for it any more. */
  #stop(): void {
    const relay = this.#post.kept
    this.#post.backOff.cancel()
    if (relay) this.#post.leave(relay)
    this.#post.replaces = null
    if (!relay) return
    this.#leaving++
    void relay.exited.then(() => this.#leaving--)
    relay.stop()
  }

  #onExit(relay: KeptRelay, how: RelayExit): void {
    this.aborted += relay.aborted
    this.#options.onExit(relay, how)
    if (this.#post.kept !== relay) return
    const { diedEarly } = this.#post.leave(relay)
    // One that never served takes nobody's place.
    if (!this.#committed) this.#post.replaces = null
    if (this.#isEnding || !this.#committed) return
    this.#post.backOff.again(diedEarly, () => this.#replace())
  }

  #replace(): void {
    if (this.#isEnding) return
    // Started at once: what is in line before it waits for its hello anyway.
    const relay = this.#post.kept ?? this.#start()
    if (!relay) return this.#post.backOff.again(true, () => this.#replace())
    void this.#post.next(async () => {
      if (this.#post.kept === relay && this.#committed && !this.isServing) await this.#bringUp(relay)
    })
  }

  /** Gives it the last committed plan. */
  async #bringUp(relay: KeptRelay): Promise<void> {
    const isThere = await relay.hello
    // Looked at only now: of a plan that another took the place of meanwhile, sockets are closed.
    const body = this.#committed
    if (!body) return
    const why = isThere ? await this.#post.whyNotServing(relay, body) : 'it ended before it said hello'
    if (why === null) return this.#tellReplaced(relay)
    this.#tell(why)
    relay.kill()
  }

  async #swap(relay: KeptRelay, body: RelayBody): Promise<void> {
    if (await this.#post.swap(relay, body)) this.#tellReplaced(relay)
  }

  #tellReplaced(relay: KeptRelay): void {
    const replaced = this.#post.kept === relay ? this.#post.takeReplaced() : null
    if (replaced !== null) this.#options.onReplaced(relay, replaced)
  }

  #tell(why: string): void {
    if (this.#isEnding || this.#told.has(why)) return
    this.#told.add(why)
    this.#options.onNotStarted(why)
  }
}

/** Whether a relay is needed for it. */
const isOfUse = ({ plan }: RelayBody): boolean => Object.keys(plan.listeners).length > 0
