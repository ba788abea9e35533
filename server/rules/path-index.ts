// Rules of one host pattern, by path. Exact paths stand in a map; prefixes in a hash table that is probed
// while the path is read once, at those lengths only that a prefix has; templates in a trie of segments;
// regular expressions by what they begin with. What a look-up costs depends on the
// path, not on the rules.
import type { Steps } from '../lib/slices.ts'
import type { Asked } from './asked.ts'
import { type Candidate, HeaderIndex } from './header-index.ts'
import type { PathPattern } from './path.ts'
import { type TemplateEntry, TemplateIndex } from './template-index.ts'
import type { Verdict } from './verdict.ts'

export class PathIndex<R> {
  /** Order of the first rule in it. */
  readonly least: number
  readonly #any: HeaderIndex<R> | null
  readonly #exact: ReadonlyMap<string, HeaderIndex<R>>
  readonly #prefixes: Prefixes<R> | null
  readonly #templates: TemplateIndex<R> | null

  private constructor(parts: PathParts<R>) {
    this.least = parts.least
    this.#any = parts.any
    this.#exact = parts.exact
    this.#prefixes = parts.prefixes
    this.#templates = parts.templates
  }

  /** Makes one in steps: there may be many rules. */
  static *steps<R>(entries: readonly PathEntry<R>[]): Steps<PathIndex<R>> {
    const any: Candidate<R>[] = []
    const exact = new Map<string, Candidate<R>[]>()
    const prefixes = new Map<string, Candidate<R>[]>()
    const templates: TemplateEntry<R>[] = []
    let least = Number.POSITIVE_INFINITY
    let done = 0
    for (const { path, candidate } of entries) {
      least = Math.min(least, candidate.order)
      if (path === null) any.push(candidate)
      else if (path.is === 'template') templates.push({ segments: path.segments, candidate })
      else if (path.is !== 'regex') put(path.is === 'prefix' ? prefixes : exact, path.text, candidate)
      else if (path.begin === '') any.push(tested(candidate, path.test))
      else put(prefixes, path.begin, tested(candidate, path.test))
      if (++done % STEP === 0) yield
    }
    const exactOnes = new Map<string, HeaderIndex<R>>()
    for (const [text, list] of exact) {
      exactOnes.set(text, new HeaderIndex(list))
      if (++done % STEP === 0) yield
    }
    return new PathIndex<R>({
      least,
      any: any.length > 0 ? new HeaderIndex(any) : null,
      exact: exactOnes,
      prefixes: prefixes.size > 0 ? yield* Prefixes.steps(prefixes) : null,
      templates: templates.length > 0 ? yield* TemplateIndex.steps(templates) : null,
    })
  }

  /** The first rule that holds for the request under this path, or `best` when none goes before it. */
  first(asked: Asked, best: Candidate<R>): Candidate<R> {
    if (this.least >= best.order) return best
    let found = best
    if (this.#exact.size > 0) found = this.#exact.get(asked.path)?.first(asked, found) ?? found
    if (this.#any !== null) found = this.#any.first(asked, found)
    if (this.#prefixes !== null) found = this.#prefixes.first(asked, found)
    if (this.#templates !== null) found = this.#templates.first(asked, found)
    return found
  }
}

export interface PathEntry<R> {
  /** Null: any path. */
  readonly path: PathPattern | null
  readonly candidate: Candidate<R>
}

interface PathParts<R> {
  readonly least: number
  readonly any: HeaderIndex<R> | null
  readonly exact: ReadonlyMap<string, HeaderIndex<R>>
  readonly prefixes: Prefixes<R> | null
  readonly templates: TemplateIndex<R> | null
}

/** A candidate that asks this of the path as well. */
const tested = <R>(candidate: Candidate<R>, test: (path: string) => Verdict): Candidate<R> => ({
  ...candidate,
  tests: [({ path }) => test(path), ...candidate.tests],
})

/** So many are put in place between two places where the work may pause. */
const STEP = 64

function put<R>(groups: Map<string, Candidate<R>[]>, text: string, candidate: Candidate<R>): void {
  const list = groups.get(text)
  if (list === undefined) groups.set(text, [candidate])
  else list.push(candidate)
}

interface Prefix<R> {
  readonly text: string
  readonly candidates: HeaderIndex<R>
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

  private constructor(lengths: readonly number[]) {
    this.#lengths = lengths
  }

  static *steps<R>(groups: ReadonlyMap<string, readonly Candidate<R>[]>): Steps<Prefixes<R>> {
    // Shorter ones first, so that each finds the one it begins with.
    const byLength = new Map<number, string[]>()
    let done = 0
    for (const text of groups.keys()) {
      const list = byLength.get(text.length)
      if (list === undefined) byLength.set(text.length, [text])
      else list.push(text)
      if (++done % STEP === 0) yield
    }
    const lengths = [...byLength.keys()].toSorted((a, b) => a - b)
    const made = new Prefixes<R>(lengths)
    for (const length of lengths)
      for (const text of byLength.get(length) ?? []) {
        made.#add(text, groups.get(text) ?? [])
        if (++done % STEP === 0) yield
      }
    return made
  }

  #add(text: string, list: readonly Candidate<R>[]): void {
    const candidates = new HeaderIndex(list)
    const shorter = this.#longest(text)
    const hash = hashOf(text)
    const sameHash = this.#byHash.get(hash) ?? null
    const least = Math.min(candidates.least, shorter?.least ?? Number.POSITIVE_INFINITY)
    this.#byHash.set(hash, { text, candidates, shorter, least, sameHash })
  }

  first(asked: Asked, best: Candidate<R>): Candidate<R> {
    let found = best
    for (
      let prefix = this.#longest(asked.path);
      prefix !== null && prefix.least < found.order;
      prefix = prefix.shorter
    )
      found = prefix.candidates.first(asked, found)
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
