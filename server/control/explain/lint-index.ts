// Rules in the order in which they are asked, so that of each it is soon found which of those before it could
// leave it nothing: ten thousand are not compared with each other.
import { firstCase } from '../../rules/covers.ts'
import { beginOfAll, ReadPatterns } from '../../rules/covers-path.ts'
import type { Condition, MatchConfig } from '../../rules/match.options.ts'
import type { RuleConfig } from '../../rules/rule.options.ts'

/** A rule at its place. */
export interface LintedRule {
  readonly place: number
  readonly rule: RuleConfig
  /** Where it is asked. */
  readonly listeners: ReadonlySet<string>
}

/** Of rules that are alike in all that an index finds so many are compared with each: others are not told. */
const ALIKE_MAX = 32
/** A rule stands at so many places; one with more takes nothing from others, as far as is told. */
const PLACES_MAX = 256

export class RulesBefore {
  readonly read = new ReadPatterns()
  readonly #rules = new Map<string, LintedRule[]>()
  /** Lengths of the beginnings of paths by which rules are found. */
  readonly #lengths = new Set<number>()

  add(one: LintedRule): void {
    const { host, path } = one.rule.match
    const hosts = host.length === 0 ? [''] : host.map((words) => this.#hostKey(words))
    const paths = path.length === 0 ? [''] : path.map((words) => this.#pathKey(words))
    if (hosts.length * paths.length > PLACES_MAX) return
    const value = exactValues(one.rule.match)[0] ?? ''
    for (const first of new Set(hosts))
      for (const second of new Set(paths)) {
        const key = `${first}\n${second}\n${value}`
        const list = this.#rules.get(key)
        if (list === undefined) this.#rules.set(key, [one])
        else if (list.length < ALIKE_MAX) list.push(one)
      }
  }

  /**
   * Those before it that may take what it asks for. Who takes all of that takes what its first case names
   * first.
   */
  *candidates({ match }: RuleConfig): Generator<LintedRule> {
    const parts = firstCase(match)
    const values = ['', ...new Set(parts.flatMap(ownValues))]
    const paths = [...this.#pathKeys(parts.find(({ path }) => path.length > 0)?.path[0])]
    for (const host of this.#hostKeys(parts.find((one) => one.host.length > 0)?.host[0]))
      for (const path of paths)
        for (const value of values) yield* this.#rules.get(`${host}\n${path}\n${value}`) ?? []
  }

  #hostKey(words: MatchConfig['host'][number]): string {
    const read = this.read.host(words)
    return read.is === 'regex' ? 'regex' : `${read.is} ${read.text}`
  }

  *#hostKeys(words: MatchConfig['host'][number] | undefined): Generator<string> {
    yield ''
    if (words === undefined) return
    yield 'regex'
    const read = this.read.host(words)
    if (read.is === 'regex') return
    yield `${read.is} ${read.text}`
    for (let dot = read.text.indexOf('.', 1); dot > 0; dot = read.text.indexOf('.', dot + 1))
      yield `below ${read.text.slice(dot)}`
  }

  #pathKey(words: MatchConfig['path'][number]): string {
    const read = this.read.path(words)
    if (read.is === 'regex') return 'regex'
    if (read.is === 'exact') return `exact ${read.text}`
    const begin = beginOfAll(read)
    this.#lengths.add(begin.length)
    return `begin ${begin}`
  }

  *#pathKeys(words: MatchConfig['path'][number] | undefined): Generator<string> {
    yield ''
    if (words === undefined) return
    yield 'regex'
    const read = this.read.path(words)
    if (read.is === 'exact') yield `exact ${read.text}`
    const begin = beginOfAll(read)
    for (const length of this.#lengths) if (length <= begin.length) yield `begin ${begin.slice(0, length)}`
  }
}

/** Exact values that a rule asks for, as they may stand in an index. */
const exactValues = (words: Condition): string[] => [...ownValues(words), ...words.all.flatMap(exactValues)]

const ownValues = ({ header, query, cookie }: Condition): string[] =>
  Object.entries({ header, query, cookie }).flatMap(([kind, values]) =>
    Object.entries(values).flatMap(([name, words]) => {
      const exact = typeof words === 'string' ? words : words.is
      if (exact === undefined || words === '*') return []
      return [`${kind} ${kind === 'header' ? name.toLowerCase() : name}=${exact}`]
    }),
  )
