// One relay from its start to its end: what the supervisor says to it and hears from it.
import { closeFds, makeChannel, sendFds } from '../../lib/pass-fds.ts'
import type { MetricsDelta } from '../../telemetry/registry.ts'
import type { FromRelay, Question } from '../../turn/messages.ts'
import { LOOK_EVERY_MS, Pulse, waitedMs } from '../processes/pulse.ts'
import { makeControlPair, RelayLink } from './relay-link.ts'
import type { HeldSocket, RelayBody } from './relay-plan.ts'
import type { RelayExit, StartedRelay, StartRelay } from './relay-start.ts'
import { unlessWithin } from '../processes/unless-within.ts'
import type { Answer } from '../processes/worker.ts'

/** How long it may take for each answer. */
const ANSWER_MS = 10_000
/** After its drain time is over, or its control connection is closed. */
const EXIT_GRACE_MS = 2000
const LAST_WORDS_MS = 1000
/**
 * It tells its metrics once a second, idle each two: one that is silent for so many seconds hangs. Longer
 * than for a worker: its allocations end with it.
 */
const SILENT_S = 10
const LOOK_EVERY_S = 2

export interface RelayOptions {
  readonly start: StartRelay
  readonly onMetrics: (delta: MetricsDelta) => void
  readonly onExit: (relay: Relay, how: RelayExit) => void
  /** How long a second is; in tests. */
  readonly secondMs?: number
}

interface Waiting {
  readonly answer: (message: FromRelay | null) => void
}

export class Relay {
  readonly startedMs = performance.now()
  /** Settles when it takes plans; false when it ended before. */
  readonly hello: Promise<boolean>
  readonly exited: Promise<void>
  /** Allocations that its drain cut off. */
  aborted = 0
  readonly #started: StartedRelay
  readonly #channel: number
  readonly #link: RelayLink
  readonly #options: RelayOptions
  readonly #sayHello: (isThere: boolean) => void
  #waiting: (Waiting & { readonly number: number }) | null = null
  readonly #questions = new Map<number, Waiting>()
  #lastQuestion = 0
  /** Sockets that it has, by key. */
  #has = new Map<string, HeldSocket>()
  #isGone = false
  /** Messages that came from it. */
  #heard = 0
  readonly #pulse: Pulse
  #silence: Timer | null = null
  /** Why it was killed, where nothing else tells that. */
  #why: string | null = null

