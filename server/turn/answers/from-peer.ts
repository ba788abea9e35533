// From a peer to the client: what arrives at a relayed address (RFC 8656 §11.3, §12.7). The hot path: nothing
// is allocated per datagram.
import { nowMs } from '../../lib/clock.ts'
import { putChannelHeader, putPadding } from '../bytes/channel-data.ts'
import { dataIndicationHeader } from '../bytes/data-indication.ts'
import type { DatagramSink, Source, UdpSocket } from '../../sockets/udp/udp-socket.ts'
import type { Allocation } from '../state/allocation.ts'
import type { DropReason } from '../state/meters.ts'
import type { Peer } from '../state/peer.ts'
import type { Relayed } from '../state/relayed.ts'

/** More does not fit into a Data indication to an IPv6 peer's client. */
const INDICATION_MOST = 65_480

/** Hears all relayed addresses. */
export const PEER_SINK: DatagramSink = {
  onDatagram(socket: UdpSocket, from: Source, bytes: Uint8Array, start: number, length: number): void {
    fromPeer(socket.data as Relayed, from, bytes, start, length, true)
  },
}

/**
 * Hands a datagram of a peer to the client. There is room around it for headers and padding. `isArena`: it
 * stays as it is to the end of the turn.
 */
export function fromPeer(
  relayed: Relayed,
  from: Source,
  bytes: Uint8Array,
  start: number,
  length: number,
  isArena: boolean,
): void {
  const { allocation } = relayed
  // A reserved port: its allocation is still to come.
  if (allocation === null) return
  // 1. RFC 8656 §11.3: the permission, by address alone.
  let peer = relayed.lastPeer
  if (peer === null || peer.address.key !== from.key) {
    peer = allocation.peerOf(from.key) ?? meet(allocation, relayed, from)
    if (peer === null) return drop(allocation, 'no_permission')
    relayed.lastPeer = peer
  }
  if (!peer.isPermitted) return drop(allocation, 'no_permission')
  if (!peer.isAllowed) return drop(allocation, 'refused_peer')
  // 2. What the allocation may use.
  const { toClient } = allocation
  if (toClient !== null && !toClient.take(length)) return drop(allocation, 'bandwidth')
  if (allocation.isAway) return drop(allocation, 'not_sent')
  // 3. RFC 8656 §12.7: by its channel, else in a Data indication.
  const isSent = passOn(allocation, peer, bytes, start, length, isArena)
  if (!isSent) return drop(allocation, 'slow_client')
  allocation.countToClient(length)
}

function passOn(
  allocation: Allocation,
  peer: Peer,
  bytes: Uint8Array,
  start: number,
  length: number,
  isArena: boolean,
): boolean {
  const { client } = allocation
  const { channel } = peer
  if (channel !== null && channel.expiresMs > nowMs) {
    const at = putChannelHeader(bytes, start, length, channel.number)
    // RFC 8656 §12.5: padded on streams; over UDP it need not be.
    const padded = client.socket === null ? putPadding(bytes, start, length) : length
    return client.sendData(bytes, at, padded + 4, isArena)
  }
  if (length > INDICATION_MOST) return false
  const size = allocation.turn.indications.put(bytes, start, length, peer.address)
  return client.sendData(bytes, start - dataIndicationHeader(peer.address.family), size, isArena)
}

/** A peer that is new to the data path, if it is permitted. */
function meet(allocation: Allocation, relayed: Relayed, from: Source): Peer | null {
  return allocation.permissionOf(from.ipKey) === null ? null : allocation.addPeer(from.address(), relayed)
}

export function drop(allocation: Allocation, reason: DropReason): void {
  allocation.dropped++
  allocation.listener.meter.drop(reason)
}
