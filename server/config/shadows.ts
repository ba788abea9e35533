// Rules that can never be reached, found in one pass: by one before them that takes everything, or the very
// same.
import { comparableHost } from '../lib/host-name.ts'
import type { RuleConfig } from '../rules/rule.options.ts'

/** Is told of each rule in order, and tells which earlier one takes all of its requests. */
export class Shadows {
  readonly #listeners: readonly string[]
  /** Names of the rules that take everything of a listener. */
  readonly #takenBy = new Map<string, string>()
  readonly #byMatch = new Map<string, string>()

  constructor(listeners: readonly string[]) {
    this.#listeners = listeners
  }

  /** What the rule that hides this one was called by, or null. */
  add({ match }: RuleConfig, name: string): string | null {
    const listeners = match.listener.length === 0 ? this.#listeners : match.listener
    const isHidden = listeners.length > 0 && listeners.every((listener) => this.#takenBy.has(listener))
    if (isHidden) return this.#takenBy.get(listeners[0] ?? '') ?? null
    const key = keyOf(match)
    const same = this.#byMatch.get(key)
    if (same !== undefined) return same
    this.#byMatch.set(key, name)
    if (takesEverything(match))
      for (const listener of listeners) if (!this.#takenBy.has(listener)) this.#takenBy.set(listener, name)
    return null
  }
}

const takesEverything = ({ host, path, method, header, server_name, alpn }: RuleConfig['match']): boolean =>
  host.length === 0 &&
  server_name.length === 0 &&
  alpn.length === 0 &&
  (path.length === 0 || path.includes('/*')) &&
  method.length === 0 &&
  Object.keys(header).length === 0

/** Rules stay the same over most changes of a config, and so do these. */
const keys = new WeakMap<RuleConfig['match'], string>()

/** Equal for matches that mean the same. */
function keyOf(match: RuleConfig['match']): string {
  let key = keys.get(match)
  if (key === undefined) keys.set(match, (key = writtenKey(match)))
  return key
}

function writtenKey(match: RuleConfig['match']): string {
  const { listener, host, path, method, header, server_name, alpn } = match
  const [hosts, names] = [host, server_name].map((all) => all.map((one) => comparableHost(one) ?? one))
  const fields = Object.entries(header).map(([name, value]) => `${name.toLowerCase()}: ${value}`)
  return JSON.stringify([listener, hosts, path, method, fields, names, alpn].map((list) => list?.toSorted()))
}
