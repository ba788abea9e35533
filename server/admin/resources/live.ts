// How resources fare, in a few words beside what is written of them.
import { shadowedRules } from '../../config/shadows.ts'
import type { Path } from '../../config/tree.ts'
import type { ControlFacts } from '../../control/facts.ts'
import { type BackendState, isHeldOpen, isLeftAlone, sorted } from '../../control/overview/backend-state.ts'
import type { Latest } from '../../control/health/history.ts'
import type { PolicyFacts, PolicyFigures } from '../../control/history/policy-figures.ts'
import type { RuleFacts, RuleFigures } from '../../control/history/rule-figures.ts'
import { kindOfRule } from '../../lib/rule-kind.ts'
import type { ServerHealth } from '../../telemetry/server-health.ts'
import { CertificatesNow } from './certificates.ts'
import type { KnownConfig } from './known-config.ts'
import type { Resource } from './resource.ts'

export type LiveFacts = Pick<ControlFacts, 'gateway' | 'health' | 'metrics' | 'live' | 'acme' | 'desk'>

/** Of one moment: a list asks once. */
export class Live {
  readonly #facts: LiveFacts
  readonly #known: KnownConfig
  #servers: ReadonlyMap<string, readonly ServerHealth[]> | null = null
  #metrics: ReadonlyMap<string, Counted> | null = null
  #rules: RuleFigures | null = null
  #policies: Pick<PolicyFigures, 'of'> | null | undefined
  #certificates: CertificatesNow | null = null

  constructor(facts: LiveFacts, known: KnownConfig) {
    this.#facts = facts
    this.#known = known
  }

  /** Null: there is nothing to tell. */
  of(resource: Resource, path: Path): object | null {
    const { kind, id } = resource
    if (kind === 'listeners') return { address: this.#facts.gateway.addresses()[id] ?? null }
    if (kind === 'backends') return this.#backend(id)
    if (kind === 'servers') return this.#server(resource, path)
    if (kind === 'rules') return this.#rule(id, path)
    if (kind === 'certificates') return this.#certificatesNow().of(id)
    return null
  }

  /** In one word of those that lists are filtered by; null: it has none. */
  statusOf({ kind, id, path: list }: Resource, path: Path): string | null {
    if (kind === 'backends') return this.#backend(id).status
    if (kind === 'servers') return this.#healthOf(String(list[1]), id, path)?.state ?? null
    const matches = kind === 'rules' && this.#isCounted(path) ? this.#figures().matches(id) : null
    return matches === null ? null : matches > 0 ? 'matched' : 'unmatched'
  }

  #certificatesNow(): CertificatesNow {
    return (this.#certificates ??= new CertificatesNow(this.#facts, this.#known))
  }

  #rule(id: string, path: Path): Partial<RuleFacts & { readonly shadowed_by: string }> | null {
    // What a rule before it takes it never gets, whatever it is for.
    const by = shadowedRules(this.#known.config).get(id)
    const shadow = by === undefined ? null : { shadowed_by: by }
    return this.#isCounted(path) ? { ...this.#figures().of(id), ...shadow } : shadow
  }

  /** Of connections nobody counts which rule they matched. */
  #isCounted(path: Path): boolean {
    const { rules, listeners } = this.#known.config
    const rule = rules[Number(path.at(-1))]
    return rule !== undefined && kindOfRule(rule, listeners) === 'http'
  }

  #figures(): RuleFigures {
    return (this.#rules ??= this.#facts.live.rules())
  }

  #backend(name: string): { readonly status: string; readonly [fact: string]: unknown } {
    const servers = this.#of(name)
    const isUp = ({ healthy }: ServerHealth): boolean => healthy
    const counted = servers.map(({ server }) => this.#counted(name, server))
    const sum = (of: (one: Counted) => number): number => counted.reduce((all, one) => all + of(one), 0)
    const up = servers.filter(isUp).length
    return {
      status: STATUS[sorted(servers).state],
      healthy: up > 0,
      servers: servers.length,
      servers_up: up,
      states: countsOf(servers),
      ...worstOf(servers),
      active_connections: servers.reduce((all, one) => all + one.active_connections, 0),
      total_requests: sum((one) => one.requests),
      failed_requests: sum((one) => one.failed),
      ...this.#policiesOf(name),
    }
  }

