// The loops of a regular expression's graph, and which of them follow each other so that one text goes round
// the first, on to the second, and round that.
import { type Budget, commonRanges, type Place, shares } from './regex-graph.ts'
import type { RegexRepeat } from './regex-parse.ts'
import { strongParts } from './strong-parts.ts'

export interface Loop {
  readonly places: readonly Place[]
  /** It stands for what is passed over before the pattern is found. */
  readonly isStart: boolean
  /** Where its repeat stands in the pattern. */
  readonly from: number
  readonly to: number
  /** 1: without end; less: it has one. */
  readonly weight: number
  /** With those behind it that the same text goes round, as many as there are in a row. */
  chainWeight: number
  chainNext: Loop | null
}

/** Nothing that is looked at is longer. */
const ROUNDS = Math.log(8192)

/** Of those that may have to go back. */
export function loopsIn(places: readonly Place[], budget: Budget): readonly Loop[] {
  const loops = strongParts(places, ({ next }) => [...next.keys()].filter(({ isEnough }) => !isEnough))
    .filter(([first, ...more]) => more.length > 0 || first?.next.has(first))
    .map(loopOf)
  // Those behind come first.
  for (const [at, loop] of loops.entries())
    for (const other of loops.slice(0, at)) {
      const weight = loop.weight + other.chainWeight
      if (weight <= loop.chainWeight || !goesOn(loop, other, budget)) continue
      loop.chainWeight = weight
      loop.chainNext = other
    }
  return loops
}

function loopOf(places: readonly Place[]): Loop {
  const inside = new Set(places)
  const repeats = new Set<RegexRepeat>()
  for (const place of places)
    for (const [to, { repeats: by }] of place.next)
      if (inside.has(to)) for (const repeat of by) repeats.add(repeat)
  const isStart = places[0]?.isStart === true
  const all = [...repeats]
  const rounds = all.reduce((sum, { max }) => sum + Math.log(max), 0)
  const weight = isStart ? 1 : Math.min(1, rounds / ROUNDS)
  const from = Math.min(...all.map((one) => one.from))
  const to = Math.max(...all.map((one) => one.to))
  return { places, isStart, weight, chainWeight: weight, chainNext: null, from, to }
}

function goesOn(loop: Loop, other: Loop, budget: Budget): boolean {
  const first = new Set(loop.places)
  const last = new Set(other.places)
  for (const from of loop.places)
    for (const to of other.places)
      if (new Triples(first, last, budget).lead([from, from, to], [from, to, to])) return true
  return false
}

type Triple = readonly [Place, Place, Place]

/** Three readings of one text: round the first loop, from it to the other, and round that. */
class Triples {
  readonly #first: ReadonlySet<Place>
  readonly #last: ReadonlySet<Place>
  readonly #budget: Budget
  readonly #numbers = new Map<Place, number>()

  constructor(first: ReadonlySet<Place>, last: ReadonlySet<Place>, budget: Budget) {
    this.#first = first
    this.#last = last
    this.#budget = budget
  }

  lead(from: Triple, to: Triple): boolean {
    const goal = this.#keyOf(to)
    const seen = new Set<number>()
    const open: Triple[] = [from]
    for (let triple = open.pop(); triple !== undefined; triple = open.pop())
      for (const next of this.#next(triple)) {
        const key = this.#keyOf(next)
        if (key === goal || this.#budget.steps < 0) return true
        if (!seen.has(key)) open.push(next)
        seen.add(key)
      }
    return false
  }

  *#next([one, between, other]: Triple): Generator<Triple> {
    for (const a of one.next.keys()) {
      if (!this.#first.has(a)) continue
      for (const b of between.next.keys()) {
        if (b.isEnough || !shares(a, b)) continue
        const common = commonRanges(a.ranges, b.ranges)
        for (const c of other.next.keys()) {
          this.#budget.steps--
          if (this.#last.has(c) && commonRanges(common, c.ranges).length > 0) yield [a, b, c]
        }
      }
    }
  }

  #keyOf([a, b, c]: Triple): number {
    return (this.#numberOf(a) * 1024 + this.#numberOf(b)) * 1024 + this.#numberOf(c)
  }

  #numberOf(place: Place): number {
    let number = this.#numbers.get(place)
    if (number === undefined) this.#numbers.set(place, (number = this.#numbers.size))
    return number
  }
}
