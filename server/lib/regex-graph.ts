// Which characters of a regular expression may follow which (Glushkov's construction), and in how many ways:
// a matcher that goes back tries each way, so that is what it costs.
import { type CharRanges, parseRegex, type RegexNode, type RegexRepeat } from './regex-parse.ts'

/** A character of the pattern. */
export interface Place {
  readonly ranges: CharRanges
  /** The pattern's begin: any character, before it is found. */
  readonly isStart: boolean
  readonly next: Map<Place, Way>
  /** What stands behind it holds by itself: who comes here has found it, and never goes back. */
  isEnough: boolean
}

/** From one place to another. */
export interface Way {
  /** In so many ways; 2: or more. */
  count: number
  /** What it repeats; empty: nothing. */
  readonly repeats: Set<RegexRepeat>
}

export interface RegexGraph {
  readonly places: readonly Place[]
  /** Where it begins, in so many ways each. */
  readonly first: ReadonlyMap<Place, number>
  /** What is looked at ahead, or behind, by itself. */
  readonly looks: readonly RegexGraph[]
}

/** What no analysis tells the cost of, and where it stands in the pattern. */
export class UnsoundRegex extends Error {
  override readonly name = 'UnsoundRegex'
  readonly from: number
  readonly to: number

  constructor(message: string, { from, to }: { readonly from: number; readonly to: number }) {
    super(message)
    this.from = from
    this.to = to
  }
}

/** What a part of a pattern begins and ends with. */
interface Part {
  /** In so many ways it takes no character; 2: or more. */
  readonly empty: number
  /** As `empty`, where nothing has to hold for it. */
  readonly free: number
  readonly first: ReadonlyMap<Place, number>
  readonly last: ReadonlyMap<Place, number>
  /** Those of `last` behind which nothing has to hold. */
  readonly done: ReadonlySet<Place>
}

const NONE: ReadonlyMap<Place, number> = new Map()
const NOBODY: ReadonlySet<Place> = new Set()
const NOTHING: Part = { empty: 1, free: 1, first: NONE, last: NONE, done: NOBODY }
const ASSERTION: Part = { ...NOTHING, free: 0 }
const PLACES_MAX = 600
/** So many times at most, and to so many places, is what is repeated put in place. */
const COPIES_MAX = 8
const COPIED_MAX = 128

/** What is left of the steps that an analysis may take; below 0: the worst is taken to be so. */
export interface Budget {
  steps: number
}

/** Throws an UnsoundRegex on what it has no place for. */
export function regexGraph(pattern: string): RegexGraph {
  const node = parseRegex(pattern)
  return new Builder().graph(node, isBound(node))
}

/** Whether it is looked for at the beginning only. */
function isBound(node: RegexNode): boolean {
  if (node.is === 'start') return true
  if (node.is === 'choice') return node.items.every(isBound)
  if (node.is === 'repeat') return node.min > 0 && isBound(node.body)
  return node.is === 'sequence' && node.items[0] !== undefined && isBound(node.items[0])
}

class Builder {
  readonly #places: Place[] = []
  readonly #looks: RegexGraph[] = []

  graph(node: RegexNode, isBoundToBegin: boolean): RegexGraph {
    const start = isBoundToBegin ? null : this.#place([[0, 0xffff]], true)
    const part = this.#part(node)
    if (start !== null) {
      this.#join(start, start, 1, null)
      for (const [place, count] of part.first) this.#join(start, place, count, null)
      start.isEnough = part.free > 0
    }
    for (const place of part.done) place.isEnough = true
    const first = start === null ? part.first : new Map([[start, 1]])
    return { places: this.#places, first, looks: this.#looks }
  }

  #part(node: RegexNode): Part {
    switch (node.is) {
      case 'set': {
        const place = this.#place(node.ranges, false)
        const only = new Map([[place, 1]])
        return { empty: 0, free: 0, first: only, last: only, done: new Set([place]) }
      }
      case 'start':
      case 'assertion':
        return ASSERTION
      case 'reference':
        throw new UnsoundRegex('refers back to what a group has found', node)
      case 'look':
        return this.#look(node)
      case 'sequence':
        return node.items.reduce((part, item) => this.#behind(part, this.#part(item)), NOTHING)
      case 'choice':
        return node.items.map((item) => this.#part(item)).reduce(either)
      case 'repeat':
        return this.#repeat(node)
    }
  }

  #look(node: RegexNode & { readonly is: 'look' }): Part {
    if (node.isBehind && hasEndless(node.body)) throw new UnsoundRegex('looks behind without end', node)
    this.#looks.push(new Builder().graph(node.body, true))
    return ASSERTION
  }

  #repeat(node: RegexRepeat): Part {
    const { body, min, max } = node
    if (max === 0) return NOTHING
    if (max <= COPIES_MAX && placesOf(body) * max <= COPIED_MAX) return this.#copies(node)
    const part = this.#part(body)
    if (part.empty > 0 && min > 1) throw new UnsoundRegex('repeats what may be empty a number of times', node)
    if (max > 1)
      for (const [last, before] of part.last)
        for (const [first, behind] of part.first) this.#join(last, first, before * behind, node)
    return min === 0 ? { ...part, empty: 1, free: 1 } : part
  }

