// Requests that are sent again with the same Idempotency-Key get the answer that the first one got: whoever
// lost an answer does not do the thing twice.
import { createHash } from 'node:crypto'
import { accountOf } from '../control/store/principal.ts'
import { problem } from './problem.ts'
import type { Asked, Route } from './route.ts'

const KEEP_MS = 10 * 60 * 1000
const KEPT_MAX = 1000
const BODY_BYTES_MAX = 64 * 1024
const KEY = /^[\x21-\x7e]{1,200}$/

interface Kept {
  readonly account: string
  /** Of what was sent. */
  readonly print: string
  readonly atMs: number
  /** `refused`: nothing was done; `large`: it was, and its answer is no longer there. */
  readonly answer: Promise<Copy | 'refused' | 'large'>
}

interface Copy {
  readonly status: number
  readonly headers: readonly (readonly [string, string])[]
  readonly body: string
}

export class IdempotencyKeys {
  readonly #kept = new Map<string, Kept>()
  /** How many each account has. */
  readonly #counts = new Map<string, number>()
  readonly #nowMs: () => number

  constructor(nowMs: () => number = () => performance.now()) {
    this.#nowMs = nowMs
  }

  /** The answer of a route, or the one that the same request got before. */
  async answer(route: Route, asked: Asked, make: () => Promise<Response>): Promise<Response> {
    const key = route.method === 'GET' ? null : asked.request.headers.get('idempotency-key')
    if (key === null) return make()
    if (!KEY.test(key))
      return problem('bad_request', 'Idempotency-Key is up to 200 visible characters, as a UUID is.')
    this.#forgetOld()
    const { kind, name, id } = asked.who
    const place = `${kind} ${name} ${id} ${key}`
    const known = this.#kept.get(place)
    if (known === undefined) return this.#first(place, asked, make)
    if (known.print !== printOf(asked))
      return problem('idempotency_key_reused', 'This key was sent with another request; take a new one.')
    const copy = await known.answer
    // Nothing was done by the first: this one is the first now.
    if (copy === 'refused') return this.answer(route, asked, make)
    return copy === 'large'
      ? problem('conflict', 'This was done already; its answer was too large to be kept.')
      : new Response(copy.body === '' ? null : copy.body, {
          status: copy.status,
          headers: [...copy.headers, ['Idempotency-Replayed', 'true']] as [string, string][],
        })
  }

  async #first(place: string, asked: Asked, make: () => Promise<Response>): Promise<Response> {
    const { promise, resolve } = Promise.withResolvers<Copy | 'refused' | 'large'>()
    const account = accountOf(asked.who)
    const kept = { account, print: printOf(asked), atMs: this.#nowMs(), answer: promise }
    this.#kept.set(place, kept)
    this.#counts.set(account, (this.#counts.get(account) ?? 0) + 1)
    if (this.#kept.size > KEPT_MAX) this.#makeRoom()
    let copy: Copy | 'refused' | 'large' = 'refused'
    try {
      const answer = await make()
      if (answer.ok) copy = await copyOf(answer)
      return answer
    } finally {
      if (copy === 'refused' && this.#kept.get(place) === kept) this.#forget(place)
      resolve(copy)
    }
  }

  /** They stand in the order in which they came. */
  #forgetOld(): void {
    const oldest = this.#nowMs() - KEEP_MS
    for (const [name, { atMs }] of this.#kept) {
      if (atMs > oldest) return
      this.#forget(name)
    }
  }

  /** Whoever has the most gives up the oldest: nobody's keys are pushed out by another one's. */
  #makeRoom(): void {
    const most = Math.max(...this.#counts.values())
    const place = this.#kept.entries().find(([, { account }]) => this.#counts.get(account) === most)?.[0]
    if (place !== undefined) this.#forget(place)
  }

  #forget(place: string): void {
    const account = this.#kept.get(place)?.account ?? ''
    const left = (this.#counts.get(account) ?? 0) - 1
    this.#kept.delete(place)
    if (left > 0) this.#counts.set(account, left)
    else this.#counts.delete(account)
  }
}

async function copyOf(answer: Response): Promise<Copy | 'large'> {
  if (answer.headers.get('content-type')?.startsWith('text/event-stream')) return 'large'
  const body = await answer.clone().text()
  if (body.length > BODY_BYTES_MAX) return 'large'
  return { status: answer.status, headers: [...answer.headers], body }
}

/** Two requests are the same when all that a route looks at is. */
function printOf({ request, body }: Asked): string {
  const hash = createHash('sha256').update(`${request.method} ${request.url}\n`)
  hash.update(`${request.headers.get('if-match') ?? ''}\n`)
  return hash.update(body instanceof Uint8Array ? body : (JSON.stringify(body) ?? '')).digest('hex')
}
