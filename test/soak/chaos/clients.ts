// Clients of a chaos: most ask and look at what comes, some leave. What they send, and what comes back,
// proves itself.
import { type RawClient, type WireAnswer, rawClient } from '../../support/client.ts'
import type { Random } from '../../support/random.ts'
import { pause, waitFor } from '../../support/wait.ts'
import { type BackendName, type Books, type Entry, BACKENDS, LANES, isIdempotent, sumOf } from './books.ts'
import { KEYS } from './scene.ts'

const BODY = Buffer.alloc(200_000, 'what a client has to say, ')
/** Bodies up to 64 KiB, as they come, may be sent again. */
const KEPT = 64 * 1024
const SIZES = [0, 1, 900, 20_000, KEPT - 1, KEPT, KEPT + 1, 150_000]
const METHODS = ['GET', 'GET', 'GET', 'HEAD', 'PUT', 'PUT', 'POST', 'POST', 'DELETE']
/** Of who asks whether to go on with a body: so long, then it goes on unasked. */
const CONTINUE_MS = 40

export interface ChaosClientOptions {
  /** Of the listener, or of a door to it. */
  readonly port: number
  readonly books: Books
  readonly random: Random
  readonly name: string
  /** The address that it comes from. */
  readonly from: string
}

/** What is asked for, where chance does not say. */
interface Wish extends Partial<Pick<Entry, 'method' | 'backend' | 'lane'>> {
  readonly key?: string
}

export class ChaosClient {
  readonly #options: ChaosClientOptions
  /** Keeps its cookies, of each backend; else it has none. */
  readonly #cookies: Map<BackendName, Map<string, string>> | null
  #key: string
  #client: RawClient | null = null
  #count = 0

  constructor(options: ChaosClientOptions) {
    this.#options = options
    const { random } = options
    this.#key = random.pick(KEYS)
    this.#cookies = random.below(2) === 0 ? new Map(BACKENDS.map((name) => [name, new Map()])) : null
  }

  /** One request, of any kind; in calm times one that may be repeated and waits for its answer. */
  ask(isCalm: boolean, wish: Wish = {}): Promise<Entry> {
    return this.begin(isCalm, wish).asked
  }