  /** Throws when it cannot be started. */
  constructor(options: RelayOptions) {
    this.#options = options
    this.#pulse = new Pulse({
      waitedMs: () => waitedMs(this.pid),
      hungAfter: SILENT_S,
      everyMs: this.#secondMs,
    })
    const hello = Promise.withResolvers<boolean>()
    const exited = Promise.withResolvers<void>()
    this.hello = hello.promise
    this.#sayHello = hello.resolve
    this.exited = exited.promise
    const { channel, control } = makePairs()
    this.#channel = channel.ours
    this.#link = new RelayLink(control.ours, (message) => this.#onMessage(message))
    try {
      this.#started = options.start({ channel: channel.theirs, control: control.theirs }, (how) => {
        // What it said last may still be on the way.
        unlessWithin(LAST_WORDS_MS, this.#link.closed, () => this.#link.close())
        void this.#link.closed.then(() => {
          this.#onExit(how)
          exited.resolve()
        })
      })
    } catch (error) {
      this.#link.close()
      closeFds([this.#channel])
      throw error
    }
    unlessWithin(ANSWER_MS, hello.promise, () => this.kill())
    // Without its control connection it ends by itself.
    void this.#link.closed.then(() => unlessWithin(EXIT_GRACE_MS, this.exited, () => this.kill()))
  }

  get #secondMs(): number {
    return this.#options.secondMs ?? LOOK_EVERY_MS
  }

  get pid(): number {
    return this.#started.pid
  }

  async prepare({ plan, sockets, descriptors, drainMs }: RelayBody): Promise<Answer> {
    const { number } = plan
    const missing = sockets.filter((socket) => this.#has.get(socket.key) !== socket)
    try {
      sendFds(
        this.#channel,
        number,
        missing.map(({ fd }) => fd),
      )
    } catch (error) {
      this.kill()
      return { is: 'gone', why: String(error) }
    }
    const answered = this.#hear(number)
    const arriving = missing.map(({ key }) => key)
    this.#link.send({ type: 'plan', plan: { ...plan, arriving }, descriptors, drainMs })
    const message = await answered
    if (message?.type === 'ready') return { is: 'ready' }
    if (message?.type === 'failed') return { is: 'failed', why: message.why }
    return {
      is: 'gone',
      why: this.#isGone ? 'the TURN relay ended' : 'the TURN relay did not answer in time',
    }
  }

  /** Swaps to the plan that it is ready for; false when it is gone instead. */
  async commit({ plan: { number }, sockets }: RelayBody): Promise<boolean> {
    this.#has = new Map(sockets.map((socket) => [socket.key, socket]))
    const answered = this.#hear(number)
    this.#link.send({ type: 'commit', number })
    return (await answered)?.type === 'serving'
  }

  drop({ plan: { number } }: RelayBody): void {
    this.#link.send({ type: 'drop', number })
  }

  /** Rejects when there is no answer in time. */
  async ask(question: Question, withinMs: number): Promise<unknown> {
    const id = ++this.#lastQuestion
    const { promise, resolve } = Promise.withResolvers<FromRelay | null>()
    this.#questions.set(id, { answer: resolve })
    const timer = setTimeout(() => resolve(null), withinMs)
    if (this.#isGone) resolve(null)
    else this.#link.send({ type: 'question', id, question })
    const message = await promise
    clearTimeout(timer)
    this.#questions.delete(id)
    if (message?.type !== 'answer') throw new Error('the TURN relay did not answer')
    return message.answer
  }

  /** Takes no more allocations; ends when the last has, or after this time. */
  drain(withinMs: number): void {
    this.#link.send({ type: 'drain', withinMs })
    unlessWithin(withinMs + EXIT_GRACE_MS, this.exited, () => this.kill())
  }

  /** Ends in order, with all its allocations. */
  stop(): void {
    this.#link.close()
  }

  kill(): void {
    this.#link.close()
    if (!this.#isGone) this.#started.kill()
  }

  #onMessage(message: FromRelay): void {
    this.#heard++
    switch (message.type) {
      case 'hello':
        this.#silence ??= setInterval(() => this.#onLook(), this.#secondMs * LOOK_EVERY_S)
        return this.#sayHello(true)
      case 'metrics':
        return this.#options.onMetrics(message.delta)
      case 'drained':
        this.aborted = message.aborted
        return
      case 'answer':
        return this.#questions.get(message.id)?.answer(message)
      default:
        // An answer to a plan that was given up meanwhile is nobody's.
        if (this.#waiting?.number === message.number) this.#waiting.answer(message)
    }
  }

  /** It may hang outside of any answer that is waited for. */
  #onLook(): void {
    if (!this.#pulse.look(this.#heard, performance.now(), this.#secondMs * LOOK_EVERY_S)) return
    this.#why = `it hung: it said nothing for ${this.#pulse.silentMs / this.#secondMs} s`
    this.kill()
  }

  #onExit(how: RelayExit): void {
    this.#isGone = true
    if (this.#silence) clearInterval(this.#silence)
    closeFds([this.#channel])
    this.#sayHello(false)
    this.#waiting?.answer(null)
    for (const { answer } of this.#questions.values()) answer(null)
    this.#options.onExit(this, this.#why === null ? how : { ...how, why: this.#why })
  }

  /**
   * The next message about the plan of this number; null when there is none in time, and then the relay is
   * killed.
   */
  #hear(number: number): Promise<FromRelay | null> {
    this.#waiting?.answer(null)
    if (this.#isGone) return Promise.resolve(null)
    const { promise, resolve } = Promise.withResolvers<FromRelay | null>()
    const waiting = { number, answer: resolve }
    this.#waiting = waiting
    unlessWithin(ANSWER_MS, promise, () => {
      resolve(null)
      this.kill()
    })
    return promise.finally(() => {
      if (this.#waiting === waiting) this.#waiting = null
    })
  }
}

type Pair = ReturnType<typeof makeChannel>

function makePairs(): { readonly channel: Pair; readonly control: Pair } {
  const control = makeControlPair()
  try {
    return { channel: makeChannel(), control }
  } catch (error) {
    closeFds([control.ours, control.theirs])
    throw error
  }
}
