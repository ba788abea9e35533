// Whom another server has let pass lately, by a digest of what they have shown: so many at most, and who has
// not come for long is forgotten first.
import { createHash } from 'node:crypto'
import type { RequestHead } from '../head/request-head.ts'
import { valuesOf } from './vary.ts'

/** What it has said of somebody who may pass. */
export interface Decision {
  /** For servers. */
  readonly fields: readonly (readonly [name: string, value: string])[]
  readonly user: string | null
}

interface Kept extends Decision {
  readonly untilMs: number
}

interface CacheWords {
  readonly ttl: number
  readonly by: readonly string[]
  readonly per: 'request' | 'credentials'
}

/** Of each of two generations. */
const KEPT_MAX = 4096
/** What is said of one of them takes no more. */
const FIELD_CHARS_MAX = 8192

export class DecisionCache {
  readonly #ttlMs: number
  readonly #by: readonly string[]
  readonly #isPerRequest: boolean
  readonly #now: () => number
  #kept = new Map<string, Kept>()
  #before = new Map<string, Kept>()

  constructor({ ttl, by, per }: CacheWords, now: () => number) {
    this.#ttlMs = ttl
    this.#by = by.map((name) => name.toLowerCase())
    this.#isPerRequest = per === 'request'
    this.#now = now
  }

  /** What tells this request from others; null: it shows nothing to be known by. */
  keyOf(request: RequestHead): string | null {
    const digest = createHash('sha256')
    let isKnown = false
    for (const name of this.#by) {
      const values = valuesOf(request, name)
      isKnown ||= values.length > 0
      // Each with its length: no two requests read alike.
      digest.update(`${values.length};`)
      for (const value of values) digest.update(`${value.length}:${value}`)
    }
    if (!isKnown) return null
    if (this.#isPerRequest) digest.update(`${request.method} ${request.host} ${request.target}`)
    return digest.digest('latin1')
  }

  get(key: string): Decision | null {
    const kept = this.#kept.get(key) ?? this.#before.get(key)
    if (kept === undefined) return null
    if (kept.untilMs > this.#now()) return kept
    this.#kept.delete(key)
    return null
  }

  keep(key: string, { fields, user }: Decision): void {
    const chars = fields.reduce((sum, [name, value]) => sum + name.length + value.length, 0)
    if (chars > FIELD_CHARS_MAX) return
    if (this.#kept.size >= KEPT_MAX) {
      this.#before = this.#kept
      this.#kept = new Map()
    }
    this.#kept.set(key, { fields, user, untilMs: this.#now() + this.#ttlMs })
  }
}
