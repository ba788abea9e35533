// Mobility (RFC 8016): a client whose address changed takes its allocation along, by a ticket that only it
// has.
import type { ErrorCode } from '../bytes/errors.ts'
import type { Allocation } from '../state/allocation.ts'
import type { Client } from '../state/client.ts'
import { networkKey } from '../state/quotas.ts'
import type { TurnState } from '../state/turn-state.ts'
import type { Request } from './answer.ts'

const TICKET_BYTES = 16

/**
 * Makes the ticket of an allocation; the one before is good no more. In text, as there are clients that keep
 * it as a string of C.
 */
export function newTicket(turn: TurnState, allocation: Allocation): string {
  if (allocation.ticket !== null) turn.tickets.delete(allocation.ticket)
  allocation.ticket = turn.chance(TICKET_BYTES)
  turn.tickets.set(allocation.ticket, allocation)
  return allocation.ticket
}

/** The allocation that a ticket was made for. */
export const byTicket = (turn: TurnState, ticket: Uint8Array): Allocation | undefined =>
  turn.tickets.get(String.fromCharCode(...ticket.subarray(0, 2 * TICKET_BYTES + 1)))

/**
 * RFC 8016 §3.2.2: the allocation of a ticket, or the error to answer with. Nobody finds another's: it needs
 * ticket and password, and a nonce that was sent to the new address.
 */
export function allocationByTicket(
  turn: TurnState,
  { client, granted }: Request,
  ticket: Uint8Array,
): Allocation | Extract<ErrorCode, 400 | 405 | 437 | 441> {
  const { listener } = client
  // 1. Mobility is allowed.
  if (listener.config.relay === false || !listener.config.relay.mobility) return 405
  // 2. The ticket is one of ours, of this listener.
  const allocation = byTicket(turn, ticket)
  if (allocation === undefined || allocation.listener !== listener) return 400
  // 3. The same credentials.
  if (allocation.username !== granted.username) return 441
  // 4. The five-tuple is its own, or free.
  const isElsewhere = client.allocation !== allocation
  return isElsewhere && (client.allocation !== null || client.bound !== null) ? 437 : allocation
}

/**
 * Gives an allocation the five-tuple that its ticket came by: data comes and goes there from now on. False:
 * quotas hold there too.
 */
export function move(turn: TurnState, allocation: Allocation, client: Client): boolean {
  if (client.allocation === allocation) return true
  if (!allocation.place.moveTo(client.listener.config.quotas, networkKey(client.address.ipKey))) return false
  const from = allocation.client.transport
  turn.detach(allocation)
  turn.attach(allocation, client)
  allocation.meter.moved(from, client.transport)
  return true
}
