// Servers of a chaos. Each has a mood, which is what it does to the requests that come; one is always in a
// good one. Whatever they do, they write down what came, and lie only about what they send.
import { Origin, type OriginRequest, type Reply } from '../../support/origin.ts'
import type { Random } from '../../support/random.ts'
import { pause, waitFor } from '../../support/wait.ts'
import { type Books, type Coming, type Entry, sumOf } from './books.ts'

type Act = (asked: Asked) => Promise<void> | void

interface Asked {
  readonly entry: Entry
  readonly reply: Reply
  readonly random: Random
  readonly server: string
  /** Resolves once all of the request is here; false: it never will. */
  readonly whole: () => Promise<boolean>
}

/** Who is always in a good mood. */
export const STEADY = 'steady'

const FILLING = Buffer.alloc(300_000, 'chaos and order, ')
const SIZES = [0, 40, 3000, 30_000, 200_000]
const CRLF = Buffer.from('\r\n')

/** A body says whose it is, and what of the request it is an answer to. */
function answerOf({ entry, random, server }: Asked): { readonly body: Buffer; readonly fields: string[] } {
  const filling = FILLING.subarray(0, random.pick(SIZES))
  const body = Buffer.concat([Buffer.from(`${entry.id} ${server} ${entry.sum}\n`), filling])
  return { body, fields: [`X-Sum: ${sumOf(body)}`, `X-Server: ${server}`] }
}

const headOf = (fields: readonly string[]): Buffer =>
  Buffer.from(`${['HTTP/1.1 200 OK', ...fields].join('\r\n')}\r\n\r\n`)
const chunk = (bytes: Buffer): Buffer =>
  Buffer.concat([Buffer.from(`${bytes.length.toString(16)}\r\n`), bytes, CRLF])

// ── good ones ──

const byLength: Act = (asked) => {
  const { body, fields } = answerOf(asked)
  asked.reply.send(200, body, fields)
}

const byChunks: Act = async (asked) => {
  const { reply, random } = asked
  const { body, fields } = answerOf(asked)
  void reply.raw(headOf([...fields, 'Transfer-Encoding: chunked']))
  for (let at = 0; at < body.length;) {
    const end = Math.min(body.length, at + 1 + random.below(60_000))
    await reply.raw(chunk(body.subarray(at, end)))
    at = end
  }
  void reply.raw('0\r\nX-Trailer: t\r\n\r\n')
}

const untilClose: Act = async (asked) => {
  const { body, fields } = answerOf(asked)
  await asked.reply.raw(Buffer.concat([headOf([...fields, 'Connection: close']), body]))
  asked.reply.fin()
}

const slowly: Act = async (asked) => {
  await pause(20 + asked.random.below(100))
  byLength(asked)
}

const afterHints: Act = (asked) => {
  void asked.reply.raw('HTTP/1.1 103 Early Hints\r\nLink: </a>\r\n\r\n')
  byLength(asked)
}

/** Closes a connection that stands idle, and says nothing of it. */
const thenCloses: Act = async (asked) => {
  byLength(asked)
  await pause(asked.random.below(30))
  asked.reply.fin()
}

// ── bad ones ──

const breaksOff = ({ reply, random }: Asked): void => (random.below(2) === 0 ? reply.rst() : reply.fin())

const says503: Act = ({ reply, random }) => {
  reply.send(503, 'busy', random.pick([[], [], ['Retry-After: 0'], ['Retry-After: 1']]))
}

const breaksOffUnanswered: Act = (asked) => breaksOff(asked)

const partOfHead: Act = async (asked) => {
  await asked.reply.raw('HTTP/1.1 200 OK\r\nContent-Len')
  breaksOff(asked)
}

const stalls: Act = async ({ reply }) => void (await reply.gone)

const stallsInBody: Act = async (asked) => {
  const { body, fields } = answerOf(asked)
  void asked.reply.raw(headOf([...fields, `Content-Length: ${body.length}`]))
  void asked.reply.raw(body.subarray(0, body.length >> 1))
  await asked.reply.gone
}

const tooShort: Act = async (asked) => {
  const { body, fields } = answerOf(asked)
  await asked.reply.raw(headOf([...fields, `Content-Length: ${body.length + 1 + asked.random.below(9)}`]))
  await asked.reply.raw(body)
  breaksOff(asked)
}

