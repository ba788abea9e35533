// Rules of one host pattern, by path. Exact paths stand in a map; prefixes in a hash table that is probed while the path
// is read once, at those lengths only that a prefix has. What a look-up costs depends on the path, not on the rules.
import { type Candidate, Candidates, type Matchable } from './candidates.ts'
import type { PathPattern } from './path.ts'

export class PathIndex<R> {
  /** Order of the first rule in it. */
  readonly least: number
  readonly #any: Candidates<R> | null
  readonly #exact: ReadonlyMap<string, Candidates<R>>
  readonly #prefixes: Prefixes<R> | null

  constructor(entries: readonly PathEntry<R>[]) {
    const any = entries.filter(({ path }) => path === null)
    const exact = groupByText(entries.filter(({ path }) => path !== null && !path.isPrefix))
    const prefixes = groupByText(entries.filter(({ path }) => path?.isPrefix))
    this.least = entries.reduce(
      (least, { candidate }) => Math.min(least, candidate.order),
      Number.POSITIVE_INFINITY,
    )
    this.#any = any.length > 0 ? new Candidates(any.map(({ candidate }) => candidate)) : null
    this.#exact = new Map([...exact].map(([text, list]) => [text, new Candidates(list)]))
    this.#prefixes = prefixes.size > 0 ? new Prefixes(prefixes) : null
  }

  /** The first rule that holds for the request under this path, or `best` when none goes before it. */
  first(request: Matchable, path: string, best: Candidate<R>): Candidate<R> {
    if (this.least >= best.order) return best
    let found = best
    if (this.#exact.size > 0) found = this.#exact.get(path)?.first(request, found) ?? found
    if (this.#any !== null) found = this.#any.first(request, found)
    if (this.#prefixes !== null) found = this.#prefixes.first(request, path, found)
    return found
  }
}

export interface PathEntry<R> {
  /** Null: any path. */
  readonly path: PathPattern | null
  readonly candidate: Candidate<R>
}

function groupByText<R>(entries: readonly PathEntry<R>[]): Map<string, Candidate<R>[]> {
  const groups = new Map<string, Candidate<R>[]>()
  for (const { path, candidate } of entries) {
    const text = path?.text ?? ''
    const list = groups.get(text)
    if (list === undefined) groups.set(text, [candidate])
    else list.push(candidate)
  }
  return groups
}

interface Prefix<R> {
  readonly text: string
  readonly candidates: Candidates<R>
  /** The next shorter prefix that this one begins with. */
  readonly shorter: Prefix<R> | null
  /** Order of the first rule of this and all shorter ones. */
  readonly least: number
  /** Another prefix with the same hash. */
  readonly sameHash: Prefix<R> | null
}

class Prefixes<R> {
  readonly #byHash = new Map<number, Prefix<R>>()
  /** Lengths that prefixes have, ascending. */
  readonly #lengths: readonly number[]

  constructor(groups: ReadonlyMap<string, readonly Candidate<R>[]>) {
    this.#lengths = [...new Set([...groups.keys()].map((text) => text.length))].toSorted((a, b) => a - b)
    // Shorter ones first, so that each finds the one it begins with.
    for (const [text, list] of [...groups].toSorted(([a], [b]) => a.length - b.length)) {
      const candidates = new Candidates(list)
      const shorter = this.#longest(text)
      const hash = hashOf(text)
      const sameHash = this.#byHash.get(hash) ?? null
      const least = Math.min(candidates.least, shorter?.least ?? Number.POSITIVE_INFINITY)
      this.#byHash.set(hash, { text, candidates, shorter, least, sameHash })
    }
  }

  first(request: Matchable, path: string, best: Candidate<R>): Candidate<R> {
    let found = best
    for (
      let prefix = this.#longest(path);
      prefix !== null && prefix.least < found.order;
      prefix = prefix.shorter
    )
      found = prefix.candidates.first(request, found)
    return found
  }

  /** The longest prefix that the path begins with. */
  #longest(path: string): Prefix<R> | null {
    let longest: Prefix<R> | null = null
    let hash = 0
    let at = 0
    for (const length of this.#lengths) {
      if (length > path.length) break
      while (at < length) hash = (Math.imul(hash, 31) + path.charCodeAt(at++)) | 0
      let prefix = this.#byHash.get(hash) ?? null
      while (prefix !== null && !(prefix.text.length === length && path.startsWith(prefix.text)))
        prefix = prefix.sameHash
      if (prefix !== null) longest = prefix
    }
    return longest
  }
}

function hashOf(text: string): number {
  let hash = 0
  for (let i = 0; i < text.length; i++) hash = (Math.imul(hash, 31) + text.charCodeAt(i)) | 0
  return hash
}
