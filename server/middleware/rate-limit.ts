// A rate limit by token buckets or sliding windows, which lie in memory that all workers share
// (rate-counter.ts).
import type { Answer } from '../head/answer.ts'
import type { Exchange } from '../http/exchange.ts'
import { formatDuration } from '../lib/durations.ts'
import { Ranges } from '../lib/ranges.ts'
import { statusTable } from '../lib/status-ranges.ts'
import { Decisions } from './decisions.ts'
import type { Middleware, StepWorld } from './middleware.ts'
import { rateCost } from './rate-cost.ts'
import { HandedOver, type RateBoard, type RateCounter, rateCounter } from './rate-counter.ts'
import type { PluginWorld } from './plugin-key.ts'
import { keyText, missingKey, rateKey } from './rate-key.ts'
import type { RateLimitConfig } from './rate-limit.options.ts'

/** Where one exchange is counted, what is left there, and in how many ms all of it is there again. */
interface Note {
  counter: RateCounter | null
  name: string
  cost: number
  left: number
  wholeMs: number
}

const newNote = (): Note => ({ counter: null, name: '', cost: 0, left: 0, wholeMs: 0 })

/** Lets requests pass as long as there is room for them in the count of their key. */
export function rateLimit(options: RateLimitConfig, world: StepWorld): Middleware<Note | undefined> {
  const counts = new Counts(options, world, world.previous, world)
  const { own, missing } = counts
  const costOf = rateCost(options)
  const texts = new Texts(options, world.rule)
  const decided = new Decisions('rate_limit_requests_total', world)
  const isMeant = options.statuses.length === 0 ? null : statusTable(options.statuses)
  const tells = options.headers === 'always' && options.mode === 'enforce'
  const step: Middleware<Note | undefined> = {
    name: 'rate_limit',
    request(x, note) {
      if (counts.isExempt(x)) return undefined
      const key = counts.keyOf(x)
      const counter = key === null ? missing : own
      const name = key ?? counts.otherKeyOf?.(x) ?? null
      const cost = costOf(x)
      if (name === null || cost === 0) return undefined
      const now = world.now()
      const left = isMeant === null ? counter.take(name, cost, now) : counter.check(name, cost, now)
      const { table } = counter
      if (table.lastEvicted) world.limitReached('limits.rate_limits', table.bytes)
      if (left >= 0) {
        decided.count(table.lastUncounted ? 'uncounted' : 'allowed')
        if (note !== undefined) fill(note, { counter, name, cost, left, wholeMs: counter.wholeMs(name, now) })
        return undefined
      }
      const answer = world.refuse(x, texts.refusal(-left))
      decided.count(answer === undefined ? 'shadow' : 'refused')
      if (answer !== undefined) x.detail = texts.detail
      return answer
    },
    ...((tells || isMeant !== null) && {
      note: newNote,
      // One that it refused says so itself, and counts for nothing.
      response(_, head, note) {
        if (note === undefined || note.counter === null) return
        if (isMeant?.[head.status] === 1) count(note, note.counter, world)
        if (!tells) return
        head.add('RateLimit-Policy', texts.policy)
        head.add('RateLimit', texts.state(note))
      },
    }),
  }
  COUNTS.set(step, counts)
  return step
}

const fill = (note: Note, known: Note): void => void Object.assign(note, known)

/** An answer that counts is here. What others have taken meanwhile is gone: then there is none to take. */
function count(note: Note, counter: RateCounter, { now, limitReached }: StepWorld): void {
  const left = counter.take(note.name, note.cost, now())
  if (counter.table.lastEvicted) limitReached('limits.rate_limits', counter.table.bytes)
  note.left = Math.max(0, left)
  note.wholeMs = counter.wholeMs(note.name, now())
}

/** Of each step, for the one that a reload puts in its place. */
const COUNTS = new WeakMap<object, Counts>()

/** Where requests of a limit are counted, and who is not. */
class Counts {
  readonly own: RateCounter
  /** Of those that lack the key. */
  readonly missing: RateCounter
  readonly keyOf: ReturnType<typeof rateKey>
  readonly otherKeyOf: ReturnType<typeof missingKey>
  readonly #exempt: Ranges
  readonly #keys: string
  readonly #rate: string

