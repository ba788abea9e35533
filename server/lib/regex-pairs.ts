// In how many ways one text may be read by a regular expression's graph: two readings of it are a pair of
// places that go on by the same characters. They part where one place leads to two, and meet again in one.
import { type Budget, type Place, type RegexGraph, shares } from './regex-graph.ts'
import { strongParts } from './strong-parts.ts'

export interface Readings {
  /** Places that are come back to in two ways by one text: the ways double each time. */
  readonly doubling: ReadonlySet<Place>
  /** Of all other ways that one place is come to by: the binary logarithm of their number, at most. */
  readonly ways: number
}

interface Pair {
  readonly one: Place
  readonly other: Place
  readonly ahead: Pair[]
}

/** Of those that may have to go back. */
export function readingsOf({ places, first }: RegexGraph, budget: Budget): Readings {
  const pairs = new Pairs(budget)
  const open = places.filter(({ isEnough }) => !isEnough)
  const begins = [...first.keys()].filter(({ isEnough }) => !isEnough)
  const roots = open.map((place) => pairs.of(place, place))
  for (const one of begins)
    for (const other of begins) if (shares(one, other)) roots.push(pairs.of(one, other))
  const parts = strongParts(roots, (pair) => pairs.next(pair))
  return { doubling: doublingIn(parts), ways: waysOf(open, first, pairs) }
}

class Pairs {
  readonly #all = new Map<Place, Map<Place, Pair>>()
  readonly #budget: Budget

  constructor(budget: Budget) {
    this.#budget = budget
  }

  of(one: Place, other: Place): Pair {
    let row = this.#all.get(one)
    if (row === undefined) this.#all.set(one, (row = new Map()))
    let pair = row.get(other)
    if (pair === undefined) row.set(other, (pair = { one, other, ahead: [] }))
    return pair
  }

  /** Whether one text leads to both. */
  has(one: Place, other: Place): boolean {
    return this.#all.get(one)?.has(other) === true
  }

  next(pair: Pair): readonly Pair[] {
    for (const one of pair.one.next.keys())
      for (const other of pair.other.next.keys()) {
        this.#budget.steps--
        if (!one.isEnough && !other.isEnough && shares(one, other)) pair.ahead.push(this.of(one, other))
      }
    return this.#budget.steps < 0 ? [] : pair.ahead
  }
}

function doublingIn(parts: readonly (readonly Pair[])[]): ReadonlySet<Place> {
  const doubling = new Set<Place>()
  for (const part of parts) {
    const twins = part.filter(({ one, other }) => one === other)
    const isParted = twins.length < part.length
    const inside = new Set(twins.map(({ one }) => one))
    const isTwice = twins.some(({ one }) =>
      [...one.next].some(([to, { count }]) => count > 1 && inside.has(to)),
    )
    if (isParted || isTwice) for (const { one } of twins) doubling.add(one)
  }
  return doubling
}

interface Entry {
  /** Null: the begin. */
  readonly from: Place | null
  readonly count: number
}

/** A place is come to in as many ways as all of those before it together that one text leads to. */
function waysOf(places: readonly Place[], first: RegexGraph['first'], pairs: Pairs): number {
  const loops = strongParts(places, ({ next }) => [...next.keys()].filter(({ isEnough }) => !isEnough))
  const ways = new Map<Place, number>()
  const entries = new Map<Place, Entry[]>()
  const enter = (to: Place, entry: Entry): void => {
    const list = entries.get(to)
    if (list === undefined) entries.set(to, [entry])
    else list.push(entry)
  }
  for (const [place, count] of first) enter(place, { from: null, count })
  for (const from of places) for (const [to, { count }] of from.next) enter(to, { from, count })
  const weightOf = ({ from, count }: Entry): number =>
    count * (from === null ? 1 : 2 ** (ways.get(from) ?? 0))
  for (const loop of loops.toReversed()) {
    const inside = new Set(loop)
    const own = loop
      .flatMap((place) => entries.get(place) ?? [])
      .filter(({ from }) => from === null || !inside.has(from))
    const isRound = loop.length > 1 || loop[0]?.next.has(loop[0]) === true
    // Into a loop they come at different times, and are there together.
    const together = (one: Entry): number =>
      own
        .filter(
          ({ from }) =>
            isRound || from === one.from || (from !== null && one.from !== null && pairs.has(one.from, from)),
        )
        .reduce((sum, entry) => sum + weightOf(entry), 0)
    const most = Math.log2(Math.max(1, ...own.map(together)))
    for (const place of loop) ways.set(place, most)
  }
  return Math.max(0, ...ways.values())
}
