// Servers of a chaos. Each has a mood, which is what it does to the requests that come; one is always in a
// good one. Whatever they do, they write down what came.
import { readFileSync } from 'node:fs'
import { testCertificate } from '../../support/certificate.ts'
import { Origin, type OriginRequest, type Reply } from '../../support/origin.ts'
import type { Random } from '../../support/random.ts'
import { waitFor } from '../../support/wait.ts'
import { type Act, type Asked, BAD, EARLY, ENDED, GOOD, type Mood, MOODS } from './acts.ts'
import { type Books, type Coming, type Entry, sumOf } from './books.ts'

/** Who is always in a good mood. */
export const STEADY = 'steady'
/** The session that servers begin with who has none. */
export const APP_COOKIE = 'app'

/** Of ten that ask whether to go on with their body, so many are told to; others wait in vain. */
const CONTINUES = 9

export interface ChaosServerOptions {
  readonly name: string
  readonly books: Books
  readonly random: Random
  readonly isTls: boolean
}

export class ChaosServer {
  readonly name: string
  readonly origin: Origin
  /** How often it did what. */
  readonly acted = new Map<string, number>()
  isEverDown = false
  #mood: Mood = 'good'
  readonly #books: Books
  readonly #random: Random

  constructor({ name, books, random, isTls }: ChaosServerOptions) {
    this.name = name
    this.#books = books
    this.#random = random
    const { cert, key } = testCertificate()
    this.origin = new Origin((request, reply) => this.#serve(request, reply), {
      when: 'head',
      ...(isTls && { tls: { cert: readFileSync(cert, 'utf8'), key: readFileSync(key, 'utf8') } }),
    })
  }

  get words(): { readonly name: string; readonly url: string } {
    return { name: this.name, url: this.origin.url }
  }

  /** Another mood, by chance. */
  async turn(): Promise<void> {
    await this.be(this.#random.below(3) === 0 ? 'good' : this.#random.pick(BAD))
  }

  async be(mood: Mood): Promise<void> {
    const wasDown = this.#mood === 'down'
    this.#mood = mood
    this.origin.requests.length = 0
    if (mood === 'down' && !wasDown) {
      this.isEverDown = true
      this.origin.kill()
    }
    if (mood !== 'down' && wasDown) await waitFor(() => this.#revive(), { what: `${this.name} to come back` })
  }

  /** Somebody else may have the port for a moment, as the end of a connection of its own. */
  #revive(): boolean {
    try {
      this.origin.revive()
      return true
    } catch {
      return false
    }
  }

  async #serve(request: OriginRequest, reply: Reply): Promise<void> {
    const random = this.#random
    const entry = this.#books.entries.get(request.target.split('/').at(-1) ?? '')
    if (entry === undefined) return this.#books.wrong('a request of nobody', request.head)
    const mood = MOODS[this.#mood === 'down' ? 'good' : this.#mood]
    const isBad = random.below(10) < mood.often
    const acts: Readonly<Record<string, Act>> = isBad ? mood.acts : GOOD
    const isEarly = isBad && entry.bodyBytes > 0 && random.below(4) === 0
    const act = random.pick(Object.keys(isEarly ? EARLY : acts))
    const [isOnKept, isOnEnded] = [request.place > 0, ENDED.has(reply)]
    const coming: Coming = { server: this.name, act, isOnKept, isOnEnded, isDone: false }
    entry.comings.push(coming)
    this.acted.set(act, (this.acted.get(act) ?? 0) + 1)
    const whole = this.#take(request, entry, coming)
    const isAwaited = request.get('expect') !== null && !isEarly
    if (isAwaited && random.below(10) < CONTINUES) void reply.raw('HTTP/1.1 100 Continue\r\n\r\n')
    if (!isEarly && !(await whole)) return
    await this.#books.held
    const asked = this.#asked(entry, request, reply)
    await (isEarly ? EARLY : acts)[act]?.(asked)
  }

  #asked(entry: Entry, request: OriginRequest, reply: Reply): Asked {
    const hasSession = request.get('cookie')?.includes(`${APP_COOKIE}=`) ?? false
    return {
      ...{ entry, reply, random: this.#random, server: this.name },
      isHead: request.method === 'HEAD',
      cookie: hasSession ? null : `${APP_COOKIE}=${entry.id}; Path=/`,
    }
  }

  /** Whether all of it came, which is what its sum says, too. */
  async #take(request: OriginRequest, entry: Entry, coming: Coming): Promise<boolean> {
    if (!(await request.done)) return false
    coming.isDone = true
    const sum = sumOf(Buffer.from(request.body, 'latin1'))
    if (sum !== entry.sum || request.bodyLength !== entry.bodyBytes)
      this.#books.wrong(
        'a request that is not what was sent',
        `${this.name}, ${request.bodyLength}: ${entry.id}`,
      )
    if (request.method !== entry.method) this.#books.wrong('another method', `${request.method} ${entry.id}`)
    return true
  }

  async stop(): Promise<void> {
    // A request whose connection was cut within its head is no wonder.
    for (const problem of this.origin.problems)
      if (!problem.includes('unfinished head')) this.#books.wrong('malformed', `at ${this.name}: ${problem}`)
    await this.origin[Symbol.asyncDispose]()
  }
}
