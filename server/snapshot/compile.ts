// Checked words → machine. The only caller of constructors; it has no effects, so a dry run is the same call.
import { Backend } from '../backends/backend.ts'
import { tcpBindsOf } from '../lib/bind.ts'
import type { HttpListenerConfig } from '../http/listener.options.ts'
import { atOnce, type Steps } from '../lib/slices.ts'
import { canonicalAddress } from '../lib/ip-address.ts'
import { Ranges } from '../lib/ranges.ts'
import type { MadeStep } from '../middleware/middleware.ts'
import { type MatchSource, matchSteps, type Patterns, readPatterns } from '../rules/match.ts'
import { redirect } from '../rules/redirect.ts'
import { respond } from '../rules/respond.ts'
import type { RuleConfig } from '../rules/rule.options.ts'
import type { Scoreboard } from '../scoreboard/scoreboard.ts'
import { certificateName, type Certificates, makeCertificate } from '../tls/certificates.ts'
import type { Certificate } from '../tls/certificate.ts'
import type { TurnListenerConfig } from '../turn/turn.options.ts'
import type { Plan } from './plan.ts'
import { makeSteps, scratchGround, splitSteps, type StepGround } from './rule-steps.ts'
import type { Destination, Listener, OwnDocument, Rule, Snapshot, TurnListener } from './snapshot.ts'

export interface CompileInput {
  readonly plan: Plan
  readonly board: Scoreboard
  /** Servers that stay keep their idle connections and what was learned of them, steps what they hold. */
  readonly previous: Snapshot | null
  /** What steps stand on; left out where nobody is served. */
  readonly ground?: StepGround
}

/** Something in a plan that no machine can be made of, though it passed the checks. */
export class CompileProblem extends Error {
  override readonly name = 'CompileProblem'
  /** Where in the config, as "rules.3.redirect". */
  readonly path: string

  constructor(path: string, message: string, options?: ErrorOptions) {
    super(`${path}: ${message}`, options)
    this.path = path
  }
}

/** Compiles a plan to a snapshot; throws a CompileProblem. */
export const compile = (input: CompileInput): Snapshot => atOnce(compileSteps(input))

/** The same in steps, so that whoever serves meanwhile can pause it. */
export function* compileSteps({ plan, board, previous, ground }: CompileInput): Steps<Snapshot> {
  const { config, number } = plan
  checkResolver(config.resolver.servers)
  const backends = compileBackends(plan, board, previous)
  const rules: Rule[] = []
  const made = new Map<string, readonly MadeStep[]>()
  const patterns: Patterns[] = []
  const given: Given = { backends, made, patterns, previous, ground: ground ?? scratchGround(board) }
  for (const words of config.rules) {
    rules.push(compileRule(words, rules.length, given))
    if (rules.length % STEP === 0) yield
  }
  const admin = at('admin.trusted', () => Ranges.parse(config.admin === false ? [] : config.admin.trusted))
  const listeners = new Map<string, Listener>()
  // Rules that are no item of the list, of listeners with only a backend, are numbered behind it.
  let index = rules.length
  for (const [name, options] of Object.entries(config.listeners)) {
    if (options.protocol !== 'http') continue
    const path = `listeners.${name}`
    const own = config.rules.flatMap((words, place): MatchSource<Rule>[] => {
      const rule = rules[place]
      return rule !== undefined && isOn(words, name)
        ? [{ match: words.match, patterns: patterns[place], rule }]
        : []
    })
    if (own.length === 0 && options.backend !== undefined) {
      const to = toBackend(options.backend, backends, `${path}.backend`)
      own.push({ match: ANYTHING, rule: { name: DEFAULT_RULE, index: index++, ...splitSteps([]), to } })
    }
    const trusted = at(`${path}.trusted_proxies`, () => Ranges.parse(options.trusted_proxies))
    const match = yield* stepsAt(path, matchSteps(own))
    const documents = documentsOf(options.status_endpoints)
    const proxies = proxiesOf(options, path)
    listeners.set(name, { name, options, trusted, proxies, documents, admin, match })
  }
  const certificates = new Map<string, Certificate>()
  const turnListeners = compileTurn(plan, previous, certificates)
  return { number, config, listeners, turnListeners, backends, certificates, made }
}

/** Who speaks the PROXY protocol to a listener. */
function proxiesOf({ proxy_protocol }: ProxyWords, path: string): Ranges | null {
  if (proxy_protocol === undefined) return null
  return at(`${path}.proxy_protocol.trusted`, () => Ranges.parse(proxy_protocol.trusted))
}

type ProxyWords = Pick<HttpListenerConfig, 'proxy_protocol'>

