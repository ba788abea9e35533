// CreatePermission (RFC 8656 §10.2): which addresses may send to the client. All of them are permitted, or
// none.
import { Address } from '../../lib/address.ts'
import type { TurnState } from '../state/turn-state.ts'
import { refuse, reply, type Request, success } from './answer.ts'
import { tellRefused } from './refused-peer.ts'
import { allocationOf } from './whose.ts'

export function createPermission(turn: TurnState, request: Request): void {
  // 1. An allocation, and it is the client's.
  const allocation = allocationOf(request)
  if (typeof allocation === 'number') return refuse(turn, request, allocation)
  const { listener } = request.client
  // 2. At least one peer, and each of them an address.
  const peers = request.message.xorPeers
  if (peers === 'malformed' || peers.length === 0) return refuse(turn, request, 400)
  // 3. Of a family that the allocation has.
  if (peers.some(({ family }) => allocation.relayedOf(family) === null)) return refuse(turn, request, 443)
  const { permissions } = listener.config.quotas
  if (peers.length > permissions) return refuse(turn, request, 508)
  // 4. One that clients may reach. The port does not matter (RFC 8656 §9): where it does, it is looked at
  //   with each datagram.
  for (const peer of peers) {
    const verdict = listener.verdictOnHost(peer, allocation.relays)
    if (verdict.allowed) continue
    tellRefused(turn, request.client, verdict)
    return refuse(turn, request, 403)
  }
  // 5. Room for them.
  const addresses = peers.map(({ ip }) => new Address(ip, 0))
  if (!allocation.hasRoomFor(addresses, permissions)) return refuse(turn, request, 508)
  for (const address of addresses) allocation.permit(address)
  success(turn, request)
  reply(turn, request)
}
