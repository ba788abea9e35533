// ConnectionAttempt (RFC 6062 §5.3): a peer connects to a relayed address; its client is told, and has 30 s
// to bind the connection.
import type { Address } from '../../lib/address.ts'
import { ATTRIBUTES, CLASSES, METHODS } from '../bytes/stun.ts'
import type { Stream } from '../network.ts'
import type { Allocation } from '../state/allocation.ts'
import { PeerConnection } from '../state/peer-connection.ts'
import type { Relayed } from '../state/relayed.ts'
import type { TurnState } from '../state/turn-state.ts'
import { drop } from './from-peer.ts'
import { PEER_STREAM } from './splice.ts'

export function acceptPeer(turn: TurnState, relayed: Relayed, stream: Stream): void {
  const { allocation } = relayed
  const peer = shown(turn, relayed, stream.remote)
  if (allocation === null || !isWelcome(allocation, peer)) {
    if (allocation !== null) drop(allocation, 'no_permission')
    return stream.abort('not permitted')
  }
  const connection = new PeerConnection(turn, allocation, peer)
  connection.stream = stream
  stream.sink = PEER_STREAM
  stream.data = connection
  // What the peer sends waits in the kernel until the client is there.
  stream.pause()
  const indication = turn.writer
    .begin(METHODS.CONNECTION_ATTEMPT, CLASSES.INDICATION, turn.parts.randomBytes(12))
    .u32(ATTRIBUTES.CONNECTION_ID, connection.id)
    .address(ATTRIBUTES.XOR_PEER_ADDRESS, peer)
  allocation.client.send(indication.finish())
}

/** It has a permission, clients may reach it, there is room for it, and it is not connected already. */
function isWelcome(allocation: Allocation, peer: Address): boolean {
  const { listener, connections } = allocation
  if (allocation.permissionOf(peer.ipKey) === null || !listener.verdict(peer, 'tcp').allowed) return false
  for (const one of connections) if (one.peer.key === peer.key) return false
  return connections.size < listener.config.quotas.connections
}

/**
 * Who connects from a relayed address of ours to what the outside sees of another one is seen in the same
 * way.
 */
function shown(turn: TurnState, relayed: Relayed, remote: Address): Address {
  const from = turn.relayed.tcp.find(remote.key)
  if (from === null || from.allocation === null || relayed.told.key === relayed.real.key) return remote
  for (const one of from.allocation.connections) if (one.peer.key === relayed.told.key) return from.told
  return remote
}