/** What is behind it looks like another answer. */
const tooLong: Act = async (asked) => {
  const { body, fields } = answerOf(asked)
  const surplus = asked.random.pick(['!', 'HTTP/1.1 200 OK\r\nX-Sum: 0\r\nContent-Length: 5\r\n\r\nother'])
  const head = headOf([...fields, `Content-Length: ${body.length}`])
  await asked.reply.raw(Buffer.concat([head, body, Buffer.from(surplus)]))
}

const chunksCut: Act = async (asked) => {
  const { body, fields } = answerOf(asked)
  const whole = chunk(body)
  const left = asked.random.pick([whole, whole.subarray(0, -2), whole.subarray(0, whole.length >> 1)])
  await asked.reply.raw(headOf([...fields, 'Transfer-Encoding: chunked']))
  await asked.reply.raw(Buffer.concat([left, Buffer.from(asked.random.pick(['', '0\r\n', '0\r\nX: y\r\n']))]))
  breaksOff(asked)
}

const chunksWrong: Act = async (asked) => {
  const { body, fields } = answerOf(asked)
  await asked.reply.raw(headOf([...fields, 'Transfer-Encoding: chunked']))
  await asked.reply.raw(Buffer.concat([chunk(body), Buffer.from('zz\r\n')]))
  await asked.reply.gone
}

/** Only the reset tells that more was to come. */
const untilReset: Act = async (asked) => {
  const { body, fields } = answerOf(asked)
  await asked.reply.raw(Buffer.concat([headOf([...fields, 'Connection: close']), body.subarray(0, -1)]))
  asked.reply.rst()
}

const twoLengths: Act = async (asked) => {
  await asked.reply.raw('HTTP/1.1 200 OK\r\nContent-Length: 5\r\nContent-Length: 6\r\n\r\nhello!')
  await asked.reply.gone
}

const noHttp: Act = async ({ reply }) => {
  await reply.raw('SSH-2.0-OpenSSH_9.6\r\n\r\n')
  await reply.gone
}

const GOOD = { byLength, byChunks, untilClose, slowly, afterHints, thenCloses }
const BREAKING = { breaksOffUnanswered, partOfHead }
const LYING = { tooShort, tooLong, chunksCut, chunksWrong, untilReset, twoLengths, noHttp }
const STALLING = { stalls, stallsInBody }

/** What a server does in a mood: any of these, so often among ten; else a good one. */
const MOODS = {
  good: { acts: {}, often: 0 },
  busy: { acts: { says503 }, often: 9 },
  breaking: { acts: BREAKING, often: 8 },
  lying: { acts: LYING, often: 6 },
  stalling: { acts: STALLING, often: 5 },
  mixed: { acts: { says503, ...BREAKING, ...LYING, ...STALLING }, often: 5 },
} as const satisfies Record<string, { readonly acts: Record<string, Act>; readonly often: number }>

type Mood = keyof typeof MOODS | 'down'
const BAD: readonly Mood[] = ['busy', 'breaking', 'lying', 'stalling', 'mixed', 'down']

/** Acts at the head of a request, which do not wait for the rest of it. */
const EARLY: Readonly<Record<string, Act>> = { early503: says503, earlyBreak: breaksOffUnanswered }

export class ChaosServer {
  readonly name: string
  readonly origin: Origin
  /** How often it did what. */
  readonly acted = new Map<string, number>()
  isEverDown = false
  #mood: Mood = 'good'
  readonly #books: Books
  readonly #random: Random

  constructor(name: string, books: Books, random: Random) {
    this.name = name
    this.#books = books
    this.#random = random
    this.origin = new Origin((request, reply) => this.#serve(request, reply), { when: 'head' })
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
    const coming: Coming = { server: this.name, act, isDone: false }
    entry.comings.push(coming)
    this.acted.set(act, (this.acted.get(act) ?? 0) + 1)
    const whole = this.#take(request, entry, coming)
    if (!isEarly && !(await whole)) return
    const asked: Asked = { entry, reply, random, server: this.name, whole: () => whole }
    await (isEarly ? EARLY : acts)[act]?.(asked)
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
