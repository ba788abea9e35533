// Keeps a relay running while a plan has turn listeners. One that dies takes its allocations with it; another
// is started at once, then after 0.1, 0.2 … 5 s when they keep dying young, and gets the same sockets and the
// last committed plan.
import type { Question } from '../../turn/messages.ts'
import { BackOff } from '../processes/back-off.ts'
import type { RelayBody } from './relay-plan.ts'
import type { Relay } from './relay.ts'
import type { RelayExit } from './relay-start.ts'
import type { Answer } from '../processes/worker.ts'

const YOUNG_MS = 10_000
/** One that dies of a plan is tried twice. */
const TRIES = 2
const ASK_MS = 5000

/** What the keeper asks of a relay. */
export type KeptRelay = Pick<
  Relay,
  | 'pid'
  | 'startedMs'
  | 'hello'
  | 'exited'
  | 'aborted'
  | 'prepare'
  | 'commit'
  | 'drop'
  | 'ask'
  | 'drain'
  | 'stop'
  | 'kill'
>

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
  /** Whether there is one that serves the committed plan. */
  isServing = false
  #relay: KeptRelay | null = null
  #readyFor: RelayBody | null = null
  #committed: RelayBody | null = null
  /** Process id of the relay that the present one stands in for, until it serves. */
  #replaces: number | null = null
  readonly #backOff = new BackOff()
  readonly #told = new Set<string>()
  #last: Promise<unknown> = Promise.resolve()
  #isEnding = false
  /** Those that no plan needs any more, and that have not ended yet. */
  #leaving = 0
  readonly #options: RelayKeeperOptions

  constructor(options: RelayKeeperOptions) {
    this.#options = options
  }

  /** Null: there is none. */
  get pid(): number | null {
    return this.#relay?.pid ?? null
  }

  /** Whether one that is not needed any more still holds the sockets it had. */
  get isLeaving(): boolean {
    return this.#leaving > 0
  }

  /** Gets it ready for a plan; what stands against that. */
  prepare(body: RelayBody): Promise<string | null> {
    return this.#next(async () => {
      let answer: Answer = { is: 'gone', why: 'the TURN relay did not start' }
      for (let tries = 0; tries < TRIES && answer.is === 'gone'; tries++) {
        const relay = this.#relay ?? (isOfUse(body) ? this.#start() : null)
        if (!relay) return isOfUse(body) ? answer.why : null
        answer = (await relay.hello) ? await relay.prepare(body) : answer
        if (answer.is === 'gone') await relay.exited
      }
      this.#readyFor = answer.is === 'ready' ? body : null
      return answer.is === 'ready' ? null : answer.why
    })
  }

  drop(body: RelayBody): void {
    this.#readyFor = null
    this.#relay?.drop(body)
    // One that was started for that plan alone.
    if (!this.#committed) this.#stop()
    else if (!this.isServing && !this.#backOff.isWaiting) this.#replace()
  }

  /** Makes it swap; one that is replaced meanwhile comes up with the new plan. */
  async commit(body: RelayBody): Promise<void> {
    this.#committed = isOfUse(body) ? body : null
    this.#told.clear()
    await this.#next(async () => {
      const relay = this.#relay
      if (relay && this.#readyFor === body) this.#onSwapped(relay, await relay.commit(body))
      else if (relay && this.#committed) await this.#bringUp(relay)
      if (!this.#committed) this.#stop()
    })
  }

  ask(question: Question): Promise<unknown> {
    if (!this.#relay) return Promise.reject(new Error('there is no TURN relay now'))
    return this.#relay.ask(question, ASK_MS)
  }

  /** Lets allocations end; settles when it is gone. */
  async drain(withinMs: number): Promise<void> {
    this.#isEnding = true
    this.#backOff.cancel()
    const relay = this.#relay
    if (!relay) return
    if (await relay.hello) relay.drain(withinMs)
    await relay.exited
  }

  /** Ends it at once. */
  async kill(): Promise<void> {
    this.#isEnding = true
    this.#backOff.cancel()
    const relay = this.#relay
    relay?.kill()
    await relay?.exited
  }

  #next<T>(act: () => Promise<T>): Promise<T> {
    const done = this.#last.then(act)
    this.#last = done.catch(() => {})
    return done
  }

  #start(): KeptRelay | null {
    if (this.#isEnding) return null
    this.#backOff.cancel()
    try {
      this.#relay = this.#options.start((relay, how) => this.#onExit(relay, how))
      return this.#relay
    } catch (error) {
      this.#tell(String(error))
      return null
    }
  }

  /** The plan has no use for it any more. */
  #stop(): void {
    this.#backOff.cancel()
    this.#replaces = null
    this.isServing = false
    const relay = this.#relay
    this.#relay = null
    if (!relay) return
    this.#leaving++
    void relay.exited.then(() => this.#leaving--)
    relay.stop()
  }

  #onExit(relay: KeptRelay, how: RelayExit): void {
    this.aborted += relay.aborted
    this.#options.onExit(relay, how)
    if (this.#relay !== relay) return
    this.#relay = null
    this.#readyFor = null
    if (this.#isEnding || !this.#committed) return
    // One that took long to come up, and did not, has not lived.
    const diedEarly = !this.isServing || performance.now() - relay.startedMs < YOUNG_MS
    this.isServing = false
    this.#replaces ??= relay.pid
    this.#backOff.again(diedEarly, () => this.#replace())
  }

  #replace(): void {
    if (this.#isEnding) return
    // Started at once: what is in line before it waits for its hello anyway.
    const relay = this.#relay ?? this.#start()
    if (!relay) return this.#backOff.again(true, () => this.#replace())
    void this.#next(async () => {
      if (this.#relay === relay && this.#committed && !this.isServing) await this.#bringUp(relay)
    })
  }

  /** Gives it the last committed plan. */
  async #bringUp(relay: KeptRelay): Promise<void> {
    this.#readyFor = null
    const isThere = await relay.hello
    // Looked at only now: of a plan that another took the place of meanwhile, sockets are closed.
    const body = this.#committed
    if (!body) return
    const answer: Answer = isThere
      ? await relay.prepare(body)
      : { is: 'gone', why: 'it ended before it said hello' }
    const isServing = answer.is === 'ready' && (await relay.commit(body))
    if (!isServing) {
      this.#tell(answer.is === 'ready' ? 'it ended before it served' : answer.why)
      return relay.kill()
    }
    this.#onSwapped(relay, true)
  }

  #onSwapped(relay: KeptRelay, isServing: boolean): void {
    if (!isServing || this.#relay !== relay) return
    this.isServing = true
    if (this.#replaces !== null) this.#options.onReplaced(relay, this.#replaces)
    this.#replaces = null
  }

  #tell(why: string): void {
    if (this.#isEnding || this.#told.has(why)) return
    this.#told.add(why)
    this.#options.onNotStarted(why)
  }
}

/** Whether a relay is needed for it. */
const isOfUse = ({ plan }: RelayBody): boolean => Object.keys(plan.listeners).length > 0
