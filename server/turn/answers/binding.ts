// Binding (RFC 8489 §12): what address does the client have, as we see it? With behaviour discovery (RFC
// 5780) also: who else answers it?
import { Address } from '../../lib/address.ts'
import type { Message } from '../bytes/message.ts'
import { ATTRIBUTES, CLASSES } from '../bytes/stun.ts'
import type { UdpSocket } from '../../sockets/udp/udp-socket.ts'
import type { Client } from '../state/client.ts'
import type { TurnListener } from '../state/listener.ts'
import type { TurnState } from '../state/turn-state.ts'
import { mayAnswerBinding, refuseStranger } from './answer.ts'
import { KNOWN, KNOWN_OF_DISCOVERY } from './known.ts'

export function binding(turn: TurnState, client: Client, message: Message): void {
  if (!mayAnswerBinding(client)) return
  const { listener } = client
  const sockets = discoverySockets(listener, client)
  // RFC 8489 §6.3.1: an attribute that must be understood and is not. Without two addresses those of
  // discovery are such.
  const unknown = message.unknownRequired(sockets === null ? KNOWN : KNOWN_OF_DISCOVERY)
  if (unknown.length > 0) refuseStranger(turn, { client, message }, 420, (answer) => answer.unknown(unknown))
  else if (sockets === null) client.send(success(turn, client, message, null))
  else discover(turn, client, message, sockets)
}

/**
 * All four, or null: it is not configured, or the client came by a connection, to which none of this applies.
 */
function discoverySockets(
  { config, discovery }: TurnListener,
  { tuples }: Client,
): readonly UdpSocket[] | null {
  if (config.discovery === undefined || tuples === null) return null
  const open = discovery.filter((socket) => socket !== null)
  return open.length === 4 ? open : null
}

/** RFC 5780 §7.6: the MTU of the way out. */
const PADDING_MOST = 1500

/** RFC 5780 §6.1. */
function discover(turn: TurnState, client: Client, message: Message, sockets: readonly UdpSocket[]): void {
  const { changeRequest, responsePort } = message
  const padding = message.find(ATTRIBUTES.PADDING)
  const isBoth = padding >= 0 && responsePort !== null
  if (changeRequest === 'malformed' || responsePort === 'malformed' || responsePort === 0 || isBoth) {
    refuseStranger(turn, { client, message }, 400)
    return
  }
  const came = client.tuples?.place ?? 0
  const place = came ^ (changeRequest?.address ? 2 : 0) ^ (changeRequest?.port ? 1 : 0)
  const from = sockets[place]
  const other = sockets[came ^ 3]
  if (from === undefined || other === undefined) return
  // Padding is as long as what was asked with (an answer that is longer than its request would serve those
  // who ask in another's name), and no longer than it takes to be sent in fragments: an answer has to fit
  // into a datagram.
  const paddingLength = padding < 0 ? 0 : Math.min(message.valueLength(padding), PADDING_MOST)
  const origin = { from: from.address, other: other.address, paddingLength }
  const answer = success(turn, client, message, origin)
  // To another port, but never to another host than the one that asked.
  const to = responsePort === null ? client.address : new Address(client.address.ip, responsePort)
  from.sendCopy(to, answer)
}

interface Origin {
  readonly from: Address
  readonly other: Address
  readonly paddingLength: number
}

function success(
  turn: TurnState,
  { address, listener }: Client,
  message: Message,
  origin: Origin | null,
): Uint8Array {
  const answer = turn.writer.answer(message, CLASSES.SUCCESS).address(ATTRIBUTES.XOR_MAPPED_ADDRESS, address)
  if (origin !== null) {
    answer.address(ATTRIBUTES.MAPPED_ADDRESS, address)
    answer.address(ATTRIBUTES.RESPONSE_ORIGIN, origin.from)
    answer.address(ATTRIBUTES.OTHER_ADDRESS, origin.other)
    if (origin.paddingLength > 0) answer.bytes(ATTRIBUTES.PADDING, new Uint8Array(origin.paddingLength))
  }
  const { software } = listener.config
  if (software !== '') answer.text(ATTRIBUTES.SOFTWARE, software)
  if (message.hasFingerprint) answer.fingerprint()
  return answer.finish()
}
