// Which rule a request belongs to: the first in the config that matches, found through an index by host, then
// path.
import { atOnce, type Steps } from '../lib/slices.ts'
import { ANYBODY, Asked, type AskedBy, type Chances, type Matchable } from './asked.ts'
import { type Filing, filingsOf } from './filing.ts'
import { type Candidate, candidateOf, NO_CANDIDATE } from './header-index.ts'
import type { MatchConfig } from './match.options.ts'
import { loosen, normalise, upperEscapes } from './path.ts'
import { type PathEntry, PathIndex } from './path-index.ts'
import { type Share, shareTest } from './share.ts'
import { seesPath, type Test, wholeFields } from './tests.ts'
import type { Told } from './variables.ts'
import type { Verdict } from './verdict.ts'

/**
 * Finds the rule of a request; null when none matches, 'ambiguous' when readers of its path could choose
 * different ones.
 */
export interface Match<R> {
  (request: Matchable, by?: AskedBy): R | null | 'ambiguous'
}

/** Makes the Location of a redirect. */
export interface Redirect {
  readonly status: number
  /** Null when it needs the request's host and there is none, or what is to be one is none. */
  location(x: Told): string | null
}

export interface MatchSource<R> {
  readonly match: MatchConfig
  /** What has been read of `match` already. */
  readonly filings?: readonly Filing[] | undefined
  /** It takes only a part of what it matches; left out: all. By its name who is in that part. */
  readonly share?: (Share & { readonly name: string }) | undefined
  readonly rule: R
}

/**
 * Compiles rules, in their order, to a look-up whose cost does not grow with them. Throws a RangeError on a
 * bad pattern.
 */
export const compileMatch = <R>(sources: readonly MatchSource<R>[], chances?: Chances): Match<R> =>
  atOnce(matchSteps(sources, chances))

/** What takes any request. */
export const ANYTHING: MatchConfig = {
  listener: [],
  host: [],
  path: [],
  method: [],
  header: {},
  query: {},
  cookie: {},
  claims: {},
  client: [],
  country: [],
  continent: [],
  asn: [],
  all: [],
  any: [],
  server_name: [],
  alpn: [],
}

/** The same in steps: there may be many rules. */
export function* matchSteps<R>(sources: readonly MatchSource<R>[], chances?: Chances): Steps<Match<R>> {
  const index = yield* HostIndex.steps(sources)
  const seesPaths = sources.some(({ match }) => seesPath(match))
  const fields = [...new Set(sources.flatMap(({ match }) => wholeFields(match)))]
  const asked = new Asked(chances)
  const find = (path: string): R | null | 'ambiguous' => {
    asked.path = path
    return index.find(asked)
  }
  return (request, by = ANYBODY) => {
    // A field that comes twice with two values: servers differ in which of them they believe.
    for (const name of fields) if (request.isAmbiguous(name)) return 'ambiguous'
    asked.begin(request, by)
    const { path } = request
    if (request.plainPath && !(seesPaths && isSuspect(path))) return find(path)
    const normal = normalise(path)
    if (normal === null) return 'ambiguous'
    const rule = find(normal)
    if (!seesPaths) return rule
    // As received, as normalised, as lenient servers read it: all must mean the same rule, or a deny could be
    // walked around.
    if (find(upperEscapes(path)) !== rule) return 'ambiguous'
    return find(loosen(path)) === rule ? rule : 'ambiguous'
  }
}

/** Some servers read these paths differently, though they are in normal form. */
const isSuspect = (path: string): boolean => path.includes('//') || path.includes(';')

class HostIndex<R> {
  readonly #any: PathIndex<R> | null
  readonly #exact: ReadonlyMap<string, PathIndex<R>>
  /** By ".example.org" for "*.example.org". */
  readonly #wildcards: ReadonlyMap<string, PathIndex<R>>
  readonly #wildcardLengthMax: number

