// Tokens that were found good, remembered by their digests until they expire: signatures are checked once.
import { createHash } from 'node:crypto'
import type { Claims } from '../rules/claims.ts'

/** What a good token says. */
export interface VerifiedToken {
  readonly name: string
  readonly claims: Claims
  /** Seconds since 1970, the skew of clocks included. */
  readonly untilS: number
}

interface Kept extends VerifiedToken {
  readonly chars: number
}

const KEPT_MAX = 10_000
/** Of all texts together: what they say takes a few times as much. */
const CHARS_MAX = 8 * 1024 * 1024

export class VerifiedTokens {
  readonly #kept = new Map<string, Kept>()
  #chars = 0

  static nameOf(token: string): string {
    return createHash('sha256').update(token, 'latin1').digest('latin1')
  }

  find(name: string, nowS: number): VerifiedToken | null {
    const kept = this.#kept.get(name)
    if (kept === undefined) return null
    if (kept.untilS > nowS) return kept
    this.#forget(name, kept)
    return null
  }

  keep(name: string, token: VerifiedToken, chars: number): void {
    const before = this.#kept.get(name)
    if (before !== undefined) this.#forget(name, before)
    this.#kept.set(name, { ...token, chars })
    this.#chars += chars
    // The oldest first; the one that has just come stays.
    for (const [oldest, kept] of this.#kept) {
      if (this.#kept.size <= KEPT_MAX && this.#chars <= CHARS_MAX) return
      if (oldest !== name) this.#forget(oldest, kept)
    }
  }

  clear(): void {
    this.#kept.clear()
    this.#chars = 0
  }

  get size(): number {
    return this.#kept.size
  }

  #forget(name: string, { chars }: Kept): void {
    this.#kept.delete(name)
    this.#chars -= chars
  }
}
