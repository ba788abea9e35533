// Checks rules and backends that an edit leaves other than they were, beside all that it leaves as it is.
// What has been found sound is not read, decoded or checked again: of ten thousand rules that would take a
// second.
// Whatever is not simply sound (a problem, a warning, a file or a variable that is named) is for the whole
// check, which has the words and the places.
import { dirname, resolve } from 'node:path'
import type { BackendConfig } from '../backends/backend.options.ts'
import { kindOfRule } from '../lib/rule-kind.ts'
import type { Steps } from '../lib/slices.ts'
import { backendsLedTo, type RuleConfig } from '../rules/rule.options.ts'
import { askedBackends } from './asked-backends.ts'
import { checkBackends } from './check-backends.ts'
import { checkFamily } from './check-family.ts'
import { ruledListeners } from './check-listeners.ts'
import { checkLoops } from './check-loops.ts'
import { checkRules } from './check-rules.ts'
import { checkStickyNames } from './check-sticky.ts'
import { Checked } from './checked.ts'
import { type ChangedParts, treeOfParts } from './changed-parts.ts'
import { inOwnKeys } from './older-keys.ts'
import { namedPaths } from './named-paths.ts'
import { openAddresses } from './open-address.ts'
import { Problems } from './problem.ts'
import { type Config, ConfigOptions } from './schema.ts'
import type { SchemaNode } from './schema-node.ts'
import { shadowsIn } from './shadows.ts'
import { Lines, type MapTree } from './tree.ts'
import { walk } from './walk.ts'

/** A config after an edit. */
export interface PartChecked {
  readonly config: Config
  /** The same with nothing but what is new and what that leads to; null: nothing is new. */
  readonly added: Config | null
}

export interface PartCheckInput {
  /** What is served, and was checked. */
  readonly config: Config
  readonly parts: ChangedParts
  readonly file: string
  readonly nowMs: number
}

/** Null: it is for the whole check. In short turns. */
export function* partCheckSteps(input: PartCheckInput): Steps<PartChecked | null> {
  const { config: before, parts, file, nowMs } = input
  // They are tried on the whole.
  if (before.tests.length > 0) return null
  const written = treeOfParts(parts)
  if (written === null) return null
  const problems = new Problems(new Lines(file, ''))
  const { tree } = inOwnKeys(PARTS, written, problems)
  const read = walk(PARTS, tree, dirname(resolve(file)), problems) as Pick<Config, 'rules' | 'backends'>
  // Whether somebody may name a socket or file, the whole check knows.
  if (!problems.isEmpty || namedPaths(PARTS, read).size > 0) return null
  const config = put(before, parts, read)
  if (config === null || !isLikeBefore(config, before, parts, read)) return null
  const checks = new PartChecks({ config, tree, problems, file, nowMs })
  checks.run(read)
  if (!problems.isEmpty || checks.hasRead) return null
  const isClear = yield* clearSteps(config)
  return isClear ? { config, added: addedOf(config, read) } : null
}

const { rules: RULES, backends: BACKENDS } = ConfigOptions.properties
const PARTS = { type: 'object', properties: { rules: RULES, backends: BACKENDS } } as SchemaNode
/** More are for the whole check as well. */
const RULES_MAX = RULES.maxItems ?? 0

type Parts = Pick<Config, 'rules' | 'backends'>

/** What is new in the place that it has; null: it was not read as what it is. */
function put(before: Config, { rules, backends }: ChangedParts, read: Parts): Config | null {
  const all = rules.flatMap(
    (one) => (typeof one === 'number' ? before.rules[one] : read.rules[one.place]) ?? [],
  )
  const named = [...backends].flatMap(([name, was]) => {
    const [from, own] = typeof was === 'string' ? [before.backends, was] : [read.backends, name]
    const backend = Object.hasOwn(from, own) ? from[own] : undefined
    return backend === undefined ? [] : [[name, backend] as const]
  })
  if (all.length < rules.length || named.length < backends.size) return null
  return { ...before, rules: all, backends: Object.fromEntries(named) }
}

