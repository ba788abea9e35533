// Connect (RFC 6062 §5.2): a TCP connection from the relayed address to a peer. Answered once it stands, or
// does not.
import { CLASSES, ATTRIBUTES, METHODS } from '../bytes/stun.ts'
import { PeerConnection } from '../state/peer-connection.ts'
import type { TurnState } from '../state/turn-state.ts'
import { countFault, refuse, type Request, sealed } from './answer.ts'
import { tellRefused } from './refused-peer.ts'
import { PEER_STREAM } from './splice.ts'
import { allocationOf } from './whose.ts'

export function connect(turn: TurnState, request: Request): void {
  const { client, message } = request
  const { listener } = client
  // 1. An allocation for TCP, and it is the client's.
  const allocation = allocationOf(request)
  if (typeof allocation === 'number') return refuse(turn, request, allocation)
  if (allocation.relays !== 'tcp') return refuse(turn, request, 437)
  // 2. A peer, of a family that the allocation has.
  const peer = message.xorPeer
  if (peer === null || peer === 'malformed' || peer.port === 0) return refuse(turn, request, 400)
  const relayed = allocation.relayedOf(peer.family)
  if (relayed === null) return refuse(turn, request, 443)
  // 3. One connection with a peer, made or being made.
  for (const one of allocation.connections) if (one.peer.key === peer.key) return refuse(turn, request, 446)
  // 4. A peer that clients may reach.
  const verdict = listener.verdict(peer, 'tcp')
  if (!verdict.allowed) {
    tellRefused(turn, client, verdict)
    return refuse(turn, request, 403)
  }
  if (allocation.connections.size >= listener.config.quotas.connections) return refuse(turn, request, 508)
  // 5. A peer that is a relayed address of ours is reached by what it is on this machine.
  const connection = new PeerConnection(turn, allocation, peer)
  connection.onOutcome = answerLater(turn, request, connection)
  const at = turn.relayed.tcp.find(peer.key)?.real ?? peer
  const stream = turn.parts.network.connectTcp(relayed.real, at, PEER_STREAM)
  if (typeof stream === 'string') return connection.close(stream)
  stream.data = connection
  connection.stream = stream
}

/** The request is gone by then: keeps what its answer needs. */
function answerLater(
  turn: TurnState,
  { client, message, granted }: Request,
  { id }: PeerConnection,
): (isOpen: boolean) => void {
  const { transactionId, hasFingerprint } = message
  return (isOpen) => {
    if (client.isGone) return
    if (isOpen)
      turn.writer.begin(METHODS.CONNECT, CLASSES.SUCCESS, transactionId).u32(ATTRIBUTES.CONNECTION_ID, id)
    else {
      countFault(turn, client, 447)
      turn.writer.begin(METHODS.CONNECT, CLASSES.ERROR, transactionId).errorCode(447)
    }
    client.send(sealed(turn, client, granted, hasFingerprint))
  }
}
