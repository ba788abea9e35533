// ConnectionBind (RFC 6062 §5.4): from now on this connection of the client carries what a peer's connection
// does, and nothing else.
import type { TurnState } from '../state/turn-state.ts'
import { refuse, reply, type Request, success } from './answer.ts'
import { splice } from './splice.ts'

export function connectionBind(turn: TurnState, request: Request): void {
  const { client, message, granted } = request
  // 1. Over TCP or TLS.
  if (client.stream === null) return refuse(turn, request, 400)
  // 2. A connection that waits for its client, of this listener.
  const id = message.connectionId
  const connection = typeof id === 'number' ? turn.connections.get(id) : undefined
  if (connection === undefined || connection.onOutcome !== null) return refuse(turn, request, 400)
  if (connection.allocation.listener !== client.listener) return refuse(turn, request, 400)
  // 3. The client's own.
  if (connection.allocation.username !== granted.username) return refuse(turn, request, 441)
  // 4. A connection that is used for nothing else.
  if (client.allocation !== null || client.bound !== null) return refuse(turn, request, 400)
  success(turn, request)
  reply(turn, request)
  if (!client.isGone) splice(turn, connection, client)
}