  private constructor(parts: HostParts<R>) {
    this.#any = parts.any
    this.#exact = parts.exact
    this.#wildcards = parts.wildcards
    this.#wildcardLengthMax = [...parts.wildcards.keys()].reduce(
      (most, text) => Math.max(most, text.length),
      0,
    )
  }

  static *steps<R>(sources: readonly MatchSource<R>[]): Steps<HostIndex<R>> {
    const any: PathEntry<R>[] = []
    const exact = new Map<string, PathEntry<R>[]>()
    const wildcards = new Map<string, PathEntry<R>[]>()
    for (const [order, { match, rule, filings, share }] of sources.entries()) {
      // Asked last: what it costs is for those that match.
      const last = share === undefined ? NO_TESTS : [shareTest(share, share.name)]
      for (const { hosts, paths, conditions } of filings ?? filingsOf(match)) {
        const tests = last === NO_TESTS ? conditions.tests : [...conditions.tests, ...last]
        const candidate = candidateOf(rule, { ...conditions, tests }, order)
        const entriesOf = (one = candidate): PathEntry<R>[] =>
          (paths.length > 0 ? paths : NO_PATH).map((path) => ({ path, candidate: one }))
        if (hosts.length === 0) any.push(...entriesOf())
        for (const host of hosts) {
          if (host.is === 'regex') any.push(...entriesOf(ofHost(candidate, host.test)))
          else put(host.is === 'below' ? wildcards : exact, host.text, entriesOf())
        }
      }
      if (order % STEP === STEP - 1) yield
    }
    return new HostIndex<R>({
      any: any.length > 0 ? yield* PathIndex.steps(any) : null,
      exact: yield* indexEach(exact),
      wildcards: yield* indexEach(wildcards),
    })
  }

  find(asked: Asked): R | null | 'ambiguous' {
    const { host } = asked.request
    let found: Candidate<R> = NO_CANDIDATE
    if (this.#exact.size > 0) found = this.#exact.get(host)?.first(asked, found) ?? found
    if (this.#wildcards.size > 0) found = this.#findBelow(asked, found)
    if (this.#any !== null) found = this.#any.first(asked, found)
    return found.rule
  }

  /** Tries every name above the host. A name before the dot must not be empty. */
  #findBelow(asked: Asked, best: Candidate<R>): Candidate<R> {
    const { host } = asked.request
    let found = best
    for (let dot = host.indexOf('.', 1); dot > 0; dot = host.indexOf('.', dot + 1)) {
      if (host.length - dot > this.#wildcardLengthMax) continue
      found = this.#wildcards.get(host.slice(dot))?.first(asked, found) ?? found
    }
    return found
  }
}

interface HostParts<R> {
  readonly any: PathIndex<R> | null
  readonly exact: ReadonlyMap<string, PathIndex<R>>
  readonly wildcards: ReadonlyMap<string, PathIndex<R>>
}

function put<R>(places: Map<string, PathEntry<R>[]>, text: string, entries: readonly PathEntry<R>[]): void {
  const list = places.get(text)
  if (list === undefined) places.set(text, [...entries])
  else list.push(...entries)
}

const ofHost = <R>(candidate: Candidate<R>, test: (host: string) => Verdict): Candidate<R> => ({
  ...candidate,
  tests: [({ request }) => test(request.host), ...candidate.tests],
})

const NO_TESTS: readonly Test[] = []
/** A rule without one takes any. */
const NO_PATH = [null] as const

/** So many rules are filed between two places where the work may pause. */
const STEP = 32

function* indexEach<R>(
  places: ReadonlyMap<string, readonly PathEntry<R>[]>,
): Steps<Map<string, PathIndex<R>>> {
  const made = new Map<string, PathIndex<R>>()
  for (const [text, entries] of places) {
    made.set(text, yield* PathIndex.steps(entries))
    if (made.size % STEP === 0) yield
  }
  return made
}
