// The rules of HTTP, by their places in the list. What the snapshot before has of one that says the same is
// taken over: most changes leave nearly all rules as they are, and there may be many.
import type { FileTexts } from '../backends/tls.ts'
import type { Config } from '../config/schema.ts'
import { pluginsOf } from '../lib/plugins-of.ts'
import { kindOfRule } from '../lib/rule-kind.ts'
import type { Steps } from '../lib/slices.ts'
import { ruleLimit } from '../middleware/concurrency.ts'
import type { MadeStep } from '../middleware/middleware.ts'
import { ruleCaptures } from '../rules/captures.ts'
import { type Filing, filingsOf } from '../rules/filing.ts'
import type { MatchSource } from '../rules/match.ts'
import { rewrite } from '../rules/rewrite.ts'
import type { RuleConfig } from '../rules/rule.options.ts'
import { at } from './compile-problem.ts'
import { type Backends, backendsOf, destinationOf, maintenanceOf, mirroringOf } from './destination.ts'
import { FileReads, saysAsBefore } from './file-reads.ts'
import type { CompiledRules } from './listener-source.ts'
import { makeSteps, splitSteps, type StepGround } from './rule-steps.ts'
import type { Rule, Snapshot } from './snapshot.ts'

/** What rules are compiled with. */
export interface RuleGround {
  readonly backends: Backends
  readonly previous: Snapshot | null
  readonly steps: StepGround
  /** What stands in the files that rules name. */
  readonly files: FileTexts
  /** By the rule's name, which each adds to. */
  readonly made: Map<string, readonly MadeStep[]>
}

/** So many are compiled between two places where the work may pause. */
const STEP = 32

export function* compileRules(config: Config, ground: RuleGround): Steps<CompiledRules> {
  const list: (Rule | null)[] = []
  const filings: (readonly Filing[] | undefined)[] = []
  const before = asBefore(config, ground.previous)
  let matchAsBefore = before?.config.rules.length === config.rules.length
  for (const [place, words] of config.rules.entries()) {
    const old = before?.config.rules[place]
    const known = before?.rules[place]
    const isKnown = known !== undefined && isSame(old, words) && readAsBefore(known, ground)
    if (isKnown && !usesOther(words, ground)) {
      list.push(known && takenOver(known, words, ground))
      filings.push(undefined)
    } else if (kindOfRule(words, config.listeners) === 'http') {
      // Patterns are read here, so that a problem names its rule.
      filings.push(at(`rules.${place}.match`, () => filingsOf(words.match)))
      list.push(compileRule(words, place, ground))
      matchAsBefore &&=
        known !== null && isSame(old?.match, words.match) && isSame(shareOf(old), shareOf(words))
    } else {
      list.push(null)
      filings.push(undefined)
      matchAsBefore &&= known === null
    }
    if (list.length % STEP === 0) yield
  }
  return { list, filings, matchAsBefore }
}

/** Whether it has a plugin whose code is another than before. */
const usesOther = ({ middleware }: RuleConfig, { steps, previous }: RuleGround): boolean =>
  middleware.some((item) =>
    pluginsOf(item).some((name) => steps.plugin(name)?.path !== previous?.plugins.get(name)?.path),
  )

/** What the same rules mean the same after; null: there is nothing such. */
function asBefore({ listeners }: Config, previous: Snapshot | null): Snapshot | null {
  if (previous === null) return null
  // By the protocols of listeners it is told whose a rule is.
  const protocolsOf = (all: Config['listeners']): [string, string][] =>
    Object.entries(all).map(([name, { protocol }]) => [name, protocol])
  return isSame(protocolsOf(previous.config.listeners), protocolsOf(listeners)) ? previous : null
}

const isSame = (one: unknown, other: unknown): boolean => one === other || Bun.deepEquals(one, other, true)

/** Whether all that it and its steps have of files stands there still. */
function readAsBefore(known: Rule | null, { files, previous }: RuleGround): boolean {
  if (known === null) return true
  if (!saysAsBefore(known.reads, files)) return false
  return previous?.made.get(known.name)?.every(({ reads }) => saysAsBefore(reads, files)) ?? true
}

/** What part of its requests a rule takes; undefined: all. */
export const shareOf = (words: RuleConfig | undefined): MatchSource<unknown>['share'] =>
  words?.weight === undefined || words.weight === 100
    ? undefined
    : { name: words.name, weight: words.weight, by: words.weight_by ?? 'random' }

/** The same rule, which leads to the backend of its name as that is now. */
function takenOver(known: Rule, words: RuleConfig, ground: RuleGround): Rule {
  const { backends, previous, made } = ground
  const { name, index } = known
  const steps = previous?.made.get(name)
  if (steps !== undefined) made.set(name, steps)
  const led = [...backendsOf(known.to), ...(known.mirror === null ? [] : [known.mirror.backend])]
  if (led.every((one) => one === backends.get(one.name))) return known
  const path = `rules.${index}`
  return { ...known, to: leadsTo(words, path, ground).to, mirror: mirroringOf(words, path, backends) }
}

function compileRule(words: RuleConfig, index: number, ground: RuleGround): Rule {
  const { previous, steps, made, files } = ground
  const { name, middleware, priority = 0, max_connections: max } = words
  const path = `rules.${index}`
  const source = { rule: name, ground: steps, files, before: previous?.made.get(name) ?? [] }
  const own = makeSteps(middleware, source, (place, make) => at(`${path}.middleware.${place}`, make))
  if (own.length > 0) made.set(name, own)
  const { board, now, limitReached } = steps
  const limit =
    max === undefined ? [] : [ruleLimit({ rule: name, max, leases: board.leases, now, limitReached })]
  const all = splitSteps([...own.map(({ step }) => step), ...limit])
  return {
    name,
    index,
    ...all,
    priority,
    captures: ruleCaptures(words.match),
    rewrite: rewriteOf(words, path),
    maintenance: maintenanceOf(words, path),
    mirror: mirroringOf(words, path, ground.backends),
    ...leadsTo(words, path, ground),
  }
}

const rewriteOf = ({ rewrite: words }: RuleConfig, path: string): Rule['rewrite'] =>
  words === undefined ? null : at(`${path}.rewrite`, () => rewrite(words))

function leadsTo(
  words: RuleConfig,
  path: string,
  { backends, files }: RuleGround,
): Pick<Rule, 'to' | 'reads'> {
  const reads = new FileReads(files)
  return { to: destinationOf(words, path, { backends, textOf: reads.textOf }), reads: reads.reads }
}
