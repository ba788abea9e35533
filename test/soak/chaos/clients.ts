// Clients of a chaos: most ask and look at what comes, some leave. What they send, and what comes back,
// proves itself.
import { type RawClient, type WireAnswer, rawClient } from '../../support/client.ts'
import type { Random } from '../../support/random.ts'
import { pause } from '../../support/wait.ts'
import { type BackendName, type Books, type Entry, sumOf } from './books.ts'

const BODY = Buffer.alloc(200_000, 'what a client has to say, ')
/** Bodies up to 64 KiB may be sent again, the last one may not. */
const SIZES = [0, 1, 900, 20_000, 64 * 1024, 150_000]
const COOKIE = 'sluice_sticky'

export interface ChaosClientOptions {
  readonly port: number
  readonly books: Books
  readonly random: Random
  readonly name: string
}

export class ChaosClient {
  readonly #port: number
  readonly #books: Books
  readonly #random: Random
  readonly #name: string
  /** Keeps its cookies, of each backend; else it has none. */
  readonly #cookies: Map<BackendName, string> | null
  #client: RawClient | null = null
  #count = 0

  constructor({ port, books, random, name }: ChaosClientOptions) {
    this.#port = port
    this.#books = books
    this.#random = random
    this.#name = name
    this.#cookies = random.below(2) === 0 ? new Map() : null
  }

  /** One request, of any kind; in calm times one that may be repeated and waits for its answer. */
  async ask(isCalm: boolean): Promise<Entry> {
    const random = this.#random
    const method = isCalm ? 'GET' : random.pick(['GET', 'GET', 'GET', 'PUT', 'PUT', 'POST', 'POST', 'DELETE'])
    const hasBody = method === 'PUT' || method === 'POST'
    const body = BODY.subarray(0, hasBody ? random.pick(SIZES) : 0)
    const id = `${this.#name}-${this.#count++}`
    const backend = random.pick(['ample', 'tight'] as const)
    const entry = this.#books.open({ id, method, backend, bodyBytes: body.length, sum: sumOf(body) })
    const isKept = this.#client !== null
    try {
      const client = (this.#client ??= await rawClient(this.#port))
      const before = client.reader.total
      const sent = this.#send(client, entry, body)
      if (!isCalm && random.below(20) === 0) await this.#leave(entry, client)
      else this.#got(entry, client, await client.readAnswer({ method }))
      await sent
      if (entry.fate === 'none' && !isKept && client.reader.total === before)
        this.#books.wrong('not answered', entry.id)
    } catch (problem) {
      entry.fate ??= 'none'
      if (!String(problem).includes('where an answer was due'))
        this.#books.wrong('unreadable', `${id}: ${String(problem)}`)
      this.hangUp()
    }
    if (random.below(8) === 0) this.hangUp()
    return entry
  }

  hangUp(): void {
    if (this.#random.below(2) === 0) this.#client?.fin()
    else this.#client?.rst()
    this.#client = null
  }

  async #send(client: RawClient, entry: Entry, body: Buffer): Promise<void> {
    const random = this.#random
    const { id, method, backend } = entry
    const isChunked = body.length > 0 && random.below(2) === 0
    const cookie = this.#cookies?.get(backend)
    const lines = [`${method} /${backend}/${id} HTTP/1.1`, 'Host: chaos']
    if (cookie !== undefined) lines.push(`Cookie: ${COOKIE}=${cookie}`)
    if (isChunked) lines.push('Transfer-Encoding: chunked')
    else if (method === 'PUT' || method === 'POST') lines.push(`Content-Length: ${body.length}`)
    client.send(`${lines.join('\r\n')}\r\n\r\n`)
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

  /** At any time until its answer is there, or a little later. */
  async #leave(entry: Entry, client: RawClient): Promise<void> {
    entry.fate = 'left'
    await pause(this.#random.below(60))
    client.rst()
    this.#client = null
  }

  #got(entry: Entry, client: RawClient, answer: WireAnswer): void {
    entry.status = answer.status
    entry.fate = answer.complete ? 'whole' : 'cut'
    if (answer.complete && answer.status === 200) this.#verify(entry, answer)
    for (const line of answer.all('set-cookie')) {
      const value = new RegExp(`^${COOKIE}=([^;]*)`).exec(line)?.[1]
      if (value !== undefined) this.#cookies?.set(entry.backend, value)
    }
    if (!answer.complete || answer.get('connection')?.toLowerCase() === 'close' || !client.isOpen) {
      client.rst()
      this.#client = null
    }
  }

  /** It looks whole: so it is, and it is the answer to this very request. */
  #verify({ id, sum }: Entry, answer: WireAnswer): void {
    const isRight = answer.get('x-sum') === sumOf(answer.bytes)
    if (!isRight) this.#books.wrong('a cut answer that looks whole', `${id}: ${answer.head}`)
    const [whose, server, ofWhat] = answer.body.slice(0, answer.body.indexOf('\n')).split(' ')
    if (whose !== id || ofWhat !== sum || server !== answer.get('x-server'))
      this.#books.wrong('an answer to something else', `${id}: ${answer.body.slice(0, 100)}`)
  }
}
