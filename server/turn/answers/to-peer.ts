// From the client to a peer: the other half of the hot path.
import { HEADROOM, TAILROOM } from '../../sockets/udp/udp-socket.ts'
import type { Allocation } from '../state/allocation.ts'
import type { Peer } from '../state/peer.ts'
import { drop, fromPeer } from './from-peer.ts'

/** Where data that came by a stream gets the room that a datagram in the arena has. */
const roomy = new Uint8Array(HEADROOM + 65_536 + TAILROOM)

/** A datagram holds no more (RFC 768, within IPv4 and IPv6). Only streams bring as much. */
const DATAGRAM_MOST = { 4: 65_507, 6: 65_527 } as const

/** Sends data to a peer that is permitted, or whose channel stands. */
export function toPeer(
  allocation: Allocation,
  peer: Peer,
  bytes: Uint8Array,
  start: number,
  length: number,
  dontFragment: boolean,
): void {
  // 1. The rules may have changed since, and for ports of our own they say more than a permission does.
  if (!peer.isAllowed) return drop(allocation, 'refused_peer')
  if (length > DATAGRAM_MOST[peer.address.family]) return drop(allocation, 'not_sent')
  // 2. What the allocation may use.
  const { toPeers, client } = allocation
  if (toPeers !== null && !toPeers.take(length)) return drop(allocation, 'bandwidth')
  allocation.countToPeers(length)
  // 3. A peer that is a relayed address of ours: straight to its client, by the same rules as what comes
  //   through the kernel.
  const { twin } = peer
  const { socket } = peer.relayed
  const isArena = client.socket !== null
  if (twin === null) {
    if (isArena) socket?.send(peer.address, bytes, start, length, dontFragment)
    else socket?.sendCopy(peer.address, bytes.subarray(start, start + length), dontFragment)
    return
  }
  if (isArena) return fromPeer(twin, peer.source, bytes, start, length, true)
  roomy.set(bytes.subarray(start, start + length), HEADROOM)
  fromPeer(twin, peer.source, roomy, HEADROOM, length, false)
}
