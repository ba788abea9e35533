// Opens the relayed addresses that an Allocate request asks for.
import type { ErrorCode } from '../bytes/errors.ts'
import type { TurnListener } from '../state/listener.ts'
import type { Relayed } from '../state/relayed.ts'
import { openTcp, openUdp, openUdpPair, type RelayPlace } from '../state/relay-sockets.ts'
import type { TurnState } from '../state/turn-state.ts'
import { acceptPeer } from './connection-attempt.ts'
import { PEER_SINK } from './from-peer.ts'

/** What an Allocate request asks for. */
export interface Wishes {
  readonly transport: 'udp' | 'tcp'
  /** None where a port was reserved. */
  readonly families: readonly (4 | 6)[]
  readonly isEven: boolean
  readonly reservesNext: boolean
  readonly token: string | null
  readonly lifetime: number | null
  readonly isMobile: boolean
}

export interface Opened {
  /** One, or one of each family. */
  readonly relayed: readonly Relayed[]
  /** The reserved port. */
  readonly next: Relayed | null
  /** Of two families that were asked for, the one that could not be given (ADDRESS-ERROR-CODE). */
  readonly missing: { readonly family: 4 | 6; readonly code: ErrorCode } | null
}

/** Null: there is no port. */
export function openRelayed(turn: TurnState, listener: TurnListener, wishes: Wishes): Opened | null {
  if (wishes.reservesNext) return openPair(turn, listener, wishes)
  const relayed: Relayed[] = []
  let missing: Opened['missing'] = null
  for (const family of wishes.families) {
    const at = listener.relayOf(family)
    const opened = at === null ? null : openOne(turn, { listener, at }, wishes)
    if (opened !== null) relayed.push(opened)
    else missing = { family, code: at === null ? 440 : 508 }
  }
  return relayed.length === 0 ? null : { relayed, next: null, missing }
}

function openOne(turn: TurnState, where: RelayPlace, { transport, isEven }: Wishes): Relayed | null {
  if (transport === 'tcp') return openTcp(turn, where, (relayed, stream) => acceptPeer(turn, relayed, stream))
  return openUdp(turn, where, isEven ? 'even' : 'any', PEER_SINK)
}

function openPair(turn: TurnState, listener: TurnListener, { families }: Wishes): Opened | null {
  const [family] = families
  const at = family === undefined ? null : listener.relayOf(family)
  const pair = at === null ? null : openUdpPair(turn, { listener, at }, PEER_SINK)
  return pair === null ? null : { relayed: [pair[0]], next: pair[1], missing: null }
}
