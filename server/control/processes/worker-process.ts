// One worker process, from spawn to exit. It is told what it serves by IPC; descriptors go beside that by
// their own channel.
import type { Subprocess } from 'bun'
import { inSlices, type Steps } from '../../lib/slices.ts'
import { closeFds, makeChannel, sendFds } from '../../lib/pass-fds.ts'
import { withSignalsHeld } from '../../lib/signals.ts'
import type { Plan } from '../../snapshot/plan.ts'
import { BOARD_TAG, type ToSupervisor, type ToWorker } from '../../worker/messages.ts'
import { isOwnChild } from './reap.ts'
import { writeRules } from './rule-pieces.ts'
import { tcpBindsIn, type TakenSocket } from '../sockets/sockets.ts'
import { unlessWithin } from './unless-within.ts'
import type { Answer, PlanBody, Reasons, Worker } from './worker.ts'

/** How long a worker may take for each answer. */
const ANSWER_MS = 10_000
/** After its drain time is over. */
const EXIT_GRACE_MS = 2000

export interface WorkerProcessOptions {
  readonly slot: number
  readonly row: number
  /** Program and arguments. */
  readonly command: readonly string[]
  readonly env: Readonly<Record<string, string>>
  /** Asked with the first plan: by then there is a scoreboard. */
  readonly boardFd: () => number
  /** Asked once, with it; null: there is none. */
  readonly ledgerFd: () => number | null
  /** How often the worker of a row has beaten. */
  readonly beats: (row: number) => number
  /** A listening socket for this slot. */
  readonly socket: (key: string, slot: number) => TakenSocket
  readonly onMetrics: (metrics: Extract<ToSupervisor, { type: 'metrics' }>) => void
  readonly onExit: (worker: WorkerProcess, how: { code: number | null; signal: string | null }) => void
}

interface Question {
  readonly number: number
  readonly answer: (message: ToSupervisor | null) => void
}

export class WorkerProcess implements Worker {
  readonly slot: number
  readonly row: number
  readonly startedMs = performance.now()
  readonly hello: Promise<boolean>
  readonly exited: Promise<void>
  /** Of its requests, how many a drain broke off. */
  aborted = 0
  readonly ports = null
  readonly #child: Subprocess
  readonly #channel: number
  readonly #options: WorkerProcessOptions
  readonly #sayHello: (isThere: boolean) => void
  #question: Question | null = null
  /** Keys of the sockets that it has. */
  #sockets = new Set<string>()
  #hasBoard = false
  #isGone = false

