// Refresh (RFC 8656 §8.2; RFC 8016 §3.2.2).
import { ATTRIBUTES, FAMILIES } from '../bytes/stun.ts'
import type { Allocation } from '../state/allocation.ts'
import type { TurnState } from '../state/turn-state.ts'
import { refuse, replyOnce, type Request, success } from './answer.ts'
import { lifetimeMs } from './lifetime.ts'
import { allocationByTicket, move, newTicket } from './mobility.ts'
import { allocationOf } from './whose.ts'

export function refresh(turn: TurnState, request: Request): void {
  const { client, message } = request
  const { lifetime } = message
  if (lifetime === 'malformed') return refuse(turn, request, 400)
  const family = familyOf(message.requestedFamily)
  if (family === 'malformed') return refuse(turn, request, 400)
  // 1. By a ticket the allocation may be one of another five-tuple.
  const ticket = message.value(ATTRIBUTES.MOBILITY_TICKET)
  const allocation = ticket === null ? allocationOf(request) : allocationByTicket(turn, request, ticket)
  if (typeof allocation === 'number') return refuse(turn, request, allocation)
  // 2. A family that it does not have.
  if (family === 0 || (family !== null && allocation.relayedOf(family) === null))
    return refuse(turn, request, 443)
  // Nothing is refused behind this: who is refused has not moved.
  if (!move(turn, allocation, client)) return refuse(turn, request, 486)
  // 3. Zero deletes: of two families the one that is named, else all of it.
  if (lifetime === 0) return remove(turn, request, allocation, family)
  const granted = lifetimeMs(client.listener.config, lifetime)
  turn.setLifetime(allocation, granted)
  allocation.forgetExpired()
  const next = ticket === null ? null : newTicket(turn, allocation)
  const answer = success(turn, request).u32(ATTRIBUTES.LIFETIME, granted / 1000)
  if (next !== null) answer.text(ATTRIBUTES.MOBILITY_TICKET, next)
  replyOnce(turn, request)
}

function remove(turn: TurnState, request: Request, allocation: Allocation, family: 4 | 6 | null): void {
  success(turn, request).u32(ATTRIBUTES.LIFETIME, 0)
  // First the answer, while its five-tuple remembers answers.
  replyOnce(turn, request)
  const isOneOfTwo = family !== null && allocation.relayed4 !== null && allocation.relayed6 !== null
  if (isOneOfTwo) turn.endFamily(allocation, family)
  else turn.end(allocation, 'refreshed_to_zero')
}

/** 0: one that nobody knows. */
function familyOf(asked: number | null | 'malformed'): 4 | 6 | 0 | null | 'malformed' {
  if (asked === null || asked === 'malformed') return asked
  return asked === FAMILIES.IPV4 ? 4 : asked === FAMILIES.IPV6 ? 6 : 0
}
