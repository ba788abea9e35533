// Whether a regular expression can be made to take long: RegExp goes back and tries every way in which a text
// may be read, and of some patterns the number of ways grows with each character.
//
// It is judged by the graph of what follows what (Weber and Seidl, "On the degree of ambiguity of finite
// automata"). Exponential: a place that is come back to in two ways by one text. Polynomial: loops one behind
// the other that one text goes round, and on by; their number is the exponent. Beside that a pattern without
// any loop may have many ways, as a?a?a?aaa.
import type { Budget, RegexGraph } from './regex-graph.ts'
import { type Loop, loopsIn } from './regex-loops.ts'
import { regexGraph, UnsoundRegex } from './regex-graph.ts'
import { readingsOf } from './regex-pairs.ts'

/** Longest pattern. */
const LENGTH_MAX = 1000

export interface SafeRegex {
  /** A text of n characters takes at most n to this power, */
  readonly power: number
  /** times two to this power steps. */
  readonly ways: number
  /** Texts should be short. */
  readonly isSlow: boolean
}

export interface UnsafeRegex {
  /** The part that causes it, as it is written; '': all of it. */
  readonly part: string
  readonly why: string
  readonly hint: string
}

/** Above: a text of a few thousand characters takes seconds. Loops with an end count for less than one. */
const EXPONENT_MAX = 2.2
/** So many doublings are as much as a loop: nothing that is looked at is longer than 2 to this power. */
const DOUBLINGS = 13
const SLOW_EXPONENT = 1.3
const STEPS_MAX = 1_000_000

/** Of patterns that were judged: configs are read and compiled again and again. */
const known = new Map<string, SafeRegex | UnsafeRegex>()
const KNOWN_MAX = 10_000

/** Judges a pattern that RegExp takes without flags. */
export function judgeRegex(pattern: string): SafeRegex | UnsafeRegex {
  let verdict = known.get(pattern)
  if (verdict !== undefined) return verdict
  if (known.size >= KNOWN_MAX) known.clear()
  known.set(pattern, (verdict = judgedAnew(pattern)))
  return verdict
}

function judgedAnew(pattern: string): SafeRegex | UnsafeRegex {
  if (pattern.length > LENGTH_MAX)
    return { part: '', why: `is longer than ${LENGTH_MAX} characters`, hint: SPLIT }
  try {
    return judged(pattern, regexGraph(pattern))
  } catch (error) {
    if (!(error instanceof UnsoundRegex)) throw error
    const part = pattern.slice(error.from, error.to)
    return { part, why: error.message, hint: part === '' ? SPLIT : 'write it without that' }
  }
}

const SPLIT = 'ask for its parts one by one, below "all"'

function judged(pattern: string, graph: RegexGraph): SafeRegex | UnsafeRegex {
  const budget: Budget = { steps: STEPS_MAX }
  let [power, ways] = [0, 0]
  for (const look of graph.looks) {
    const ahead = worstOf(look, pattern, budget)
    if ('part' in ahead) return ahead
    ;[power, ways] = [Math.max(power, ahead.power), Math.max(ways, ahead.ways)]
  }
  const own = worstOf(graph, pattern, budget)
  if ('part' in own) return own
  if (budget.steps < 0) return { part: '', why: 'is too involved to be judged', hint: SPLIT }
  power = Math.max(1, power + own.power)
  ways += own.ways
  const exponent = power + ways / DOUBLINGS
  if (exponent > EXPONENT_MAX) return slow(pattern, own.chain)
  return { power, ways, isSlow: exponent > SLOW_EXPONENT }
}

interface Worst {
  readonly power: number
  readonly ways: number
  readonly chain: readonly Loop[]
}

function worstOf(graph: RegexGraph, pattern: string, budget: Budget): UnsafeRegex | Worst {
  // Who comes to a place that is enough never goes back.
  const places = graph.places.filter(({ isEnough }) => !isEnough)
  const { doubling, ways } = readingsOf(graph, budget)
  const loops = loopsIn(places, budget)
  const bad = loops.find((loop) => loop.places.some((place) => doubling.has(place)))
  if (bad !== undefined)
    return {
      part: pattern.slice(bad.from, bad.to),
      why: 'can be read in more ways with each character that it takes, and all are tried',
      hint: 'let each character have one place there: no repeat of what repeats the same itself, no choice of two that begin alike',
    }
  const chain = longestOf(loops)
  const power = chain[0]?.chainWeight ?? 0
  return power + ways / DOUBLINGS > EXPONENT_MAX ? slow(pattern, chain) : { power, ways, chain }
}

function longestOf(loops: readonly Loop[]): readonly Loop[] {
  const chain: Loop[] = []
  let loop = loops.reduce<Loop | null>((a, b) => (a !== null && a.chainWeight >= b.chainWeight ? a : b), null)
  for (; loop !== null; loop = loop.chainNext) chain.push(loop)
  return chain
}

function slow(pattern: string, chain: readonly Loop[]): UnsafeRegex {
  const isFree = chain[0]?.isStart === true
  const parts = chain.filter(({ isStart }) => !isStart).map(({ from, to }) => pattern.slice(from, to))
  const begin = pattern.startsWith('.*')
    ? 'leave out ".*" at its beginning, as it is looked for everywhere'
    : 'begin it with "^", which binds it to the beginning'
  return {
    part: parts.join(' … '),
    why: 'can take the same text in too many ways, and all are tried',
    hint: `${isFree ? `${begin}; or ` : ''}ask for its parts by "contains", "prefix" and "suffix", below "all"`,
  }
}