function documentsOf({ health, metrics }: HttpListenerConfig['status_endpoints']): Listener['documents'] {
  const documents = new Map<string, OwnDocument>()
  if (health !== undefined) documents.set(health, 'health')
  if (metrics !== undefined) documents.set(metrics, 'metrics')
  return documents.size > 0 ? documents : null
}

/**
 * Turn listeners that workers have an address of. One that keeps its certificate keeps what handshakes made
 * of it, too.
 */
function compileTurn(
  plan: Plan,
  previous: Snapshot | null,
  certificates: Map<string, Certificate>,
): Map<string, TurnListener> {
  const made = new Map<string, TurnListener>()
  for (const [name, options] of Object.entries(plan.config.listeners)) {
    if (options.protocol !== 'turn' || tcpBindsOf(name, options).length === 0) continue
    const path = `listeners.${name}`
    if (plan.door === null) throw new CompileProblem(path, 'the plan has no door to the relay')
    const certificate = at(`${path}.tls`, () =>
      certificateOf(plan, options, previous?.certificates ?? new Map(), certificates),
    )
    made.set(name, { name, options, proxies: proxiesOf(options, path), door: plan.door, certificate })
  }
  return made
}

function certificateOf(
  plan: Plan,
  { tls }: TurnListenerConfig,
  previous: Certificates,
  made: Map<string, Certificate>,
): Certificate | null {
  if (tls === undefined) return null
  const name = certificateName(tls)
  const text = plan.certificates[name]
  if (text === undefined) throw new Error('the plan has no certificate for it')
  const certificate = made.get(name) ?? makeCertificate(name, text, previous)
  made.set(name, certificate)
  return certificate
}

/** Name of the one rule of a listener that names a backend instead of having rules. */
const DEFAULT_RULE = 'default'
const ANYTHING: RuleConfig['match'] = { listener: [], host: [], path: [], method: [], header: {} }

const isOn = ({ match }: RuleConfig, listener: string): boolean =>
  match.listener.length === 0 || match.listener.includes(listener)

function compileBackends({ config, slots, reasons }: Plan, board: Scoreboard, previous: Snapshot | null) {
  const backends = new Map<string, Backend>()
  for (const [name, options] of Object.entries(config.backends)) {
    const path = `backends.${name}`
    const own = slots[name]
    if (own === undefined) throw new CompileProblem(path, 'the plan has no slots for it')
    const before = previous?.backends.get(name) ?? null
    const backend = at(path, () => new Backend({ name, options, slots: own, board, previous: before }))
    for (const [server, reason] of Object.entries(reasons[name] ?? {})) backend.reasons.set(server, reason)
    backends.set(name, backend)
  }
  return backends
}

type Backends = ReadonlyMap<string, Backend>

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

function destinationOf(words: RuleConfig, path: string, backends: Backends): Destination {
  const { backend, respond: answer, redirect: target } = words
  if (backend !== undefined) return toBackend(backend, backends, `${path}.backend`)
  if (answer !== undefined) return { is: 'respond', answer: respond(answer) }
  if (target !== undefined)
    return { is: 'redirect', redirect: at(`${path}.redirect.to`, () => redirect(target)) }
  throw new CompileProblem(path, 'it leads nowhere: a rule needs backend, respond or redirect')
}

function toBackend(name: string, backends: Backends, path: string): Destination {
  const backend = backends.get(name)
  if (backend === undefined) throw new CompileProblem(path, `there is no backend "${name}"`)
  return { is: 'backend', backend }
}

/** DNS servers are asked by address: a name would need the DNS server that it names. */
function checkResolver(servers: readonly string[]): void {
  for (const [place, server] of servers.entries()) {
    const host = server.slice(0, server.lastIndexOf(':')).replace(/^\[(.*)\]$/, '$1')
    if (canonicalAddress(host) === null)
      throw new CompileProblem(`resolver.servers.${place}`, `"${server}" is not an address and a port`)
  }
}

/** So many rules are compiled between two places where the work may pause. */
const STEP = 32

/** As `at`, in steps. */
function* stepsAt<T>(path: string, steps: Steps<T>): Steps<T> {
  try {
    return yield* steps
  } catch (error) {
    return at(path, () => {
      throw error
    })
  }
}

/** Runs a part of the compilation; what it throws becomes a problem at this path. */
function at<T>(path: string, make: () => T): T {
  try {
    return make()
  } catch (error) {
    if (error instanceof CompileProblem) throw error
    throw new CompileProblem(path, error instanceof Error ? error.message : String(error), { cause: error })
  }
}
