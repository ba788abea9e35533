// ChannelBind (RFC 8656 §12.2): a number of two bytes stands for a peer from now on.
import { FIRST_CHANNEL, LAST_CHANNEL, LAST_STRICT_CHANNEL } from '../bytes/channel-data.ts'
import { Address } from '../../lib/address.ts'
import type { TurnState } from '../state/turn-state.ts'
import { refuse, reply, type Request, success } from './answer.ts'
import { tellRefused } from './refused-peer.ts'
import { allocationOf } from './whose.ts'

export function channelBind(turn: TurnState, request: Request): void {
  // 1. An allocation of datagrams, and it is the client's.
  const allocation = allocationOf(request)
  if (typeof allocation === 'number') return refuse(turn, request, allocation)
  const { listener } = request.client
  const { channelNumber: number, xorPeer: peer } = request.message
  if (allocation.relays === 'tcp') return refuse(turn, request, 400)
  // 2. A number and a peer.
  if (number === null || number === 'malformed' || !isChannel(number, listener.config))
    return refuse(turn, request, 400)
  if (peer === null || peer === 'malformed' || peer.port === 0) return refuse(turn, request, 400)
  // 3. Each stands for nothing, or already for the other.
  const channel = allocation.channelOf(number)
  if (channel !== null && channel.peer.address.key !== peer.key) return refuse(turn, request, 400)
  const bound = allocation.channelTo(peer.key)
  if (bound !== null && bound.number !== number) return refuse(turn, request, 400)
  // 4. Of a family that the allocation has.
  const relayed = allocation.relayedOf(peer.family)
  if (relayed === null) return refuse(turn, request, 443)
  // 5. A peer that clients may reach.
  const verdict = listener.verdict(peer, 'udp')
  if (!verdict.allowed) {
    tellRefused(turn, request.client, verdict)
    return refuse(turn, request, 403)
  }
  // 6. Room for it, and for the permission that comes with it.
  const { channels, permissions } = listener.config.quotas
  const host = new Address(peer.ip, 0)
  const hasRoom = channel !== null || allocation.hasRoomForChannel(channels)
  if (!hasRoom || !allocation.hasRoomFor([host], permissions)) return refuse(turn, request, 508)
  allocation.permit(host)
  allocation.bind(number, peer, relayed)
  success(turn, request)
  reply(turn, request)
}

/** RFC 5766 had four times as many as RFC 8656, and clients in the field use all of them. */
function isChannel(number: number, { relay }: Request['client']['listener']['config']): boolean {
  const last = relay !== false && relay.strict_channels ? LAST_STRICT_CHANNEL : LAST_CHANNEL
  return number >= FIRST_CHANNEL && number <= last
}
