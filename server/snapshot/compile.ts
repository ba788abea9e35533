// Checked words → machine. The only caller of constructors; it has no effects, so a dry run is the same call.
import { Backend } from '../backends/backend.ts'
import type { BackendConfig } from '../backends/backend.options.ts'
import type { PluginAlgorithm } from '../backends/by-plugin.ts'
import { textsOf } from '../backends/tls.ts'
import { openDatabases } from '../geo/where.ts'
import { atOnce, type Steps } from '../lib/slices.ts'
import { nowMs } from '../lib/clock.ts'
import { canonicalAddress } from '../lib/ip-address.ts'
import { OidcProvider } from '../middleware/oidc-provider.ts'
import type { MadeStep } from '../middleware/middleware.ts'
import type { Algorithm } from '../plugins/api.ts'
import { NO_PLUGINS, type Plugins } from '../plugins/load.ts'
import type { Scoreboard } from '../scoreboard/scoreboard.ts'
import type { Config } from '../config/schema.ts'
import { JwtProvider } from '../tokens/jwt-provider.ts'
import { logEvent } from '../telemetry/log.ts'
import type { Certificate } from '../tls/certificate.ts'
import { compileListeners } from './compile-listeners.ts'
import { compileRules } from './compile-rules.ts'
import { at, CompileProblem } from './compile-problem.ts'
import type { Plan } from './plan.ts'
import { scratchGround, type StepGround } from './rule-steps.ts'
import type { Snapshot } from './snapshot.ts'

export interface CompileInput {
  readonly plan: Plan
  readonly board: Scoreboard
  /** Servers that stay keep their idle connections and what was learned of them, steps what they hold. */
  readonly previous: Snapshot | null
  /** What steps stand on; left out where nobody is served. */
  readonly ground?: Omit<StepGround, 'plugin'>
  /** Left out: no code of users runs. */
  readonly plugins?: Plugins
}

/** Compiles a plan to a snapshot; throws a CompileProblem. */
export const compile = (input: CompileInput): Snapshot => atOnce(compileSteps(input))

/** The same in steps, so that whoever serves meanwhile can pause it. */
export function* compileSteps({ plan, board, previous, ground, plugins }: CompileInput): Steps<Snapshot> {
  const { config, number, challenges } = plan
  checkResolver(config.resolver.servers)
  const geo = at('geo', () => openDatabases(plan.geo ?? {}))
  const issuers = issuersOf(config, previous)
  const own = plugins ?? NO_PLUGINS
  const backends = yield* compileBackends(plan, board, previous, (options) => pluggedIn(options, own, ground))
  const made = new Map<string, readonly MadeStep[]>()
  const steps = { ...(ground ?? scratchGround(board)), plugin: (name: string) => own.get(name) ?? null }
  const oidc = compileProviders(plan, board, previous)
  const files = plan.files ?? {}
  const rules = yield* compileRules(config, { backends, previous, steps, made, files })
  const certificates = new Map<string, Certificate>()
  const { chance } = steps
  const listeners = yield* compileListeners({
    ...{ plan, previous, backends, rules, certificates, issuers, chance },
  })
  const { keys = {} } = plan
  return {
    ...{ number, config, listeners, backends, oidc, rules: rules.list, certificates },
    ...{ issuers, keys, plugins: own, geo, challenges, made },
  }
}

/** One that says the same as before is the same, with all tokens that it knows. */
function issuersOf({ auth }: Config, previous: Snapshot | null): Map<string, JwtProvider> {
  const entries = Object.entries(auth.jwt).map(([name, options]) => {
    const before = previous?.issuers.get(name)
    const isSame = before !== undefined && Bun.deepEquals(before.options, options, true)
    return [name, isSame ? before : new JwtProvider(name, options)] as const
  })
  return new Map(entries)
}

/** One that says the same as before is the same, with all who wait for its servers. */
function* compileBackends(
  { config, slots, reasons, files, stickySecret }: Plan,
  board: Scoreboard,
  previous: Snapshot | null,
  algorithmOf: (options: BackendConfig) => PluginAlgorithm | undefined,
): Steps<Map<string, Backend>> {
  const backends = new Map<string, Backend>()
  for (const [name, options] of Object.entries(config.backends)) {
    const path = `backends.${name}`
    const own = slots[name]
    if (own === undefined) throw new CompileProblem(path, 'the plan has no slots for it')
    const before = previous?.backends.get(name) ?? null
    if (backends.size % STEP === STEP - 1) yield
    const plugin = algorithmOf(options)
    // Why its servers are not up was told to it as it happened.
    if (before?.isOf({ options, slots: own, board, stickySecret, plugin })) {
      backends.set(name, before)
      continue
    }
    const parts = { name, options, slots: own, board, previous: before, files, stickySecret, plugin }
    const backend = at(path, () => new Backend(parts))
    for (const [server, reason] of Object.entries(reasons[name] ?? {})) backend.reasons.set(server, reason)
    backends.set(name, backend)
  }
  return backends
}

/** One that says the same as before is the same, with all that it has learned. */
function compileProviders(
  { config, files, sessionSecret }: Plan,
  board: Scoreboard,
  previous: Snapshot | null,
): Map<string, OidcProvider> {
  const providers = new Map<string, OidcProvider>()
  for (const [name, options] of Object.entries(config.auth.oidc)) {
    const path = `auth.oidc.${name}`
    const ca = options.ca.length === 0 ? null : at(path, () => textsOf({ ca: options.ca }, files ?? {}).ca)
    const parts = { name, options, secret: sessionSecret, ca, board }
    const before = previous?.oidc.get(name)
    providers.set(name, before?.isOf(parts) === true ? before : at(path, () => new OidcProvider(parts)))
  }
  return providers
}

/** What one throws with each pick is told so often. */
const TELL_EVERY_MS = 10_000

/** The algorithm of a plugin; nothing: it has none, or no code of users runs. */
function pluggedIn(
  { algorithm, plugin: words }: BackendConfig,
  plugins: Plugins,
  ground: CompileInput['ground'],
): PluginAlgorithm | undefined {
  const name = words?.name ?? ''
  const loaded = algorithm === 'plugin' ? plugins.get(name) : undefined
  if (loaded === undefined) return undefined
  const { path: code, exports } = loaded
  let toldMs = Number.NEGATIVE_INFINITY
  return {
    code,
    make: (options) => (exports.algorithm as Algorithm)(options),
    failed: (why) => {
      ground?.counter('plugin_failures_total', [name, 'algorithm']).add(1)
      const isNews = nowMs - toldMs >= TELL_EVERY_MS
      if (!isNews) return
      toldMs = nowMs
      logEvent('warn', 'plugin_failed', { plugin: name, part: 'algorithm', why })
    },
  }
}

/** DNS servers are asked by address: a name would need the DNS server that it names. */
function checkResolver(servers: readonly string[]): void {
  for (const [place, server] of servers.entries()) {
    const host = server.slice(0, server.lastIndexOf(':')).replace(/^\[(.*)\]$/, '$1')
    if (canonicalAddress(host) === null)
      throw new CompileProblem(`resolver.servers.${place}`, `"${server}" is not an address and a port`)
  }
}

/** So many backends are compiled between two places where the work may pause. */
const STEP = 32
