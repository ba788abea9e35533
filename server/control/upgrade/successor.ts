// The gateway that takes over from this one, from its start until all is its own, or until it has failed and
// everything here is as it was. Either side may be killed at any moment.
//
//   1  it is started: the program, with our arguments; it says hello
//   2  it reads and checks the config by itself, and wants what we have
//   3  here changes are refused, what is kept in the data folder is closed, the admin listener and the control
//      socket accept no more; the lock of the folder and all sockets go over. Traffic is served here
//   4  it starts its workers on the plan and opens what is new; all of it is ready
//   5  our workers and our relay accept no more on what it has taken: who comes waits in the queues
//   6  it serves. For a while it is watched
//   7  all is its own; here what is in flight is finished, and then we end
//
// Until step 7 whatever goes wrong brings back what was here: the new one is ended, our workers accept again.
import { closeFds, makeChannel, sendFds } from '../../lib/pass-fds.ts'
import { ChildLink, makeControlPair } from '../children/child-link.ts'
import { type ChildExit, type Started, linkedProcess } from '../children/child-start.ts'
import type { HandedPlace } from '../sockets/handed-sockets.ts'
import {
  BATCH,
  CHANNEL_FD,
  CONTROL_FD,
  HANDOVER_VARIABLE,
  type HandedFd,
  type SaidByNew,
  type SaidByOld,
} from './words.ts'

/** What it said last may still be on the way when it is gone. */
const LAST_WORDS_MS = 1000

/** One to send, and what it is. */
export type SentFd = HandedFd & { readonly fd: number }

export interface SuccessorHands {
  /** Program and arguments. */
  readonly command: readonly string[]
  readonly env: Readonly<Record<string, string>>
  /** How long each of its steps may take. */
  readonly stepMs: number
  /** How long it is watched once it serves. */
  readonly probationMs: number
  /** Step 3; what goes over. `isWanted`: as long as nothing has failed. */
  readonly give: (data: string, isWanted: () => boolean) => Promise<readonly SentFd[]>
  /** Step 5. */
  readonly holdBack: (taken: readonly HandedPlace[]) => Promise<void>
  readonly onServing: (pid: number) => void
}

/** Why nothing came of it, in words; null: all is its own. */
export type Ended = string | null

export class Successor {
  /** Null: it was not started. */
  pid: number | null = null
  /** What it says it is. */
  version: string | null = null
  /** Settles once; whatever it was, no process of its own is left where it failed. */
  readonly ended: Promise<Ended>
  readonly #hands: SuccessorHands
  readonly #end: (why: Ended) => void
  readonly #channel: number
  #link: ChildLink<SaidByNew, SaidByOld> | null = null
  #started: Started | null = null
  #timer: Timer | null = null
  #step = 'say hello'
  #hasEnded = false
  #hasServed = false
  #waiting: (readonly SentFd[])[] = []
  #tag = 0
  #exited: Promise<void> = Promise.resolve()

  constructor(hands: SuccessorHands) {
    this.#hands = hands
    const ended = Promise.withResolvers<Ended>()
    this.ended = ended.promise
    this.#end = ended.resolve
    const { ours, theirs } = makeChannel()
    this.#channel = ours
    this.#start(theirs)
  }

  /** Gives it up. */
  giveUp(why: string): void {
    this.#fail(why)
  }

  #start(theirs: number): void {
    const { command, env } = this.#hands
    const control = makeControlPair()
    const exited = Promise.withResolvers<void>()
    this.#exited = exited.promise
    this.#link = new ChildLink<SaidByNew, SaidByOld>(control.ours, (message) => this.#hear(message))
    const ours = { ...env, [HANDOVER_VARIABLE]: `${process.pid}:${CHANNEL_FD}:${CONTROL_FD}` }
    this.#expect('say hello')
    try {
      this.#started = linkedProcess(command, ours)({ channel: theirs, control: control.theirs }, (how) => {
        exited.resolve()
        this.#started = null
        // What it has said last comes first.
        void Promise.race([this.#link?.closed, Bun.sleep(LAST_WORDS_MS)]).then(() =>
          this.#fail(endOf(how, this.#step)),
        )
      })
      this.pid = this.#started.pid
    } catch (error) {
      exited.resolve()
      const { code, message } = error as NodeJS.ErrnoException
      const why = code === 'ENOEXEC' ? 'it is no program of this system (ENOEXEC)' : (code ?? message)
      this.#fail(`it cannot be started: ${why}`)
    }
  }

  #hear(message: SaidByNew | null): void {
    if (this.#hasEnded) return
    switch (message?.type) {
      case 'hello':
        this.version = message.version
        return this.#expect('read the config')
      case 'failed':
        return this.#fail(
          `${this.#hasServed ? 'it does not fare well' : 'it refused to start'}: ${message.problems.join('; ')}`,
        )
      case 'wants':
        return void this.#give(message.data).catch((error: unknown) => this.#fail(whyOf(error)))
      case 'took':
        return this.#sendNext()
      case 'ready':
        return void this.#letGo(message.taken).catch((error: unknown) => this.#fail(whyOf(error)))
      case 'serving':
        return this.#watch()
      default:
    }
  }

  async #give(data: string): Promise<void> {
    this.#expect('take what is handed over')
    const all = await this.#hands.give(data, () => !this.#hasEnded)
    if (this.#hasEnded) return
    this.#waiting = []
    for (let at = 0; at === 0 || at < all.length; at += BATCH) this.#waiting.push(all.slice(at, at + BATCH))
    this.#sendNext()
  }

  #sendNext(): void {
    const batch = this.#waiting.shift()
    if (batch === undefined) return this.#expect('be ready')
    const tag = ++this.#tag
    try {
      sendFds(
        this.#channel,
        tag,
        batch.map(({ fd }) => fd),
      )
    } catch (error) {
      return this.#fail(String(error))
    }
    const fds = batch.map(({ fd: _, ...one }) => one)
    this.#link?.send({ type: 'batch', tag, fds, isLast: this.#waiting.length === 0 })
  }

  async #letGo(taken: readonly HandedPlace[]): Promise<void> {
    this.#expect('serve')
    await this.#hands.holdBack(taken)
    if (!this.#hasEnded) this.#link?.send({ type: 'go' })
  }

  #watch(): void {
    this.#clear()
    this.#hasServed = true
    this.#step = 'live through its first seconds'
    this.#hands.onServing(this.pid ?? 0)
    this.#timer = setTimeout(() => this.#succeed(), this.#hands.probationMs)
  }

  #succeed(): void {
    if (this.#hasEnded) return
    this.#hasEnded = true
    this.#link?.send({ type: 'yours' })
    closeFds([this.#channel])
    // It closes the connection once it has read that.
    this.#end(null)
  }

  #expect(step: string): void {
    this.#clear()
    this.#step = step
    const { stepMs } = this.#hands
    this.#timer = setTimeout(() => this.#fail(`it did not ${step} within ${stepMs / 1000} s`), stepMs)
  }

  #clear(): void {
    if (this.#timer !== null) clearTimeout(this.#timer)
    this.#timer = null
  }

  #fail(why: string): void {
    if (this.#hasEnded) return
    this.#hasEnded = true
    this.#clear()
    this.#started?.kill()
    this.#link?.close()
    closeFds([this.#channel])
    void this.#exited.then(() => this.#end(why))
  }
}

const whyOf = (error: unknown): string => (error instanceof Error ? error.message : String(error))

function endOf({ code, signal }: ChildExit, step: string): string {
  const how = signal === null ? `with exit code ${code ?? 'unknown'}` : `by ${signal}`
  return `it ended ${how} before it could ${step}`
}
