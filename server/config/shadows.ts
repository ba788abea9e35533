// Rules that can never be reached, found in one pass: by one before them that takes everything, or the very
// same.
import { comparableHost } from '../lib/host-name.ts'
import { kindOfRule, type RuleKind, ruleKindOf } from '../lib/rule-kind.ts'
import type { RuleConfig } from '../rules/rule.options.ts'
import type { Config } from './schema.ts'

/** Is told of each rule in order, and tells which earlier one takes all of its requests. */
class Shadows {
  readonly #listeners: readonly string[]
  /** Names of the rules that take everything of a listener. */
  readonly #takenBy = new Map<string, string>()
  readonly #byMatch = new Map<string, string>()

  constructor(listeners: readonly string[]) {
    this.#listeners = listeners
  }

  /** What the rule that hides this one was called by, or null. */
  add({ match, weight = 100 }: RuleConfig, name: string): string | null {
    const listeners = match.listener.length === 0 ? this.#listeners : match.listener
    const isHidden = listeners.length > 0 && listeners.every((listener) => this.#takenBy.has(listener))
    if (isHidden) return this.#takenBy.get(listeners[0] ?? '') ?? null
    const key = keyOf(match)
    const same = this.#byMatch.get(key)
    if (same !== undefined) return same
    // What it leaves to others may be all that they are for.
    if (weight < 100) return null
    this.#byMatch.set(key, name)
    if (takesEverything(match))
      for (const listener of listeners) if (!this.#takenBy.has(listener)) this.#takenBy.set(listener, name)
    return null
  }
}

/** A config stays as it is: its rules are looked through once. */
const known = new WeakMap<RulesOf, ReadonlyMap<string, string>>()
type RulesOf = Pick<Config, 'listeners' | 'rules'>

/** Rules that nothing reaches, and the earlier rule that takes all of each, by name. */
export function shadowedRules(config: RulesOf): ReadonlyMap<string, string> {
  const found = known.get(config)
  if (found !== undefined) return found
  const shadows = shadowsIn(config)
  const shadowed = new Map<string, string>()
  for (const rule of config.rules) {
    const by = shadows[kindOfRule(rule, config.listeners)].add(rule, rule.name)
    if (by !== null) shadowed.set(rule.name, by)
  }
  known.set(config, shadowed)
  return shadowed
}

/** For the rules of each kind of listener. */
export function shadowsIn({ listeners }: Pick<Config, 'listeners'>): Record<RuleKind, Shadows> {
  const names = (kind: RuleKind): string[] =>
    Object.keys(listeners).filter((name) => ruleKindOf(listeners[name]?.protocol ?? '') === kind)
  return { http: new Shadows(names('http')), tls: new Shadows(names('tls')) }
}

function takesEverything({ listener: _, path, ...rest }: RuleConfig['match']): boolean {
  return (path.length === 0 || path.some(isAnyPath)) && Object.values(rest).every(asksNothing)
}

const isAnyPath = (path: RuleConfig['match']['path'][number]): boolean =>
  typeof path === 'string' && /^\/(?:\*|\{\w+\.\.\.\})$/.test(path)

/** Lists, and maps by name, are empty where nothing was written. */
export const asksNothing = (words: unknown): boolean =>
  words === undefined || (typeof words === 'object' && words !== null && Object.keys(words).length === 0)

/** Rules stay the same over most changes of a config, and so do these. */
const keys = new WeakMap<RuleConfig['match'], string>()

/** Equal for matches that mean the same. */
function keyOf(match: RuleConfig['match']): string {
  let key = keys.get(match)
  if (key === undefined) keys.set(match, (key = writtenKey(match)))
  return key
}

function writtenKey({ host, server_name, header, ...rest }: RuleConfig['match']): string {
  const names = (all: RuleConfig['match']['host']): unknown[] =>
    all.map((one) => (typeof one === 'string' ? (comparableHost(one) ?? one) : one))
  const fields = Object.entries(header).map(([name, value]) => [name.toLowerCase(), value])
  const same = {
    ...rest,
    host: names(host),
    server_name: names(server_name),
    header: Object.fromEntries(fields),
  }
  return JSON.stringify(inOrder(same))
}

/** The order of alternatives and of keys says nothing. */
function inOrder(words: unknown): unknown {
  if (Array.isArray(words)) {
    const all = words.map((one: unknown) => inOrder(one))
    return all.toSorted((a, b) => (JSON.stringify(a) < JSON.stringify(b) ? -1 : 1))
  }
  if (typeof words !== 'object' || words === null) return words
  const entries = Object.entries(words).toSorted(([a], [b]) => (a < b ? -1 : 1))
  return Object.fromEntries(entries.map(([key, value]: [string, unknown]) => [key, inOrder(value)]))
}
