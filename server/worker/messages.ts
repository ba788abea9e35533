// What the supervisor and its workers say to each other. Bulk (a plan) travels as one JSON string inside the
// message: as an object it blocks for tens of ms.
import type { Config } from '../config/schema.ts'
import type { MetricsDelta } from '../telemetry/registry.ts'
import type { CertificateText } from '../tls/certificate.ts'

/**
 * Where a backend's or server's cells are on the scoreboard: a record's index, and which use of it this is.
 */
export interface Slot {
  readonly index: number
  readonly generation: number
}

export interface BackendSlots {
  readonly slot: Slot
  readonly servers: Readonly<Record<string, Slot>>
}

/**
 * One of a listener's TCP addresses, as tcpBindsOf (lib/bind.ts) names them; socketKey(listener, bind) is its
 * key.
 */
export interface PlanSocket {
  readonly listener: string
  readonly bind: string
  /** The real one, where `bind` has 0. */
  readonly port: number
}

/** All that a worker needs to compile and serve a revision. */
export interface Plan {
  readonly revision: number
  readonly config: Config
  readonly slots: Readonly<Record<string, BackendSlots>>
  /** Records on the scoreboard; more than mapped: map anew. */
  readonly records: number
  /** Addresses whose socket arrives with this plan, in the order of the descriptors sent just before. */
  readonly sockets: readonly PlanSocket[]
  /** Why servers are not up, by backend and server; the current truth when the plan was made. */
  readonly reasons: Readonly<Record<string, Readonly<Record<string, string>>>>
  /**
   * Path of the Unix socket on which the TURN relay takes the clients that workers accepted; null: there is
   * no turn listener.
   */
  readonly door: string | null
  /** Of listeners with TLS, by name: their files may change, or be gone, when a worker is replaced. */
  readonly certificates: Readonly<Record<string, CertificateText>>
}

/** Descriptors sent with this tag, not with a plan's revision: that of the scoreboard's region. */
export const BOARD_TAG = 0

/** What metrics call the worker of a slot. */
export const processName = (slot: number): string => `worker-${slot}`

export type ToWorker =
  /**
   * Before the first plan: the scoreboard, and the worker's ledger, whose descriptors were sent just before
   * with BOARD_TAG; `row` is this worker's.
   */
  | {
      readonly type: 'board'
      readonly slot: number
      readonly row: number
      readonly hasLedger: boolean
    }
  /**
   * `rules`: those of the config, in pieces, as they are nearly all of a large plan: each is read in a turn
   * of its own.
   */
  | {
      readonly type: 'plan'
      readonly revision: number
      readonly plan: string
      readonly rules: readonly string[]
    }
  | { readonly type: 'commit'; readonly revision: number }
  | { readonly type: 'drop'; readonly revision: number }
  /** An empty reason: the server is up. */
  | { readonly type: 'reason'; readonly backend: string; readonly server: string; readonly reason: string }
  | { readonly type: 'reopen-logs' }
  | { readonly type: 'announce-drain' }
  | { readonly type: 'drain'; readonly withinMs: number }

export type ToSupervisor =
  | { readonly type: 'hello'; readonly pid: number }
  | { readonly type: 'ready'; readonly revision: number }
  | { readonly type: 'failed'; readonly revision: number; readonly why: string }
  | { readonly type: 'serving'; readonly revision: number }
  /** Once a second; `oldest` is the oldest plan that an exchange may still be on. */
  | { readonly type: 'metrics'; readonly delta: MetricsDelta; readonly oldest: number }
  | { readonly type: 'drained'; readonly aborted: number }
