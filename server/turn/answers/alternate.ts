// ALTERNATE-SERVER (RFC 8489 §10): clients that are sent to another server.
import { ATTRIBUTES } from '../bytes/stun.ts'
import type { TurnState } from '../state/turn-state.ts'
import { refuse, type Request } from './answer.ts'

/**
 * Answers 300 where the config says so and has a server of the client's family (a client can use no other);
 * false: it was not.
 */
export function redirect(turn: TurnState, request: Request, when: 'always' | 'full'): boolean {
  const { listener, address } = request.client
  const { alternate } = listener.config
  if (alternate === undefined || (when === 'always' && alternate.when !== 'always')) return false
  const server = listener.nextAlternate(address.family)
  if (server === null) return false
  refuse(turn, request, 300, (answer) => answer.address(ATTRIBUTES.ALTERNATE_SERVER, server))
  return true
}
