// Which part of a split an exchange goes to, and what its answer tells its client of that.
import type { ResponseHead } from '../head/response-head.ts'
import type { Matchable } from '../rules/asked.ts'
import type { ToBackend, ToParts } from '../snapshot/snapshot.ts'
import { keepPrivate } from '../head/keep-private.ts'

export class ChosenPart {
  readonly to: ToParts
  /** Among its parts. */
  readonly place: number
  /** The one that it belongs to has no server in use. */
  readonly isInstead: boolean
  /** Of the cookie that it is given; null: none. */
  readonly #cookie: string | null

  constructor(to: ToParts, place: number, isInstead: boolean, cookie: string | null) {
    this.to = to
    this.place = place
    this.isInstead = isInstead
    this.#cookie = cookie
  }

  get way(): ToBackend {
    return this.to.ways[this.place] as ToBackend
  }

  /** Tells an answer's client where it belongs, where it does not know yet: no cache tells it to others. */
  mark(head: ResponseHead, isSecure: boolean): void {
    if (this.#cookie === null) return
    head.add('Set-Cookie', this.to.split.setCookie(this.#cookie, isSecure))
    keepPrivate(head)
  }
}

interface Belonging {
  readonly request: Matchable
  /** Null: nobody knows it. */
  readonly address: string | null
  /** Chance in [0, 1). */
  readonly chance: () => number
}

/** Chooses the part of a request; where that has no server in use, another one, if the split has it so. */
export function choosePart(to: ToParts, { request, address, chance }: Belonging): ChosenPart {
  const { split, ways } = to
  const { seed, cookie } = split.seedOf(request, address, chance)
  const own = split.choose(seed, ANY)
  if (split.words.when_down === 'stay' || ways[own]?.backend.takesWork === true)
    return new ChosenPart(to, own, false, cookie)
  const other = split.choose(seed, (place) => ways[place]?.backend.takesWork === true)
  return other === -1 ? new ChosenPart(to, own, false, cookie) : new ChosenPart(to, other, true, cookie)
}

const ANY = (): boolean => true
