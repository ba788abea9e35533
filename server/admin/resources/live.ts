// How resources fare, in a few words beside what is written of them.
import type { Path } from '../../config/tree.ts'
import type { ControlFacts } from '../../control/facts.ts'
import type { ServerHealth } from '../../telemetry/server-health.ts'
import type { KnownConfig } from './known-config.ts'
import type { Resource } from './resource.ts'

export type LiveFacts = Pick<ControlFacts, 'gateway' | 'health' | 'metrics'>

/** Of one moment: a list asks once. */
export class Live {
  readonly #facts: LiveFacts
  readonly #known: KnownConfig
  #servers: ReadonlyMap<string, readonly ServerHealth[]> | null = null
  #metrics: ReadonlyMap<string, Counted> | null = null

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
    if (kind === 'certificates')
      return this.#facts.health().certificates?.find(({ certificate }) => certificate === id) ?? null
    return null
  }

  #backend(name: string): object {
    const servers = this.#of(name)
    const isUp = ({ healthy }: ServerHealth): boolean => healthy
    const counted = servers.map(({ server }) => this.#counted(name, server))
    const sum = (of: (one: Counted) => number): number => counted.reduce((all, one) => all + of(one), 0)
    return {
      healthy: servers.some(isUp),
      servers: servers.length,
      servers_up: servers.filter(isUp).length,
      active_connections: servers.reduce((all, one) => all + one.active_connections, 0),
      total_requests: sum((one) => one.requests),
      failed_requests: sum((one) => one.failed),
    }
  }

  #server(resource: Resource, path: Path): object | null {
    const backend = String(resource.path[1])
    const own = this.#known.config.backends[backend]?.servers[Number(path.at(-1))]
    const id = own === undefined ? resource.id : (own.name ?? own.url)
    const health = this.#of(backend).find(({ server }) => server === id)
    if (health === undefined) return null
    const { requests, failed } = this.#counted(backend, id)
    return { ...health, total_requests: requests, failed_requests: failed }
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

interface Counted {
  readonly requests: number
  readonly failed: number
}
