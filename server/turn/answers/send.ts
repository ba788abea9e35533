// Send indications (RFC 8656 §11.2): data for a peer that has a permission. What is wrong with one is never
// answered.
import type { Message } from '../bytes/message.ts'
import { ATTRIBUTES } from '../bytes/stun.ts'
import type { Allocation } from '../state/allocation.ts'
import type { Client } from '../state/client.ts'
import type { Peer } from '../state/peer.ts'
import { drop } from './from-peer.ts'
import { KNOWN } from './known.ts'
import { toPeer } from './to-peer.ts'

export function send({ allocation, listener }: Client, message: Message): void {
  if (allocation === null) return listener.meter.drop('no_allocation')
  // 1. Peer and data are there, and nothing that must be understood and is not.
  const key = message.peerKey
  const data = message.find(ATTRIBUTES.DATA)
  if (key === null || data < 0 || allocation.relays === 'tcp') return drop(allocation, 'malformed')
  if (message.unknownRequired(KNOWN).length > 0) return drop(allocation, 'malformed')
  // 2. The permission.
  const peer = allocation.peerOf(key) ?? meet(allocation, message)
  if (peer === null || !peer.isPermitted) return drop(allocation, 'no_permission')
  // 3. With the DF bit when the client asks for it (RFC 8656 §14).
  toPeer(allocation, peer, message.bytes, data, message.valueLength(data), message.dontFragment)
}

function meet(allocation: Allocation, { xorPeer }: Message): Peer | null {
  if (xorPeer === null || xorPeer === 'malformed' || xorPeer.port === 0) return null
  const relayed = allocation.relayedOf(xorPeer.family)
  if (relayed === null || allocation.permissionOf(xorPeer.ipKey) === null) return null
  return allocation.addPeer(xorPeer, relayed)
}
