// What is told of the gateway as a whole.
import type { AddressesByName } from './sockets/binds.ts'
import type { Served } from './change/apply.ts'
import { openAddresses, type Parts } from './make-parts.ts'
import type { ListenerFacts } from '../telemetry/documents.ts'
import type { Worker } from './processes/worker.ts'

/** A process that moves bytes. */
export interface WorkerRow {
  readonly pid: number
  readonly slot: number
  readonly uptime_s: number
}

export interface GatewayFacts {
  /** The config file. */
  readonly file: string
  readonly build: { readonly version: string; readonly commit: string }
  readonly startedMs: number
  /** Null before the first config. */
  readonly served: () => Served | null
  /** Where listeners are open, by name. */
  readonly addresses: () => AddressesByName
  /** Where the admin listener is; null: it is turned off. */
  readonly admin: () => string | null
  readonly workers: () => readonly WorkerRow[]
}

/** What they are made of: a running supervisor. */
export interface KnownGateway {
  readonly options: { readonly file: string; readonly build: GatewayFacts['build'] }
  readonly running: Served | null
  readonly admin: { readonly address: string | null }
  readonly workers: readonly Worker[]
  readonly parts: () => Parts | null
}

export function gatewayFactsOf(known: KnownGateway): GatewayFacts {
  const { file, build } = known.options
  return {
    ...{ file, build, startedMs: Date.now() - performance.now() },
    served: () => known.running,
    addresses: () => {
      const parts = known.parts()
      return parts === null || known.running === null
        ? {}
        : openAddresses(parts, known.running.edition.config)
    },
    admin: () => known.admin.address,
    workers: () =>
      known.workers.map(({ pid, slot, startedMs }) => {
        return { pid, slot, uptime_s: Math.round((performance.now() - startedMs) / 1000) }
      }),
  }
}

/** Where each is open. */
export function listenerFacts(known: KnownGateway, { edition }: Served): ListenerFacts[] {
  const open = gatewayFactsOf(known).addresses()
  return Object.entries(edition.config.listeners).map(([listener, { protocol }]) => {
    // Of TURN that over TLS has a name of its own.
    const names = protocol === 'turn' ? [listener, `${listener}.tls`] : [listener]
    return { listener, protocol, addresses: names.flatMap((name) => open[name] ?? []) }
  })
}