/** Whether what the edit leaves as it is stands beside it as it did beside what was there. */
function isLikeBefore(config: Config, before: Config, parts: ChangedParts, read: Parts): boolean {
  if (config.rules.length > RULES_MAX || config.rules.length > 0 !== before.rules.length > 0) return false
  const kept = new Set(parts.rules.filter((one) => typeof one === 'number'))
  const gone = before.rules.filter((_, index) => !kept.has(index))
  // A listener without an address is one that such a rule leads to.
  if ([...gone, ...read.rules].some(({ listener }) => listener !== undefined)) return false
  const [ruled, wasRuled] = [ruledListeners(config), ruledListeners(before)]
  if (ruled.size !== wasRuled.size || [...ruled].some((name) => !wasRuled.has(name))) return false
  // Each is led to from somewhere, and nothing leads to one that is gone.
  const led = ledTo(config)
  const leftBy = [...gone.flatMap(backendsLedTo), ...Object.keys(read.backends)]
  if (leftBy.some((name) => Object.hasOwn(config.backends, name) && !led.has(name))) return false
  if ([...led].some((name) => !Object.hasOwn(config.backends, name))) return false
  // Who leads to it may ask that its servers speak this or that.
  return Object.entries(read.backends).every(([name, { servers }]) => {
    const was = Object.hasOwn(before.backends, name) ? before.backends[name] : undefined
    return was === undefined || schemesOf(servers) === schemesOf(was.servers)
  })
}

const schemesOf = (servers: BackendConfig['servers']): string =>
  [...new Set(servers.map(({ url }) => url.slice(0, Math.max(0, url.indexOf(':')))))].toSorted().join()

/** Names of backends that a rule, a step of it or a listener has. */
const ledTo = ({ rules, listeners }: Pick<Config, 'rules' | 'listeners'>): ReadonlySet<string> =>
  new Set([
    ...rules.flatMap(backendsLedTo),
    ...Object.values(listeners).flatMap((one) =>
      'backend' in one && one.backend !== undefined ? [one.backend] : [],
    ),
    ...rules.flatMap(askedBackends),
  ])

interface ChecksOf {
  readonly config: Config
  readonly tree: MapTree
  readonly problems: Problems
  readonly file: string
  readonly nowMs: number
}

class PartChecks {
  /** A file was to be looked at: whether it is as it was, nobody knows here. */
  hasRead = false
  readonly #of: ChecksOf

  constructor(of: ChecksOf) {
    this.#of = of
  }

  run({ rules, backends }: Parts): void {
    const { config } = this.#of
    checkRules(this.#checked({ ...config, rules }))
    const beside = this.#checked({ ...config, backends })
    checkBackends(beside)
    // Two that set the same cookie may be one that was there and one that is new.
    if (rules.length > 0 || Object.values(backends).some(({ sticky }) => sticky))
      checkStickyNames(this.#checked(config))
    checkLoops(beside, openAddresses(config))
    for (const [name, options] of Object.entries(config.listeners))
      if ('backend' in options && options.backend !== undefined && Object.hasOwn(backends, options.backend))
        checkFamily(beside, ['listeners', name, 'backend'], options.backend, [name])
  }

  #checked(config: Config): Checked {
    const { tree, problems, file, nowMs } = this.#of
    const readFile = (): never => {
      this.hasRead = true
      throw new Error('no file is read here')
    }
    const folder = dirname(resolve(file))
    return new Checked(config, tree, problems, { readFile, nowMs, folder, machine: null, goodPairs: null })
  }
}

/** So many rules are looked at between two places where the work may pause. */
const AT_A_TIME = 128

/** Whether each rule has a name of its own, and none takes all that is for one behind it. */
function* clearSteps(config: Config): Steps<boolean> {
  const { rules, listeners } = config
  const shadows = shadowsIn(config)
  const names = new Set<string>()
  for (const [index, rule] of rules.entries()) {
    if (shadows[kindOfRule(rule, listeners)].add(rule, rule.name) !== null) return false
    names.add(rule.name)
    if (index % AT_A_TIME === 0) yield
  }
  return names.size === rules.length
}

function addedOf(config: Config, { rules, backends }: Parts): Config | null {
  if (rules.length === 0 && Object.keys(backends).length === 0) return null
  const wanted = new Set([...Object.keys(backends), ...ledTo({ rules, listeners: config.listeners })])
  const own = Object.entries(config.backends).filter(([name]) => wanted.has(name))
  return { ...config, rules: rules as RuleConfig[], backends: Object.fromEntries(own) }
}
