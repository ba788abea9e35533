// Which part of a split a request goes to: weighted rendezvous hashing. Each part has a number of its own for
// each seed, and the best by its weight wins: who moves when weights change moves to a part that has grown in
// proportion to the one it leaves, and with two parts nobody moves who need not. As only names count, the
// order of parts says nothing, and rules with parts of the same names send a client to the same one.
import { hashText } from '../backends/hash.ts'
import { cookiesIn } from '../head/cookie.ts'
import type { Matchable } from './asked.ts'
import type { SplitConfig } from './destination.options.ts'
import { drawn, placed, seedOf, type ShareBy, shareBy } from './share.ts'

export interface SplitPart {
  readonly name: string
  readonly backend: string
  /** In proportion to those of the others; 0: it gets none. */
  readonly weight: number
}

/** What a request shows of where it belongs. */
export interface SplitSeed {
  readonly seed: number
  /** Of the cookie of ours that its answer gives; null: it has one, or none is used. */
  readonly cookie: string | null
  /** Chance decided. */
  readonly isDrawn: boolean
}

/** The cookie of which nothing is written. */
export const SPLIT_COOKIE: NonNullable<SplitConfig['cookie']> = {
  name: 'sluice_split',
  max_age: 24 * 24 * 3_600_000,
  path: '/',
  http_only: true,
  same_site: 'lax',
}

/** A cookie of ours holds 32 bits, drawn once for each browser. */
const COOKIE_VALUE = /^[0-9a-f]{8}$/

export class Split {
  readonly parts: readonly SplitPart[]
  readonly words: SplitConfig
  readonly #salts: readonly number[]
  readonly #by: ShareBy
  readonly #cookie: NonNullable<SplitConfig['cookie']>
  readonly #isOwnCookie: boolean

  constructor(words: SplitConfig) {
    this.words = words
    this.#cookie = words.cookie ?? SPLIT_COOKIE
    this.parts = words.to.map(({ backend, weight, name = backend }) => ({ name, backend, weight }))
    this.#salts = this.parts.map(({ name }) => hashText(name))
    this.#isOwnCookie = words.by === 'cookie'
    this.#by = shareBy(this.#isOwnCookie ? `cookie ${this.#cookie.name}` : words.by)
  }

  seedOf(request: Matchable, address: string | null, chance: () => number): SplitSeed {
    if (this.#isOwnCookie) return this.#ownSeed(request, chance)
    const seed = seedOf(this.#by, request, address)
    return { seed: seed ?? drawn(chance()), cookie: null, isDrawn: seed === null }
  }

  /** The first good one of its cookies counts. */
  #ownSeed(request: Matchable, chance: () => number): SplitSeed {
    for (const field of request.values('cookie'))
      for (const value of cookiesIn(field, this.#by.name))
        if (COOKIE_VALUE.test(value))
          return { seed: Number.parseInt(value, 16), cookie: null, isDrawn: false }
    const seed = drawn(chance())
    return { seed, cookie: seed.toString(16).padStart(8, '0'), isDrawn: true }
  }

  /**
   * The place of the part for this seed, of those that `isOpen` says yes of; -1: there is none. Parts without
   * weight are never chosen.
   */
  choose(seed: number, isOpen: (place: number) => boolean): number {
    let chosen = -1
    let best = Number.POSITIVE_INFINITY
    for (let place = 0; place < this.parts.length; place++) {
      const { weight } = this.parts[place] as SplitPart
      if (weight === 0 || !isOpen(place)) continue
      const score = -Math.log(placed(seed, this.#salts[place] as number)) / weight
      if (score >= best) continue
      best = score
      chosen = place
    }
    return chosen
  }

  /** What part of all requests a part is to get, from 0 to 1. */
  shareOf(place: number): number {
    const all = this.parts.reduce((sum, { weight }) => sum + weight, 0)
    return all === 0 ? 0 : (this.parts[place]?.weight ?? 0) / all
  }

  /** Set-Cookie for the cookie that a request was given. */
  setCookie(value: string, isSecure: boolean): string {
    const { name, max_age, path, domain, secure = isSecure, http_only, same_site } = this.#cookie
    const age = max_age === 0 ? '' : `; Max-Age=${Math.ceil(max_age / 1000)}`
    const where = `; Path=${path}${domain === undefined ? '' : `; Domain=${domain}`}`
    const who = `${http_only ? '; HttpOnly' : ''}${secure ? '; Secure' : ''}`
    return `${name}=${value}${age}${where}${who}; SameSite=${SAME_SITE[same_site]}`
  }
}

const SAME_SITE = { strict: 'Strict', lax: 'Lax', none: 'None' } as const