  /** The same, while it is under way. */
  begin(isCalm: boolean, wish: Wish = {}): { readonly entry: Entry; readonly asked: Promise<Entry> } {
    const { random, books, name } = this.#options
    const method = wish.method ?? (isCalm ? 'GET' : random.pick(METHODS))
    const body = BODY.subarray(0, hasBody(method) ? random.pick(SIZES) : 0)
    const { backend = random.pick(BACKENDS), lane = random.pick(LANES) } = wish
    const id = `${name}-${this.#count++}`
    const entry = books.open({ id, method, backend, lane, bodyBytes: body.length, sum: sumOf(body) })
    this.#key = wish.key ?? this.#key
    return { entry, asked: this.#ask(entry, body, isCalm) }
  }

  async #ask(entry: Entry, body: Buffer, isCalm: boolean): Promise<Entry> {
    const { random, books, port, from } = this.#options
    const { method, id } = entry
    const isKept = this.#client !== null
    try {
      const client = (this.#client ??= await rawClient(port, '127.0.0.1', from))
      const sent = this.#send(client, entry, body)
      if (!isCalm && random.below(20) === 0) await this.#leave(entry, client)
      else this.#got(entry, client, await client.readAnswer({ method }))
      await sent
    } catch (problem) {
      entry.fate ??= 'none'
      entry.isUnanswered = !isKept || String(problem).includes('an unfinished head')
      if (!isEnd(problem)) books.wrong('unreadable', `${id}: ${String(problem)}`)
      this.hangUp()
    }
    entry.endedMs = Date.now()
    if (random.below(8) === 0) this.hangUp()
    return entry
  }

  hangUp(): void {
    if (this.#options.random.below(2) === 0) this.#client?.fin()
    else this.#client?.rst()
    this.#client = null
  }

  async #send(client: RawClient, entry: Entry, body: Buffer): Promise<void> {
    const { random } = this.#options
    const isChunked = body.length > 0 && random.below(2) === 0
    const isAsking = body.length > 0 && random.below(4) === 0
    client.send(`${this.#head(entry, isChunked, isAsking).join('\r\n')}\r\n\r\n`)
    if (isAsking && !(await this.#mayGoOn(client))) return
    for (let at = 0; at < body.length;) {
      const end = random.below(2) === 0 ? body.length : Math.min(body.length, at + 1 + random.below(40_000))
      const piece = body.subarray(at, end)
      const line = isChunked ? `${piece.length.toString(16)}\r\n` : ''
      entry.framedBytes += isChunked ? line.length + 2 : 0
      client
        .send(line)
        .send(piece)
        .send(isChunked ? '\r\n' : '')
      at = end
      if (at < body.length && random.below(2) === 0) await pause(random.below(10))
    }
    if (!isChunked) return
    entry.framedBytes += 5
    client.send('0\r\n\r\n')
  }

  #head({ method, backend, lane, id }: Entry, isChunked: boolean, isAsking: boolean): string[] {
    const lines = [`${method} /${backend}/${lane}/${id} HTTP/1.1`, 'Host: chaos', `X-Key: ${this.#key}`]
    lines.push(`X-User: ${this.#options.name}`)
    const cookies = [...(this.#cookies?.get(backend) ?? [])].map(([name, value]) => `${name}=${value}`)
    if (cookies.length > 0) lines.push(`Cookie: ${cookies.join('; ')}`)
    if (isAsking) lines.push('Expect: 100-continue')
    if (isChunked) lines.push('Transfer-Encoding: chunked')
    else if (hasBody(method)) lines.push(`Content-Length: ${this.#options.books.entries.get(id)?.bodyBytes}`)
    return lines
  }

  /** False: it is answered without its body, which is not sent any more, and so is the connection's last. */
  async #mayGoOn(client: RawClient): Promise<boolean> {
    const isHere = (): boolean => client.reader.buffered > 0 || !client.isOpen
    await waitFor(isHere, { forMs: CONTINUE_MS }).catch(() => {})
    const isFinal = /^HTTP\/1\.1 [2-5]/.test(client.reader.peek())
    if (isFinal) this.#client = null
    return !isFinal
  }

  /** At any time until its answer is there, or a little later. */
  async #leave(entry: Entry, client: RawClient): Promise<void> {
    entry.fate = 'left'
    await pause(this.#options.random.below(60))
    client.rst()
    this.#client = null
  }

  #got(entry: Entry, client: RawClient, answer: WireAnswer): void {
    entry.status = answer.status
    entry.fate = answer.complete ? 'whole' : 'cut'
    entry.refusal = /details="(\w+)"/.exec(answer.get('proxy-status') ?? '')?.[1] ?? null
    if (answer.complete && answer.status === 200) this.#verify(entry, answer)
    const cookies = this.#cookies?.get(entry.backend)
    for (const line of answer.all('set-cookie')) {
      const [, name = '', value = ''] = /^([^=]+)=([^;]*)/.exec(line) ?? []
      cookies?.set(name, value)
    }
    const isLast = !answer.complete || answer.get('connection')?.toLowerCase() === 'close' || !client.isOpen
    // Of who was answered before it had sent all: the connection is not kept.
    if (!isLast && this.#client !== null) return
    client.rst()
    this.#client = null
  }

  /** It looks whole: so it is, and it is the answer to this very request. */
  #verify({ id, sum, method }: Entry, answer: WireAnswer): void {
    const { books } = this.#options
    if (answer.get('x-of') !== `${id} ${sum}`)
      books.wrong('an answer to something else', `${id}: ${answer.head}`)
    if (method === 'HEAD') return
    const isRight = answer.get('x-sum') === sumOf(answer.bytes)
    if (!isRight) books.wrong('a cut answer that looks whole', `${id}: ${answer.head}`)
    const [whose, server, ofWhat] = answer.body.slice(0, answer.body.indexOf('\n')).split(' ')
    if (whose !== id || ofWhat !== sum || server !== answer.get('x-server'))
      books.wrong('an answer to something else', `${id}: ${answer.body.slice(0, 100)}`)
  }
}

const hasBody = (method: string): boolean => method === 'PUT' || !isIdempotent(method)

/** The connection was ended: what that means is seen in the books. */
const isEnd = (problem: unknown): boolean =>
  /where an answer was due|an unfinished head/.test(String(problem))
