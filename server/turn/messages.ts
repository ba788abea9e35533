// What the supervisor and the relay process say to each other: JSON, a line each, over a socket pair.
// Descriptors go beside that (lib/pass-fds.ts).
import type { ChildAnswer, SaidByChild, ToldToChild } from '../lib/child-words.ts'
import type { LogsConfig } from '../telemetry/logs.options.ts'
import type { MetricsDelta } from '../telemetry/registry.ts'
import type { TurnListenerConfig } from './turn.options.ts'

/** The socket of the relay for clients that workers accepted: its listener's name in a plan's `sockets`. */
export const DOOR = ''

/**
 * What the relay answers first, at its door, to a header that came with a client's descriptor: it has taken
 * that, and the connection tells no more than that the client is there; or it could not, and the client's
 * bytes go on passing here. A byte each: no message to a client begins so.
 */
export const TAKEN = 0x06
export const NOT_TAKEN = 0x15

export interface RelaySocketPlan {
  /** DOOR, or the listener's name. */
  readonly listener: string
  /**
   * Which socket of its listener it is (udpBindsOf of lib/bind.ts). With another host or port it is another
   * socket all the same.
   */
  readonly key: string
  /** An address literal; empty for DOOR. */
  readonly host: string
  /** The real one, where the config has 0. */
  readonly port: number
}

/** All that the relay needs to serve a plan. */
export interface RelayPlan {
  readonly number: number
  /** Those of protocol turn. */
  readonly listeners: Readonly<Record<string, TurnListenerConfig>>
  /**
   * TCP and TLS addresses, as they are open in the workers: peers must not reach them, nor any other listener
   * of ours.
   */
  readonly ownAddresses: readonly string[]
  /**
   * Hex, 32 bytes: what nonces are made with where the config has no nonce_secret. Outlives the relay
   * process.
   */
  readonly nonceKey: string
  readonly logs: Pick<LogsConfig, 'level' | 'format'>
  /** All UDP sockets of the plan and the door. */
  readonly sockets: readonly RelaySocketPlan[]
  /**
   * Keys of those whose descriptor arrives with this plan, in the order of the descriptors sent just before.
   */
  readonly arriving: readonly string[]
}

export interface AllocationFacts {
  readonly id: string
  readonly listener: string
  readonly realm: string
  /** Null: anonymous. */
  readonly user: string | null
  readonly client: string
  readonly transport: 'udp' | 'tcp' | 'tls'
  /** What it relays: datagrams, or TCP (RFC 6062). */
  readonly relays: 'udp' | 'tcp'
  /** As the client was told (advertised); one or two. */
  readonly relayed: readonly string[]
  readonly peers: readonly {
    readonly address: string
    readonly channel: number | null
    readonly expires_s: number
  }[]
  readonly bytes_to_peers: number
  readonly bytes_to_client: number
  readonly packets_to_peers: number
  readonly packets_to_client: number
  readonly dropped: number
  readonly age_s: number
  readonly expires_s: number
}

/** Why a peer is or is not reached through a listener. */
export interface PeerVerdict {
  readonly listener: string
  readonly peer: string
  readonly allowed: boolean
  /** "10.0.0.1 is private (10.0.0.0/8); add it to peers.allow to let clients reach it". */
  readonly why: string
}

export type Question =
  | { readonly ask: 'list' }
  | { readonly ask: 'end'; readonly allocation: string }
  /** Null: all listeners. */
  | { readonly ask: 'explain'; readonly listener: string | null; readonly peer: string }

export type ToRelay =
  | ToldToChild
  /**
   * `descriptors`: how many may be open when all quotas are used up. `drainMs`: how long a drain may take
   * that nobody asked for.
   */
  | {
      readonly type: 'plan'
      readonly plan: RelayPlan
      readonly descriptors: number
      readonly drainMs: number
    }
  | { readonly type: 'question'; readonly id: number; readonly question: Question }
  /** Another gateway receives on its UDP sockets; or it does not, after all. */
  | { readonly type: 'hold-back' | 'go-on' }

export type FromRelay =
  | SaidByChild
  /** Once a second. */
  | { readonly type: 'metrics'; readonly delta: MetricsDelta }
  /** AllocationFacts[] for list, boolean for end (whether it was there), PeerVerdict[] for explain. */
  | ChildAnswer
