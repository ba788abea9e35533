// A rate limit by token buckets, which lie in memory that all workers share (scoreboard/buckets.ts).
import type { Answer } from '../head/answer.ts'
import { formatDuration } from '../lib/durations.ts'
import type { Limit } from '../scoreboard/buckets.ts'
import { Decisions } from './decisions.ts'
import type { Middleware, StepWorld } from './middleware.ts'
import { rateKey } from './rate-key.ts'
import type { RateLimitConfig } from './rate-limit.options.ts'

/** What is left in the bucket, in units of the limit. */
interface Note {
  left: number
}

/** Lets requests pass as long as there are tokens in the bucket of their key. */
export function rateLimit(options: RateLimitConfig, world: StepWorld): Middleware<Note | undefined> {
  const { buckets } = world.board
  const { requests, per, burst = requests } = options
  const rate = { tokens: requests, perMs: per, burst }
  const place = placeOf(options, world)
  const limit = buckets.limit(place, rate)
  const ofClients = buckets.limit(`${place}\0client_ip`, rate)
  const keyOf = rateKey(options.key, options.ipv6_prefix)
  const clientOf = rateKey(['client_ip'], options.ipv6_prefix)
  const texts = new Texts(options, world.rule)
  const decided = new Decisions('rate_limit_requests_total', world)
  return {
    name: 'rate_limit',
    request(x, note) {
      const key = keyOf(x)
      const left =
        key === null
          ? buckets.take(ofClients, clientOf(x) ?? '', world.now())
          : buckets.take(limit, key, world.now())
      if (buckets.lastEvicted) world.limitReached('limits.rate_limits', buckets.bytes)
      if (note !== undefined) note.left = left
      if (left >= 0) {
        decided.count(buckets.lastUncounted ? 'uncounted' : 'allowed')
        return undefined
      }
      const answer = world.refuse(x, texts.refusal(-left, limit))
      decided.count(answer === undefined ? 'shadow' : 'refused')
      if (answer !== undefined) x.detail = texts.detail
      return answer
    },
    ...(options.headers === 'always' &&
      options.mode === 'enforce' && {
        note: (): Note => ({ left: 0 }),
        // One that it refused says so itself.
        response(_, head, note) {
          if (note === undefined || note.left < 0) return
          head.add('RateLimit-Policy', texts.policy)
          head.add('RateLimit', texts.state(note.left, limit))
        },
      }),
  }
}

/**
 * Under which name its buckets are found. Two limits of a rule that go by the same rate and key, with other
 * bursts or one of them in shadow, do not take each other's tokens; any other one before it moves no bucket.
 */
function placeOf({ requests, per, key }: RateLimitConfig, { rule, earlier }: StepWorld): string {
  const keys = key.join(',')
  const twins = (earlier as readonly RateLimitConfig[]).filter(
    (one) => one.requests === requests && one.per === per && one.key.join(',') === keys,
  )
  return twins.length === 0 ? `${rule}\0${keys}` : `${rule}\0${keys}\0${twins.length}`
}

/** What clients and the log are told (draft-ietf-httpapi-ratelimit-headers-10; RFC 9110 §10.2.3). */
class Texts {
  /** The size of the bucket, and how long it takes to fill. */
  readonly policy: string
  readonly detail: string
  readonly #name: string
  readonly #tellsState: boolean
  readonly #rate: string

  constructor({ requests, per, burst = requests, key, headers }: RateLimitConfig, rule: string) {
    this.#rate = `${requests} per ${formatDuration(per)}`
    this.#name = `"${rule}:${requests}/${formatDuration(per)}"`
    this.#tellsState = headers !== 'never'
    const fullS = Math.max(1, Math.ceil((burst * per) / requests / 1000))
    this.policy = `${this.#name};q=${burst};w=${fullS}`
    this.detail = `rules.${rule}.rate_limit: ${this.#rate}, burst ${burst}, by ${key.join(', ')}`
  }

  /** So many tokens are left, and the bucket is full in so many seconds. */
  state(left: number, { burstUnits, token, unitsPerMs }: Limit): string {
    const fullS = Math.ceil((burstUnits - left) / unitsPerMs / 1000)
    return `${this.#name};r=${Math.floor(left / token)};t=${fullS}`
  }

  /** The next token comes in so many units, the last of which the clock may have rounded. */
  refusal(units: number, { unitsPerMs }: Limit): Answer {
    const seconds = Math.max(1, Math.ceil((units - 1) / unitsPerMs / 1000))
    const headers: (readonly [string, string])[] = [['Retry-After', String(seconds)]]
    if (this.#tellsState)
      headers.push(['RateLimit-Policy', this.policy], ['RateLimit', `${this.#name};r=0;t=${seconds}`])
    return { status: 429, headers, body: this.#rate, fault: 'rate_limited' }
  }
}
