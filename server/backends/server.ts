// A server as the data path sees it, and what of it outlives a snapshot.
import type { BackendSlots, Slot } from '../scoreboard/slot.ts'
import { ANSWER_LIMITS } from '../head/response-head.ts'
import type { Endpoint, EndpointLive } from '../http1/endpoint.ts'
import { Recent } from '../lib/recent.ts'
import { parseServerUrl, schemeOf } from '../lib/server-url.ts'
import { type ClientTls, ServerTls } from '../tls/server-tls.ts'
import type { BackendConfig } from './backend.options.ts'
import type { Breaker } from './circuit-breaker.ts'
import type { Permit } from './permit.ts'
import { type PassiveCounter, passiveCounterOf } from './passive-health.ts'
import { TrackRecord } from './track-record.ts'

/** How long a server may take, in ms. */
export type ServerTimeouts = Endpoint['timeouts']

/** One address of a backend. Immutable: a change of config makes another, which may share its `live`. */
export interface Server extends Endpoint {
  readonly backend: string
  readonly name: string
  /** As written in the config. */
  readonly url: string
  readonly slot: number
  readonly generation: number
  /** Place in the backend's list. */
  readonly index: number
  /** Its share now, beside those of the others: of what is configured or ordered (weights.ts). */
  weight: number
  /** Infinity: no limit. */
  readonly maxConnections: number
  readonly backup: boolean
  /** Its priority group, from 1 on; a backup is behind all. */
  readonly group: number
  /** It has a part of its weight only: where that is weighed against times it gets its turns all the same. */
  hasTurns: boolean
  /** Null: it has none. */
  readonly breaker: Breaker | null
  /** Of one attempt that its breaker has let through; null: it asks nobody. */
  readonly permit: Permit | null
  readonly live: ServerLive
  /** Who counts its attempts for passive health; null: nobody does. */
  readonly passive: PassiveCounter | null
  readonly options: BackendConfig
}

/** This worker's own state of a server. The same server has the same object in each snapshot. */
export interface ServerLive extends EndpointLive {
  /** What the config said when `keepAliveMs` was set last. */
  configuredKeepAliveMs: number
  /** What attempts have told of it. */
  readonly record: TrackRecord
}

/** Its share as the config has it. */
export const configuredWeight = ({ options, index }: Server): number => options.servers[index]!.weight

/** State of a server that is new to this worker. */
export function newServerLive(options: BackendConfig): ServerLive {
  return {
    idle: new Recent(),
    open: 0,
    keepAliveMs: options.keep_alive.idle,
    configuredKeepAliveMs: options.keep_alive.idle,
    record: new TrackRecord(),
    addressAt: 0,
    isRetired: false,
    surplus: 0,
  }
}

interface NewServer {
  readonly backend: string
  readonly options: BackendConfig
  readonly index: number
  readonly slot: Slot
  /** What it is spoken to by, where its URL asks for TLS. */
  readonly tls: ClientTls | null
  readonly breaker?: Breaker | null
  /** The server of this slot in the snapshot before. */
  readonly previous: Server | null
}

/** The server at `index` of a backend's list. */
export function newServer({
  backend,
  options,
  index,
  slot,
  tls,
  breaker = null,
  previous,
}: NewServer): Server {
  const config = options.servers[index]!
  const { url } = config
  const address = parseServerUrl(url)
  const client = schemeOf(url)?.isTls === true ? tls : null
  // Connections that were made under other words are not for this one.
  const isSame =
    previous?.url === url &&
    previous.slot === slot.index &&
    previous.generation === slot.generation &&
    (previous.tls?.client ?? null) === client &&
    previous.options.proxy_protocol === options.proxy_protocol
  return {
    backend,
    name: config.name ?? url,
    url,
    ...address,
    tls: client === null ? null : isSame ? previous.tls : new ServerTls(client, address.host),
    onBehalf: null,
    timeouts: options.timeouts,
    answers: ANSWER_LIMITS[options.answers],
    poolSize: options.keep_alive.connections,
    slot: slot.index,
    generation: slot.generation,
    index,
    weight: config.weight,
    maxConnections: config.max_connections ?? Infinity,
    backup: config.backup,
    group: config.group ?? 1,
    hasTurns: false,
    breaker,
    permit: null,
    passive: passiveCounterOf(options),
    live: isSame ? previous.live : newServerLive(options),
    options,
  }
}

/** A new `keep_alive.idle` replaces what was learned; here, as the first pick comes after the commit. */
export function takeKeepAlive({ live, options }: Server): void {
  if (live.configuredKeepAliveMs === options.keep_alive.idle) return
  live.configuredKeepAliveMs = options.keep_alive.idle
  live.keepAliveMs = options.keep_alive.idle
}

interface ServersOf {
  readonly options: BackendConfig
  readonly slots: BackendSlots
  readonly breaker: Breaker | null
  /** Those of the snapshot before: their state is carried over. */
  readonly before: readonly Server[]
}

/** All servers of a backend. */
export function serversOf(
  { name: backend, tls }: { readonly name: string; readonly tls: ClientTls | null },
  { options, slots, breaker, before }: ServersOf,
): readonly Server[] {
  // By slot: a server that only got another name is the same.
  const known = new Map(before.map((server) => [server.slot, server]))
  return options.servers.map((config, index) => {
    const own = config.name ?? config.url
    const slot = slots.servers[own]
    if (slot === undefined) throw new Error(`no slot for server "${own}" of backend "${backend}"`)
    return newServer({ backend, options, index, slot, tls, breaker, previous: known.get(slot.index) ?? null })
  })
}
