// The way of every request: is it a repetition, who sends it, is all of it understood, which answer is it
// for?
import type { Message } from '../bytes/message.ts'
import { ATTRIBUTES, METHODS } from '../bytes/stun.ts'
import type { Address } from '../../lib/address.ts'
import type { Client } from '../state/client.ts'
import type { PeerConnection } from '../state/peer-connection.ts'
import type { TurnState } from '../state/turn-state.ts'
import { allocate } from './allocate.ts'
import { deny, mayAnswer, refuse, refuseStranger, type Request } from './answer.ts'
import { binding } from './binding.ts'
import { channelBind } from './channel-bind.ts'
import { connect } from './connect.ts'
import { connectionBind } from './connection-bind.ts'
import { createPermission } from './create-permission.ts'
import { KNOWN } from './known.ts'
import { byTicket } from './mobility.ts'
import { refresh } from './refresh.ts'

const ANSWERS: ReadonlyMap<number, (turn: TurnState, request: Request) => void> = new Map([
  [METHODS.ALLOCATE, allocate],
  [METHODS.REFRESH, refresh],
  [METHODS.CREATE_PERMISSION, createPermission],
  [METHODS.CHANNEL_BIND, channelBind],
  [METHODS.CONNECT, connect],
  [METHODS.CONNECTION_BIND, connectionBind],
])

export function answerRequest(turn: TurnState, client: Client, message: Message): void {
  const { listener } = client
  listener.meter.request(message.method)
  if (message.method === METHODS.BINDING) return binding(turn, client, message)
  // 1. Where nothing is relayed only Binding has a meaning; a client learns that at once, and is not asked
  //   for credentials.
  if (listener.config.relay === false) {
    if (mayAnswer(client)) refuseStranger(turn, { client, message }, 400)
    return
  }
  // 2. RFC 8489 §6.3.1: a request that was answered is answered in the same way.
  const remembered = rememberedAnswer(client, message)
  if (remembered !== null) return client.send(remembered)
  // 3. RFC 8656 §5: all requests but Binding need credentials. Nothing is kept of those that have none.
  const granted = listener.credentials.check(message, {
    client: client.address,
    control: controlOf(turn, client, message),
    unixMs: turn.parts.unixMs(),
    holder: holderOf(turn, client, message),
  })
  if (!granted.granted) return deny(turn, client, message, granted)
  const request = { client, message, granted }
  // 4. RFC 8489 §6.3.1, after the credentials: strangers learn nothing of what is understood.
  const unknown = message.unknownRequired(KNOWN)
  if (unknown.length > 0) return refuse(turn, request, 420, (answer) => answer.unknown(unknown))
  // 5. The method's own rules.
  const answer = ANSWERS.get(message.method)
  if (answer === undefined) refuse(turn, request, 400)
  else answer(turn, request)
}

/**
 * Over UDP. Also of the allocation before this one: a late copy of the Refresh that ended it must not end its
 * successor.
 */
function rememberedAnswer(
  { tuples, allocation, address }: Client,
  { bytes, start }: Message,
): Uint8Array | null {
  if (tuples === null) return null
  return allocation?.answers.find(bytes, start) ?? tuples.departed(address.key)?.find(bytes, start) ?? null
}

/**
 * Whose allocation a request is about: a time-limited name that was good when it began may be used on it
 * later.
 */
function holderOf(turn: TurnState, client: Client, message: Message): string | null {
  if (client.allocation !== null) return client.allocation.username
  if (message.method === METHODS.CONNECTION_BIND)
    return connectionOf(turn, message)?.allocation.username ?? null
  const ticket = message.method === METHODS.REFRESH ? message.value(ATTRIBUTES.MOBILITY_TICKET) : null
  return ticket === null ? null : (byTicket(turn, ticket)?.username ?? null)
}

/**
 * Where the control connection comes from whose data connection this becomes: its nonce is the one that a
 * client has (coturn takes it too). A 438 would give it another, which clients then use on the control
 * connection as well, where that is stale. Only from the same IP: what was overheard is of no use elsewhere.
 */
function controlOf(turn: TurnState, client: Client, message: Message): Address | null {
  if (message.method !== METHODS.CONNECTION_BIND || client.stream === null) return null
  const control = connectionOf(turn, message)?.allocation.client
  if (control === undefined || control.listener !== client.listener) return null
  return control.address.ipKey === client.address.ipKey ? control.address : null
}

/** The peer's connection that a ConnectionBind is for. */
function connectionOf(turn: TurnState, message: Message): PeerConnection | undefined {
  const id = message.connectionId
  return typeof id === 'number' ? turn.connections.get(id) : undefined
}