  constructor(options: WorkerProcessOptions) {
    this.#options = options
    this.slot = options.slot
    this.row = options.row
    const hello = Promise.withResolvers<boolean>()
    const exited = Promise.withResolvers<void>()
    this.hello = hello.promise
    this.#sayHello = hello.resolve
    this.exited = exited.promise
    const { ours, theirs } = makeChannel()
    this.#channel = ours
    try {
      this.#child = withSignalsHeld(() => this.#spawn(theirs, exited.resolve))
      isOwnChild(this.#child.pid, this.#child.exited)
    } finally {
      closeFds([theirs])
    }
    unlessWithin(ANSWER_MS, hello.promise, () => this.kill())
  }

  get pid(): number {
    return this.#child.pid
  }

  get beat(): number | null {
    // While it compiles a large plan it does not beat, and has a time of its own to answer.
    return this.#hasBoard && this.#question === null && !this.#isGone ? this.#options.beats(this.row) : null
  }

  async prepare(plan: PlanBody, reasons: Reasons): Promise<Answer> {
    const { number } = plan
    const body = await inSlices(bodyOf(plan))
    let sockets: Plan['sockets']
    try {
      this.#sendBoard()
      sockets = this.#sendSockets(plan)
    } catch (error) {
      this.kill()
      return { is: 'gone', why: String(error) }
    }
    const answered = this.#ask(number)
    this.#send({ type: 'plan', number, plan: planText(body.head, sockets, reasons), rules: body.rules })
    const message = await answered
    if (message?.type === 'ready') return { is: 'ready' }
    if (message?.type === 'failed') return { is: 'failed', why: message.why }
    return { is: 'gone', why: this.#isGone ? 'the worker ended' : 'the worker did not answer in time' }
  }

  async commit(plan: PlanBody): Promise<boolean> {
    const { number } = plan
    this.#sockets = new Set(tcpBindsIn(plan.config.listeners).map(({ key }) => key))
    const answered = this.#ask(number)
    this.#send({ type: 'commit', number })
    return (await answered)?.type === 'serving'
  }

  drop(plan: PlanBody): void {
    this.#send({ type: 'drop', number: plan.number })
  }

  reason(backend: string, server: string, reason: string): void {
    this.#send({ type: 'reason', backend, server, reason })
  }

  reopenLogs(): void {
    this.#send({ type: 'reopen-logs' })
  }

  announceDrain(): void {
    this.#send({ type: 'announce-drain' })
  }

  drain(withinMs: number): void {
    this.#send({ type: 'drain', withinMs })
    unlessWithin(withinMs + EXIT_GRACE_MS, this.exited, () => this.kill())
  }

  kill(): void {
    if (!this.#isGone) this.#child.kill('SIGKILL')
  }

  #spawn(channel: number, exited: () => void): Subprocess {
    return Bun.spawn({
      cmd: [...this.#options.command],
      env: { ...this.#options.env },
      stdio: ['ignore', 'inherit', 'inherit', channel],
      serialization: 'advanced',
      ipc: (message: ToSupervisor) => this.#onMessage(message),
      onExit: (_child, code, signal) => {
        this.#isGone = true
        closeFds([this.#channel])
        this.#sayHello(false)
        this.#question?.answer(null)
        this.#options.onExit(this, { code, signal: signal === null ? null : String(signal) })
        exited()
      },
    })
  }

  #onMessage(message: ToSupervisor): void {
    switch (message.type) {
      case 'hello':
        return this.#sayHello(true)
      case 'metrics':
        return this.#options.onMetrics(message)
      case 'drained':
        this.aborted = message.aborted
        return
      default:
        // An answer to a plan that was given up meanwhile is nobody's.
        if (this.#question?.number === message.number) this.#question.answer(message)
    }
  }

  /** Sends the sockets that it has not yet. */
  #sendSockets(plan: PlanBody): Plan['sockets'] {
    const missing = tcpBindsIn(plan.config.listeners)
      .filter(({ key }) => !this.#sockets.has(key))
      .map(({ listener, bind, key }) => ({ listener, bind, ...this.#options.socket(key, this.slot) }))
    sendFds(
      this.#channel,
      plan.number,
      missing.map(({ fd }) => fd),
    )
    return missing.map(({ listener, bind, port }) => ({ listener, bind, port }))
  }

  #sendBoard(): void {
    if (this.#hasBoard) return
    const ledger = this.#options.ledgerFd()
    sendFds(this.#channel, BOARD_TAG, [this.#options.boardFd(), ...(ledger === null ? [] : [ledger])])
    this.#send({ type: 'board', slot: this.slot, row: this.row, hasLedger: ledger !== null })
    this.#hasBoard = true
  }

  /**
   * The next message about the plan of this number; null when there is none in time, and then the worker is
   * killed.
   */
  #ask(number: number): Promise<ToSupervisor | null> {
    this.#question?.answer(null)
    if (this.#isGone) return Promise.resolve(null)
    const { promise, resolve } = Promise.withResolvers<ToSupervisor | null>()
    const timer = setTimeout(() => {
      resolve(null)
      this.kill()
    }, ANSWER_MS)
    const question: Question = {
      number,
      answer: (message) => {
        clearTimeout(timer)
        if (this.#question === question) this.#question = null
        resolve(message)
      },
    }
    this.#question = question
    return promise
  }

  #send(message: ToWorker): void {
    if (!this.#isGone) this.#child.send(message)
  }
}

interface BodyText {
  /** Without its rules. */
  readonly head: string
  readonly rules: readonly string[]
}

/**
 * Text of each plan without its sockets and reasons, which is nearly all of it: made once, not once a worker.
 */
const bodies = new WeakMap<PlanBody, BodyText>()

function* bodyOf(plan: PlanBody): Steps<BodyText> {
  const known = bodies.get(plan)
  if (known !== undefined) return known
  const head = JSON.stringify({ ...plan, config: { ...plan.config, rules: [] } })
  const rules = yield* writeRules(plan.config.rules)
  const text = { head, rules }
  bodies.set(plan, text)
  return text
}

const planText = (head: string, sockets: Plan['sockets'], reasons: Reasons): string =>
  `${head.slice(0, -1)},"sockets":${JSON.stringify(sockets)},"reasons":${JSON.stringify(reasons)}}`
