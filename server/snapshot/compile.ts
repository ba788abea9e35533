// Checked words → machine. The only caller of constructors; it has no effects, so a dry run is the same call.
import { Backend } from '../backends/backend.ts'
import { atOnce, type Steps } from '../lib/slices.ts'
import { canonicalAddress } from '../lib/ip-address.ts'
import type { MadeStep } from '../middleware/middleware.ts'
import { type Patterns, readPatterns } from '../rules/match.ts'
import type { RuleConfig } from '../rules/rule.options.ts'
import { kindOfRule } from '../lib/rule-kind.ts'
import type { Scoreboard } from '../scoreboard/scoreboard.ts'
import type { Certificate } from '../tls/certificate.ts'
import { compileListeners } from './compile-listeners.ts'
import { at, CompileProblem } from './compile-problem.ts'
import { type Backends, destinationOf } from './destination.ts'
import type { Plan } from './plan.ts'
import { makeSteps, scratchGround, splitSteps, type StepGround } from './rule-steps.ts'
import type { Rule, Snapshot } from './snapshot.ts'

export interface CompileInput {
  readonly plan: Plan
  readonly board: Scoreboard
  /** Servers that stay keep their idle connections and what was learned of them, steps what they hold. */
  readonly previous: Snapshot | null
  /** What steps stand on; left out where nobody is served. */
  readonly ground?: StepGround
}

/** Compiles a plan to a snapshot; throws a CompileProblem. */
export const compile = (input: CompileInput): Snapshot => atOnce(compileSteps(input))

/** The same in steps, so that whoever serves meanwhile can pause it. */
export function* compileSteps({ plan, board, previous, ground }: CompileInput): Steps<Snapshot> {
  const { config, number, challenges } = plan
  checkResolver(config.resolver.servers)
  const backends = compileBackends(plan, board, previous)
  const rules: (Rule | null)[] = []
  const made = new Map<string, readonly MadeStep[]>()
  const patterns: Patterns[] = []
  const given: Given = { backends, made, patterns, previous, ground: ground ?? scratchGround(board) }
  for (const words of config.rules) {
    if (kindOfRule(words, config.listeners) === 'http') rules.push(compileRule(words, rules.length, given))
    else {
      rules.push(null)
      patterns.push(NO_PATTERNS)
    }
    if (rules.length % STEP === 0) yield
  }
  const certificates = new Map<string, Certificate>()
  const listeners = yield* compileListeners({ plan, previous, backends, rules, patterns, certificates })
  return { number, config, listeners, backends, certificates, challenges, made }
}

function compileBackends(
  { config, slots, reasons, files }: Plan,
  board: Scoreboard,
  previous: Snapshot | null,
) {
  const backends = new Map<string, Backend>()
  for (const [name, options] of Object.entries(config.backends)) {
    const path = `backends.${name}`
    const own = slots[name]
    if (own === undefined) throw new CompileProblem(path, 'the plan has no slots for it')
    const before = previous?.backends.get(name) ?? null
    const parts = { name, options, slots: own, board, previous: before, files }
    const backend = at(path, () => new Backend(parts))
    for (const [server, reason] of Object.entries(reasons[name] ?? {})) backend.reasons.set(server, reason)
    backends.set(name, backend)
  }
  return backends
}

/** What rules are compiled with. */
interface Given {
  readonly backends: Backends
  readonly made: Map<string, readonly MadeStep[]>
  /** By place in the list of rules. */
  readonly patterns: Patterns[]
  readonly previous: Snapshot | null
  readonly ground: StepGround
}

function compileRule(words: RuleConfig, index: number, given: Given): Rule {
  const { name, middleware } = words
  const path = `rules.${index}`
  // Patterns are read here, so that a problem names its rule.
  given.patterns.push(at(`${path}.match`, () => readPatterns(words.match)))
  const source = { rule: name, ground: given.ground, before: given.previous?.made.get(name) ?? [] }
  const made = makeSteps(middleware, source, (place, make) => at(`${path}.middleware.${place}`, make))
  if (made.length > 0) given.made.set(name, made)
  const to = destinationOf(words, path, given.backends)
  return { name, index, ...splitSteps(made.map(({ step }) => step)), to }
}

/** DNS servers are asked by address: a name would need the DNS server that it names. */
function checkResolver(servers: readonly string[]): void {
  for (const [place, server] of servers.entries()) {
    const host = server.slice(0, server.lastIndexOf(':')).replace(/^\[(.*)\]$/, '$1')
    if (canonicalAddress(host) === null)
      throw new CompileProblem(`resolver.servers.${place}`, `"${server}" is not an address and a port`)
  }
}

/** Of a rule that is none of HTTP. */
const NO_PATTERNS: Patterns = { hosts: [], paths: [] }

/** So many rules are compiled between two places where the work may pause. */
const STEP = 32
