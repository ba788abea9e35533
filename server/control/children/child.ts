// A child of the supervisor from its start to its end, whatever it does and however it is reached: it says
// hello, is made ready for plans and swaps to them, answers questions, drains, and is killed where it does
// not do so in time. A kind of child adds what else is told to it and heard from it.
import type { ChildAnswer, SaidByChild, ToldToChild } from '../../lib/child-words.ts'
import { closeFds, makeChannel, sendFds } from '../../lib/pass-fds.ts'
import { hearEvent } from '../../telemetry/log.ts'
import type { ChildExit, Reached, StartChild } from './child-start.ts'
import type { Answer, Kept } from './kept.ts'
import { LOOK_EVERY_MS, Pulse, waitedMs } from './pulse.ts'
import { unlessWithin } from './unless-within.ts'

const ANSWER_MS = 10_000
/** After its drain time is over. */
const EXIT_GRACE_MS = 2000
/** Whether it is silent is looked at so often. */
const LOOK_EVERY_S = 2

type SaidByAll = SaidByChild | ChildAnswer
type ToldToAll = ToldToChild | { readonly type: 'question'; readonly id: number; readonly question: unknown }

interface Word {
  readonly type: string
}

export interface ChildOptions<Said, Told> {
  /** As reasons call it: "the worker". */
  readonly name: string
  readonly start: StartChild<Said | SaidByAll, Told | ToldToAll>
  /**
   * One that says something at least each two seconds hangs when it was silent for so many; left out: it may
   * be silent.
   */
  readonly silentMaxS?: number
  /** How long its hello may take, and each answer to a plan; another time in tests. */
  readonly answerMs?: number | undefined
  /** How long a second is; in tests. */
  readonly secondMs?: number | undefined
}

/** A plan that it was asked about, and what is to be done with its answer; null: there is none. */
interface Asked {
  readonly number: number
  readonly answer: (message: SaidByAll | null) => void
}

export abstract class Child<Plan, Said extends Word, Told> implements Kept<Plan> {
  readonly startedMs = performance.now()
  readonly hello: Promise<boolean>
  readonly exited: Promise<void>
  aborted = 0
  protected isGone = false
  readonly #running: Reached<Told | ToldToAll>
  readonly #channel: number
  readonly #options: ChildOptions<Said, Told>
  readonly #sayHello: (isThere: boolean) => void
  readonly #hasExited: () => void
  #asked: Asked | null = null
  readonly #questions = new Map<number, (message: SaidByAll | null) => void>()
  #lastQuestion = 0
  /** Messages that came from it. */
  #heard = 0
  #looks: Timer | null = null
  /** Why it was killed, where nothing else tells that. */
  #why: string | null = null

