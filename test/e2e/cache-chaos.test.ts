// A cache under chance: servers that answer everything there is, fail and break off, clients that ask for
// everything there is and leave, a clock that jumps. Whatever comes of it, nobody is given what was made
// for somebody else, and no body that its server has not sent whole.
import { expect, test } from 'bun:test'
import { tellBugsTo } from '../../server/lib/bug.ts'
import { CachePlace } from '../support/cache-place.ts'
import type { RawClient, WireAnswer } from '../support/client.ts'
import type { OriginRequest, Reply } from '../support/origin.ts'
import { type Random, seedOfRun, seededRandom } from '../support/random.ts'
import { waitFor } from '../support/wait.ts'

const ROUNDS = Number(process.env['SLUICE_CHAOS_ROUNDS'] ?? 60)
const USERS = ['anna', 'bert', 'cleo']
const TARGETS = ['/1', '/2?q', '/3']
const PATIENCE_MS = 120_000

interface Sent {
  readonly target: string
  /** Null: it is for everybody. */
  readonly owner: string | null
}

class Chaos {
  readonly place = new CachePlace()
  readonly random: Random
  /** Bodies that were sent, by themselves. */
  readonly sent = new Map<string, Sent>()
  #count = 0

  constructor(seed: number) {
    this.random = seededRandom(seed)
    this.place.script = (request, reply) => this.#answer(request, reply)
  }

  #answer(request: OriginRequest, reply: Reply): void | Promise<void> {
    const { random } = this
    const way = random.below(12)
    if (way === 0) return reply.rst()
    if (way === 1) return reply.send(random.pick([500, 503, 404]), 'failed')
    const tag = `"${request.target}"`
    const matches = request.get('if-none-match') ?? ''
    if (matches.includes(tag) && way < 6) return reply.send(304, '', [`ETag: ${tag}`, this.#control(false)])
    const user = request.get('x-user') ?? request.get('authorization')
    const isOwn = user !== null && random.below(2) === 0
    const field = this.#control(isOwn)
    const body = `${request.target} of ${isOwn ? user : 'all'} ${++this.#count} ${'.'.repeat(random.below(3000))}`
    this.sent.set(body, { target: request.target, owner: isOwn ? user : null })
    const fields = [
      field,
      ...this.#forOwner(isOwn, request),
      ...(random.below(2) === 0 ? [`ETag: ${tag}`] : []),
    ]
    if (way === 2) return this.#breakOff(body, fields, reply)
    return random.below(3) === 0 ? this.#inChunks(body, fields, reply) : reply.send(200, body, fields)
  }

  /** What is for one user says so in one of the ways there are. */
  #forOwner(isOwn: boolean, request: OriginRequest): string[] {
    if (!isOwn || request.get('authorization') !== null)
      return this.random.below(4) === 0 ? ['Vary: X-Other'] : []
    return [this.random.pick(['Vary: X-User', 'Vary: X-Other, X-User', 'Vary: *', 'Set-Cookie: a=b'])]
  }