  #policiesOf(name: string): PolicyFacts {
    if (this.#policies === undefined) this.#policies = this.#facts.live.policies()
    return this.#policies?.of(name) ?? {}
  }

  #server(resource: Resource, path: Path): object | null {
    const backend = String(resource.path[1])
    const health = this.#healthOf(backend, resource.id, path)
    if (health === null) return null
    const { requests, failed } = this.#counted(backend, health.server)
    const desk = this.#facts.desk()
    const latest = desk?.latest(backend, health.server)
    return {
      ...health,
      ...(this.#isGuarded(backend) && desk?.guards(backend, health.server)),
      ...(latest && latestDocument(latest)),
      total_requests: requests,
      failed_requests: failed,
    }
  }

  #isGuarded(backend: string): boolean {
    const words = this.#known.config.backends[backend]
    return words?.circuit_breaker !== undefined || words?.passive_health !== undefined
  }

  #healthOf(backend: string, id: string, path: Path): ServerHealth | null {
    const own = this.#known.config.backends[backend]?.servers[Number(path.at(-1))]
    const name = own === undefined ? id : (own.name ?? own.url)
    return this.#of(backend).find(({ server }) => server === name) ?? null
  }

  #of(backend: string): readonly ServerHealth[] {
    this.#servers ??= Map.groupBy(this.#facts.health().backends, (one) => one.backend)
    return this.#servers.get(backend) ?? []
  }

  #counted(backend: string, server: string): Counted {
    this.#metrics ??= new Map(
      this.#facts
        .metrics()
        .backends.map((one) => [
          `${one.backend} ${one.server}`,
          { requests: one.total_requests, failed: one.failed_requests },
        ]),
    )
    return this.#metrics.get(`${backend} ${server}`) ?? { requests: 0, failed: 0 }
  }
}

/** Of a backend without a server up lists make no more words, whoever took them out. */
const STATUS: Readonly<Record<BackendState, 'up' | 'degraded' | 'down'>> = {
  up: 'up',
  degraded: 'degraded',
  panic: 'degraded',
  down: 'down',
  out: 'down',
  failing: 'down',
  waiting: 'down',
  unknown: 'up',
}

interface Counted {
  readonly requests: number
  readonly failed: number
}

/** A server that its breaker leaves alone is down for who counts; held: as a person has it open. */
const stateOf = (one: ServerHealth): ServerHealth['state'] | 'held' =>
  isHeldOpen(one) ? 'held' : isLeftAlone(one) ? 'down' : one.state

/** How many servers are in each state. */
function countsOf(servers: readonly ServerHealth[]): Readonly<Record<string, number>> {
  const counts: Record<string, number> = {}
  for (const one of servers) counts[stateOf(one)] = (counts[stateOf(one)] ?? 0) + 1
  return counts
}

/** The one that wants to be looked at first: it is down though nobody wanted that, or its requests fail. */
function worstOf(servers: readonly ServerHealth[]): object {
  const failing = servers.filter(
    (one) => one.admin === 'ready' && one.reason !== null && stateOf(one) !== 'held',
  )
  const worst = failing.find((one) => stateOf(one) === 'down') ?? failing[0]
  return worst === undefined
    ? {}
    : { worst: { server: worst.server, state: stateOf(worst), reason: worst.reason } }
}

const latestDocument = ({ check, sinceMs }: Latest): object => ({
  since: sinceMs === null ? null : new Date(sinceMs).toISOString(),
  ...(check && {
    last_check: {
      time: new Date(check.atMs).toISOString(),
      result: check.result,
      reason: check.reason,
      ms: check.ms === null ? null : Math.round(check.ms * 10) / 10,
    },
  }),
})
