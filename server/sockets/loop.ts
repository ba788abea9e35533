// The loop: sleeps until sockets of ours are ready, tells their handlers, meets deadlines, sends what has
// been queued. All of that is synchronous. Bun's own loop (messages, signals, TLS, timers, results of
// threads) is polled by ours and gets a turn when it has something to do:
//
//   settle ──▶ sleep ──▶ handlers ──▶ shares of volume ──▶ microtasks ──▶ Bun's turn, if one is due ──▶ settle ...
import { drainMicrotasks } from 'bun:jsc'
import { guarded } from '../lib/bug.ts'
import { beginTurn, nowMs, tick } from '../lib/clock.ts'
import type { Wheel } from '../lib/wheel.ts'
import { bunEpoll } from './bun-epoll.ts'
import { bunDueMs, bunHadTurn, forgetBunTimers, noteBunTimers, turnOfBun } from './bun-timers.ts'
import { mayBePutOff, turnsForShaking } from './bun/shaking.ts'
import { PourLine } from './pour-line.ts'
import type { Waiter } from './waiter.ts'

/** In any case, for what nobody can know of: timers that are not set by JavaScript. */
const TURN_OF_BUN_EVERY_MS = 1000
/** While nothing else happens it waits so many times as long. */
const QUIET = 4
/** Where Bun's epoll was not found. */
const BLIND_TURN_EVERY_MS = 20
/** While many handshakes are under way (bun/shaking.ts). */
const SHAKING_TURN_EVERY_MS = 20

export class Loop {
  /** Turns so far, ours and Bun's. */
  turns = 0
  turnsOfBun = 0
  /** Whether Bun's loop is polled. Otherwise it gets a turn each 20 ms, come what may. */
  readonly isBunPolled: boolean
  /** Those who have volume to pour: behind the handlers of each turn. */
  readonly pours = new PourLine()
  readonly #waiter: Waiter
  readonly #everyMs: number
  readonly #wheels: Wheel[] = []
  readonly #settlers: (() => void)[] = []
  #bunHasSomething = false
  #turnOfBunMs = -Infinity
  /** Our turns by then. */
  #turnsByThen = 0
  /** Nothing happened from its turn before to the last one. */
  #isQuiet = false
  /** Turns that Bun is given whether or not something is told of it. */
  #owedTurns = 0
  #holders = 0
  #isRunning = false

  /** From now on Bun's timers are noted: make it before others set theirs. `close` it when done. */
  constructor(
    waiter: Waiter,
    epoll = bunEpoll(),
    everyMs = epoll < 0 ? BLIND_TURN_EVERY_MS : TURN_OF_BUN_EVERY_MS,
  ) {
    this.#waiter = waiter
    this.#everyMs = everyMs
    this.isBunPolled = epoll >= 0
    if (this.isBunPolled) waiter.watch(epoll, () => void (this.#bunHasSomething = true))
    noteBunTimers()
  }

  /** Meets the deadlines of this wheel while it runs, in the place of the wheel's own timer. */
  drive(wheel: Wheel): void {
    this.#wheels.push(wheel)
    wheel.drive(this.#isRunning)
  }

  /** Calls `work` at the end of each turn, before it sleeps. */
  settle(work: () => void): void {
    this.#settlers.push(work)
  }

  /**
   * Runs from now on until all who held it have released it. It keeps the process going for as long as that,
   * as an open socket does.
   */
  hold(): void {
    if (++this.#holders === 1 && !this.#isRunning) void this.run(() => this.#holders === 0)
  }

  release(): void {
    this.#holders--
  }

  /** Runs until `until()`, asked before each turn, says so. What handlers throw is told (lib/bug.ts). */
  async run(until: () => boolean): Promise<void> {
    this.#runs(true)
    try {
      // Not within the call of whoever starts it, and between two immediates: Bun's turn is a whole one only
      // from there.
      await turnOfBun()
      await this.#giveBunItsTurn()
      this.#settle()
      while (!until()) {
        this.#turn()
        if (this.#isBunDue()) await this.#giveBunItsTurn()
        this.#settle() // last: who holds it within that keeps it running
      }
    } finally {
      this.#runs(false)
    }
  }

  /** Call it when it runs no more. What it slept in is its owner's to close. */
  close(): void {
    forgetBunTimers()
  }

  #runs(isRunning: boolean): void {
    this.#isRunning = isRunning
    for (const wheel of this.#wheels) wheel.drive(isRunning)
  }

  #turn(): void {
    this.turns++
    beginTurn()
    this.#waiter.turn(this.#sleepMs())
    this.pours.pour()
    // All of them, and those they make: an await of ours would run some, and then sleep over the others.
    drainMicrotasks()
  }

  /** Until the next thing that no descriptor tells of. */
  #sleepMs(): number {
    if (this.pours.length > 0 || this.#owedTurns > 0) return 0
    let untilMs = Math.min(this.#turnOfBunMs + this.#mostMs, bunDueMs())
    for (const wheel of this.#wheels) untilMs = Math.min(untilMs, wheel.wakeMs)
    return Math.max(0, Math.ceil(untilMs - nowMs))
  }

  #isBunDue(): boolean {
    if (this.#bunHasSomething || this.#owedTurns > 0 || this.#waiter.wasInterrupted) return true
    return nowMs >= bunDueMs() || nowMs - this.#turnOfBunMs >= this.#mostMs
  }

  /** From one turn of Bun to the next, at most. */
  get #mostMs(): number {
    if (mayBePutOff()) return Math.min(this.#everyMs, SHAKING_TURN_EVERY_MS)
    return this.#isQuiet ? this.#everyMs * QUIET : this.#everyMs
  }

  async #giveBunItsTurn(): Promise<void> {
    this.#isQuiet = this.isBunPolled && !this.#bunHasSomething && this.turns - this.#turnsByThen <= 1
    this.#turnsByThen = this.turns
    const hadSomething = this.#bunHasSomething
    this.#bunHasSomething = false
    this.turnsOfBun++
    const begunMs = tick()
    await turnOfBun()
    this.#turnOfBunMs = tick()
    bunHadTurn(begunMs)
    this.#owedTurns = turnsForShaking(hadSomething) ?? Math.max(0, this.#owedTurns - 1)
  }

  /**
   * Ends a turn: deadlines, then all that was queued by anybody. What came before a deadline has been told by
   * then, however long this process was held up: deadlines are those of the latest look, not of now.
   */
  #settle(): void {
    tick() // handlers took their time
    const { lookedMs } = this.#waiter
    for (const wheel of this.#wheels) if (lookedMs >= wheel.wakeMs) guarded(() => wheel.wake(lookedMs))
    for (const work of this.#settlers) guarded(work)
  }
}