  #control(isOwn: boolean): string {
    const { random } = this
    const seconds = random.below(100)
    if (isOwn) return `Cache-Control: max-age=${seconds}`
    const word = random.pick([
      `max-age=${seconds}`,
      `s-maxage=${seconds}`,
      `public, max-age=${seconds}, stale-while-revalidate=50`,
      `max-age=${seconds}, stale-if-error=50`,
      'no-cache',
      'no-store',
    ])
    return `Cache-Control: ${word}`
  }

  #breakOff(body: string, fields: readonly string[], reply: Reply): void {
    this.sent.delete(body)
    const head = ['HTTP/1.1 200 OK', `Content-Length: ${body.length + 100}`, ...fields, '', ''].join('\r\n')
    void reply.raw(`${head}${body}`).then(() => reply.fin())
  }

  #inChunks(body: string, fields: readonly string[], reply: Reply): void {
    const half = body.length >> 1
    const chunk = (text: string): string => `${text.length.toString(16)}\r\n${text}\r\n`
    const head = ['HTTP/1.1 200 OK', 'Transfer-Encoding: chunked', ...fields, '', ''].join('\r\n')
    void reply.raw(`${head}${chunk(body.slice(0, half))}${chunk(body.slice(half))}0\r\n\r\n`)
  }

  /** One client asks, or leaves without an answer. */
  async ask(client: RawClient): Promise<void> {
    const { random } = this
    const target = random.pick(TARGETS)
    const user = random.below(3) === 0 ? null : random.pick(USERS)
    const way = random.below(20)
    const method = way === 0 ? 'POST' : way === 1 ? 'HEAD' : 'GET'
    const fields = [
      ...(user === null ? [] : [random.below(4) === 0 ? `Authorization: ${user}` : `X-User: ${user}`]),
      ...(random.below(6) === 0
        ? [
            random.pick([
              'Cache-Control: no-cache',
              'Cache-Control: max-age=10',
              'Cache-Control: max-stale',
              'Pragma: no-cache',
              'Cache-Control: no-store',
            ]),
          ]
        : []),
      ...(random.below(8) === 0 ? ['Range: bytes=3-9'] : []),
      ...(random.below(8) === 0 ? [`If-None-Match: "${target}"`] : []),
      ...(method === 'POST' ? ['Content-Length: 0'] : []),
    ]
    client.send([`${method} ${target} HTTP/1.1`, 'Host: plain.test', ...fields, '', ''].join('\r\n'))
    if (way === 2) return client.rst()
    const answer = await client.readAnswer({ method }).catch(() => null)
    if (answer !== null) this.#judge(answer, { method, target, user })
  }

  #judge(answer: WireAnswer, asked: { method: string; target: string; user: string | null }): void {
    const { status, body, complete } = answer
    if (asked.method !== 'GET' || !complete) return
    if (status === 206) {
      const known = [...this.sent].filter(([text]) => text.slice(3, 10) === body).map(([, sent]) => sent)
      return this.#mayHave(known, asked, answer)
    }
    if (status !== 200) return
    const sent = this.sent.get(body)
    if (sent === undefined)
      throw new Error(`a body that was never sent whole: ${answer.head}${body.slice(0, 80)}`)
    this.#mayHave([sent], asked, answer)
  }

  #mayHave(
    known: readonly Sent[],
    asked: { target: string; user: string | null },
    { head }: WireAnswer,
  ): void {
    const isFor = ({ target, owner }: Sent): boolean =>
      target === asked.target && (owner === null || owner === asked.user)
    if (!known.some(isFor)) throw new Error(`${asked.user} got what is of ${known[0]?.owner}: ${head}`)
  }
}

test(
  'nobody is given what is somebody else’s, whatever servers and clients do',
  async () => {
    const bugs: unknown[] = []
    tellBugsTo((error) => bugs.push(error))
    const seed = seedOfRun()
    const chaos = new Chaos(seed)
    const { place, random } = chaos
    try {
      for (let round = 0; round < ROUNDS; round++) {
        const clients = await Promise.all(Array.from({ length: 6 }, () => place.gateway.client()))
        await Promise.all(
          clients.map(async (client) => {
            for (let i = 0; i < 4; i++) await chaos.ask(client).catch((error: unknown) => bugs.push(error))
          }),
        )
        for (const client of clients) client.rst()
        place.nowMs += random.pick([0, 1000, 20_000, 90_000])
        if (random.below(10) === 0)
          place.store.purge({ is: 'place', host: null, target: random.pick(TARGETS) })
      }
      await waitFor(() => place.store.flights.size === 0, { what: 'all that is under way to end' })
      const { entries, bytes } = place.store.figures
      expect({ bugs, seed }).toEqual({ bugs: [], seed })
      place.store.purge({ is: 'all' })
      expect([entries > 0 ? bytes > 0 : bytes === 0, place.store.figures.bytes]).toEqual([true, 0])
    } finally {
      await place[Symbol.asyncDispose]()
      tellBugsTo((error) => process.stderr.write(`bug: ${String(error)}\n`))
    }
  },
  PATIENCE_MS,
)