  /** As if it had been written so many times: a{1,3} as a(a(a)?)?. */
  #copies({ body, min, max }: RegexRepeat): Part {
    let part = NOTHING
    for (let left = max; left > 0; left--) {
      const whole = this.#behind(this.#part(body), part)
      // Of RegExp, no round beyond `min` is empty: there is one way to leave them out.
      part = left > min ? { ...whole, empty: 1, free: 1 } : whole
    }
    return part
  }

  #behind(one: Part, other: Part): Part {
    for (const [last, before] of one.last)
      for (const [first, behind] of other.first) this.#join(last, first, before * behind, null)
    return {
      empty: capped(one.empty * other.empty),
      free: capped(one.free * other.free),
      first: added(one.first, other.first, one.empty),
      last: added(other.last, one.last, other.empty),
      done: other.free > 0 ? new Set([...one.done, ...other.done]) : other.done,
    }
  }

  #join(from: Place, to: Place, count: number, repeat: RegexRepeat | null): void {
    let way = from.next.get(to)
    if (way === undefined) from.next.set(to, (way = { count: 0, repeats: new Set() }))
    way.count = capped(way.count + count)
    if (repeat !== null) way.repeats.add(repeat)
  }

  #place(ranges: CharRanges, isStart: boolean): Place {
    const place: Place = { ranges, isStart, next: new Map(), isEnough: false }
    if (this.#places.push(place) > PLACES_MAX)
      throw new UnsoundRegex(`has more than ${PLACES_MAX} characters and classes`, { from: 0, to: 0 })
    return place
  }
}

const capped = (count: number): number => Math.min(2, count)

function either(one: Part, other: Part): Part {
  return {
    empty: capped(one.empty + other.empty),
    free: capped(one.free + other.free),
    first: added(one.first, other.first, 1),
    last: added(one.last, other.last, 1),
    done: new Set([...one.done, ...other.done]),
  }
}

/** With those of the other, each in `times` as many ways. */
function added(
  one: ReadonlyMap<Place, number>,
  other: ReadonlyMap<Place, number>,
  times: number,
): ReadonlyMap<Place, number> {
  if (times === 0 || other.size === 0) return one
  const made = new Map(one)
  for (const [place, count] of other) made.set(place, capped((made.get(place) ?? 0) + count * times))
  return made
}

function placesOf(node: RegexNode): number {
  if (node.is === 'set') return 1
  if (node.is === 'repeat') return placesOf(node.body) * (node.max <= COPIES_MAX ? node.max : 1)
  return node.is === 'sequence' || node.is === 'choice'
    ? node.items.reduce((sum, item) => sum + placesOf(item), 0)
    : 0
}

/** Whether one character may be both. */
export const shares = (a: Place, b: Place): boolean => a === b || commonRanges(a.ranges, b.ranges).length > 0

export function commonRanges(one: CharRanges, other: CharRanges): CharRanges {
  const found: (readonly [number, number])[] = []
  let place = 0
  for (const [first, last] of one)
    for (let range = other[place]; range !== undefined && range[0] <= last; range = other[place]) {
      const [from, to] = [Math.max(first, range[0]), Math.min(last, range[1])]
      if (from <= to) found.push([from, to])
      if (range[1] > last) break
      place++
    }
  return found
}

function hasEndless(node: RegexNode): boolean {
  if (node.is === 'repeat') return node.max === Number.POSITIVE_INFINITY || hasEndless(node.body)
  if (node.is === 'look') return hasEndless(node.body)
  return (node.is === 'sequence' || node.is === 'choice') && node.items.some(hasEndless)
}