  constructor(
    options: RateLimitConfig,
    { board, now, ...world }: Pick<StepWorld, 'rule' | 'earlier' | 'now'> & { readonly board: RateBoard },
    previous: object | null,
    keys?: PluginWorld,
  ) {
    const place = placeOf(options, world)
    this.keyOf = rateKey(options, keys)
    this.otherKeyOf = missingKey(options)
    this.#exempt = Ranges.parse(options.exempt)
    this.#keys = [keyText(options), options.ipv4_prefix, options.ipv6_prefix].join(' ')
    const { algorithm, requests, per, burst = requests } = options
    this.#rate = [algorithm, requests, per, burst].join(' ')
    const last = previous === null ? undefined : COUNTS.get(previous)
    // With the same rate they are the same counts, with another key they are others'.
    const isOther = last !== undefined && last.#keys === this.#keys && last.#rate !== this.#rate
    const before = isOther ? last : undefined
    const counterOf = (name: string, old?: RateCounter): RateCounter => {
      const counter = rateCounter(board, name, options)
      return old === undefined ? counter : new HandedOver(counter, old, now())
    }
    this.own = counterOf(place, before?.own)
    this.missing = counterOf(`${place}\0${options.missing}`, before?.missing)
  }

  isExempt({ client: { address } }: Pick<Exchange, 'client'>): boolean {
    return !this.#exempt.empty && address !== null && this.#exempt.has(address)
  }
}

/** "100 per 1m, by client_ip". */
export const rateText = ({ requests, per, key }: RateLimitConfig): string =>
  `${requests} per ${formatDuration(per)}, by ${key.join(', ')}`

/** How many are left for the key of this exchange; null: it is not counted. */
export function leftFor(
  options: RateLimitConfig,
  world: Pick<StepWorld, 'rule' | 'earlier' | 'now'> & { readonly board: RateBoard },
  x: Exchange,
): number | null {
  const counts = new Counts(options, world, null)
  if (counts.isExempt(x)) return null
  const key = counts.keyOf(x)
  const name = key ?? counts.otherKeyOf?.(x) ?? null
  return name === null ? null : (key === null ? counts.missing : counts.own).left(name, world.now())
}

/**
 * Under which name its counts are found. Two limits of a rule that go by the same rate and key, with other
 * bursts or one of them in shadow, do not take each other's tokens; any other one before it moves no count.
 */
function placeOf(options: RateLimitConfig, { rule, earlier }: Pick<StepWorld, 'rule' | 'earlier'>): string {
  const keys = keyText(options)
  const isTwin = (one: RateLimitConfig): boolean =>
    one.algorithm === options.algorithm &&
    one.per === options.per &&
    (one.requests === options.requests || options.algorithm === 'sliding_window') &&
    keyText(one) === keys
  const twins = (earlier as readonly RateLimitConfig[]).filter(isTwin)
  return twins.length === 0 ? `${rule}\0${keys}` : `${rule}\0${keys}\0${twins.length}`
}

/** What clients and the log are told (draft-ietf-httpapi-ratelimit-headers-10; RFC 9110 §10.2.3). */
class Texts {
  /** How many may pass at once, and how long it takes until they are there again. */
  readonly policy: string
  readonly detail: string
  readonly #name: string
  readonly #status: number
  readonly #tellsState: boolean
  readonly #rate: string

  constructor(options: RateLimitConfig, rule: string) {
    const { algorithm, requests, per, burst = requests, key, headers, status } = options
    const isWindow = algorithm === 'sliding_window'
    this.#rate = `${requests} per ${formatDuration(per)}`
    this.#name = `"${rule}:${requests}/${formatDuration(per)}"`
    this.#status = status
    this.#tellsState = headers !== 'never'
    const fullS = Math.max(1, Math.ceil((burst * per) / requests / 1000))
    this.policy = `${this.#name};q=${burst};w=${fullS}`
    const how = isWindow ? 'in any such time' : `burst ${burst}`
    this.detail = `rules.${rule}.rate_limit: ${this.#rate}, ${how}, by ${key.join(', ')}`
  }

  state({ left, wholeMs }: Pick<Note, 'left' | 'wholeMs'>): string {
    return `${this.#name};r=${left};t=${Math.ceil(wholeMs / 1000)}`
  }

  /** There is room for it in so many ms. */
  refusal(ms: number): Answer {
    const seconds = Math.max(1, Math.ceil(ms / 1000))
    const headers: (readonly [string, string])[] = [['Retry-After', String(seconds)]]
    if (this.#tellsState)
      headers.push(['RateLimit-Policy', this.policy], ['RateLimit', `${this.#name};r=0;t=${seconds}`])
    return { status: this.#status, headers, body: this.#rate, fault: 'rate_limited' }
  }
}