  /** Throws when it cannot be started, and then nothing of it is left. */
  constructor(options: ChildOptions<Said, Told>) {
    this.#options = options
    const hello = Promise.withResolvers<boolean>()
    const exited = Promise.withResolvers<void>()
    this.hello = hello.promise
    this.#sayHello = hello.resolve
    this.exited = exited.promise
    this.#hasExited = exited.resolve
    const { ours, theirs } = makeChannel()
    this.#channel = ours
    try {
      this.#running = options.start(theirs, {
        onSaid: (message) => this.#hear(message),
        onExit: (how) => this.#end(how),
      })
    } catch (error) {
      closeFds([ours])
      throw error
    }
    unlessWithin(this.#answerMs, hello.promise, () => this.kill())
  }

  get #answerMs(): number {
    return this.#options.answerMs ?? ANSWER_MS
  }

  // What a kind of child adds

  protected abstract numberOf(plan: Plan): number
  /**
   * Hands over the descriptors that it needs for a plan, and makes the message. One that cannot be given them
   * is of no use.
   */
  protected abstract give(plan: Plan): Told | Promise<Told>
  /** What only a child of its kind says. */
  protected abstract onSaid(message: Said): void
  /** Called once, just before `exited` settles. */
  protected abstract onExit(how: ChildExit): void

  // What is said to it

  get pid(): number {
    return this.#running.pid
  }

  async prepare(plan: Plan): Promise<Answer> {
    if (this.isGone) return this.#silence()
    let message: Told
    try {
      const given = this.give(plan)
      message = given instanceof Promise ? await given : given
    } catch (error) {
      if (this.isGone) return this.#silence()
      this.kill()
      return { is: 'gone', why: String(error) }
    }
    const said = await this.#ask(this.numberOf(plan), message)
    if (said?.type === 'ready') return { is: 'ready' }
    return said?.type === 'failed' ? { is: 'failed', why: said.why } : this.#silence()
  }

  async commit(plan: Plan): Promise<boolean> {
    const number = this.numberOf(plan)
    return (await this.#ask(number, { type: 'commit', number }))?.type === 'serving'
  }

  drop(plan: Plan): void {
    this.tell({ type: 'drop', number: this.numberOf(plan) })
  }

  /** Rejects when there is no answer in time. */
  async ask(question: unknown, withinMs: number): Promise<unknown> {
    const id = ++this.#lastQuestion
    const { promise, resolve } = Promise.withResolvers<SaidByAll | null>()
    this.#questions.set(id, resolve)
    const timer = setTimeout(() => resolve(null), withinMs)
    if (this.isGone) resolve(null)
    else this.tell({ type: 'question', id, question })
    const said = await promise
    clearTimeout(timer)
    this.#questions.delete(id)
    if (said?.type !== 'answer') throw new Error(`${this.#options.name} did not answer`)
    return said.answer
  }

  /** It ends when nothing is in flight any more, or after this time. */
  drain(withinMs: number, othersServe = false): void {
    this.tell({ type: 'drain', withinMs, othersServe })
    unlessWithin(withinMs + EXIT_GRACE_MS, this.exited, () => this.kill())
  }

  /** Ends in order, and cuts off what is in flight. */
  stop(): void {
    if (!this.isGone) this.#running.hangUp()
  }

  /** A process that is gone is not signalled: its number may be another's. */
  kill(): void {
    if (!this.isGone) this.#running.kill()
  }

  protected tell(message: Told | ToldToAll): void {
    if (!this.isGone) this.#running.send(message)
  }

  /** Descriptors that a message needs go before it. Throws when that is not possible. */
  protected sendFds(tag: number, fds: readonly number[]): void {
    // What was ours may be another's descriptor by now.
    if (this.isGone) throw new Error(`${this.#options.name} ended`)
    sendFds(this.#channel, tag, fds)
  }

  /** Whether it has not answered yet to what it was asked about a plan. */
  protected get isAsked(): boolean {
    return this.#asked !== null
  }

  // What it says

  #hear(message: Said | SaidByAll | null): void {
    if (this.isGone) return
    this.#heard++
    const said = message as SaidByAll | null
    switch (said?.type) {
      case 'hello':
        this.#watch()
        return this.#sayHello(true)
      case 'drained':
        this.aborted = said.aborted
        return
      case 'event':
        return hearEvent(said.level, said.event, said.fields)
      case 'answer':
        return this.#questions.get(said.id)?.(said)
      case 'ready':
      case 'failed':
      case 'serving':
        // An answer to a plan that was given up meanwhile is nobody's.
        if (this.#asked?.number === said.number) this.#asked.answer(said)
        return
      case undefined:
        this.#why ??= 'it said what is no message'
        return this.kill()
      default:
        return this.onSaid(message as Said)
    }
  }

  /** It may hang outside of any answer that is waited for. */
  #watch(): void {
    const { silentMaxS, secondMs = LOOK_EVERY_MS } = this.#options
    if (silentMaxS === undefined || this.#looks || this.isGone) return
    const everyMs = secondMs * LOOK_EVERY_S
    const pulse = new Pulse({
      waitedMs: () => waitedMs(this.pid),
      hungAfter: silentMaxS,
      everyMs: secondMs,
    })
    this.#looks = setInterval(() => {
      if (!pulse.look(this.#heard, performance.now(), everyMs)) return
      this.#why = `it hung: it said nothing for ${pulse.silentMs / secondMs} s`
      this.kill()
    }, everyMs)
  }

  #end(how: ChildExit): void {
    this.isGone = true
    if (this.#looks) clearInterval(this.#looks)
    closeFds([this.#channel])
    this.#sayHello(false)
    this.#asked?.answer(null)
    for (const answer of this.#questions.values()) answer(null)
    this.onExit(this.#why === null ? how : { ...how, why: this.#why })
    this.#hasExited()
  }

  /**
   * The next message about the plan of this number; null when there is none in time, and then the child is
   * killed.
   */
  #ask(number: number, message: Told | ToldToAll): Promise<SaidByAll | null> {
    this.#asked?.answer(null)
    if (this.isGone) return Promise.resolve(null)
    const { promise, resolve } = Promise.withResolvers<SaidByAll | null>()
    const timer = setTimeout(() => {
      resolve(null)
      this.kill()
    }, this.#answerMs)
    const asked: Asked = {
      number,
      answer: (said) => {
        clearTimeout(timer)
        if (this.#asked === asked) this.#asked = null
        resolve(said)
      },
    }
    this.#asked = asked
    this.tell(message)
    return promise
  }

  #silence(): Answer {
    const why = this.isGone ? `${this.#options.name} ended` : `${this.#options.name} did not answer in time`
    return { is: 'gone', why }
  }
}
