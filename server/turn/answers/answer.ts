// What all answers have in common: how a success and an error are written, protected, sent and remembered.
import { type ErrorCode, reasonOf } from '../bytes/errors.ts'
import type { Message } from '../bytes/message.ts'
import { ATTRIBUTES, CLASSES } from '../bytes/stun.ts'
import type { MessageWriter } from '../bytes/writer.ts'
import type { Client } from '../state/client.ts'
import type { Denied, Granted } from '../state/credentials.ts'
import { networkKey } from '../state/quotas.ts'
import type { StrangerLimit } from '../state/stranger-limit.ts'
import type { TurnState } from '../state/turn-state.ts'

/** A request whose credentials are good. */
export interface Request {
  readonly client: Client
  readonly message: Message
  readonly granted: Granted
}

/** Begins a success. */
export function success(turn: TurnState, { message }: Request): MessageWriter {
  return turn.writer.answer(message, CLASSES.SUCCESS)
}

/** Sends what was begun by `success`. */
export function reply(turn: TurnState, { client, message, granted }: Request): void {
  client.send(sealed(turn, client, granted, message.hasFingerprint))
}

/**
 * The same, for requests that must not be obeyed twice: over UDP the answer is remembered, for the client may
 * not hear it.
 */
export function replyOnce(turn: TurnState, { client, message, granted }: Request): void {
  const answer = sealed(turn, client, granted, message.hasFingerprint)
  if (client.tuples !== null) client.allocation?.answers.remember(answer.slice())
  client.send(answer)
}

/** Answers with an error, protected as the request was. */
export function refuse(
  turn: TurnState,
  request: Request,
  code: ErrorCode,
  add?: (answer: MessageWriter) => void,
): void {
  const { client, message } = request
  countFault(turn, client, code)
  const answer = turn.writer.answer(message, CLASSES.ERROR).errorCode(code)
  add?.(answer)
  reply(turn, request)
}

/** Ends a message: SOFTWARE, integrity, FINGERPRINT. Good until the next message is begun. */
export function sealed(
  turn: TurnState,
  client: Client,
  granted: Granted,
  hasFingerprint: boolean,
): Uint8Array {
  const { writer } = turn
  const { software } = client.listener.config
  if (software !== '') writer.text(ATTRIBUTES.SOFTWARE, software)
  const { key, integrity } = granted
  if (key !== null && integrity === 'sha256') writer.integritySha256(key)
  if (key !== null && integrity === 'sha1') writer.integritySha1(key)
  // RFC 8489 §7.3.1: it is there when it was in the request.
  if (hasFingerprint) writer.fingerprint()
  return writer.finish()
}

/**
 * Whether a client that has not shown who it is gets an answer. Over UDP its address may be a victim's: so
 * many a second, no more. Who has an allocation has shown that it receives there.
 */
export function mayAnswer(client: Client): boolean {
  if (client.tuples === null || client.allocation !== null) return true
  const { strangers, config } = client.listener
  return mayHave(strangers, config.limits.unauthenticated, client)
}

/** The same for a Binding request, which is a matter of its own: its answer is hardly larger than itself. */
export function mayAnswerBinding(client: Client): boolean {
  if (client.tuples === null || client.allocation !== null) return true
  const { askers, config } = client.listener
  return mayHave(askers, config.limits.binding, client)
}

function mayHave(limit: StrangerLimit, perSecond: number, { listener, address }: Client): boolean {
  if (limit.take(networkKey(address.ipKey), perSecond)) return true
  listener.meter.drop('unauthenticated')
  return false
}

/** Answers 401, 438 or 400 to a request whose credentials are not good (RFC 8489 §9.2.4). */
export function deny(turn: TurnState, client: Client, message: Message, denied: Denied): void {
  if (!mayAnswer(client)) return
  const { code, isChallenge } = denied
  tellDenied(turn, client, message, denied)
  countFault(turn, client, code)
  sendToStranger(turn, { client, message }, code, (answer) => {
    if (!isChallenge) return
    const { credentials } = client.listener
    answer.text(ATTRIBUTES.REALM, credentials.realm)
    answer.text(ATTRIBUTES.NONCE, credentials.nonce(client.address, turn.parts.unixMs()))
    answer.bytes(ATTRIBUTES.PASSWORD_ALGORITHMS, credentials.algorithms)
  })
}

/** Says why somebody is not let in, which the answer does not. The name is what was claimed. */
function tellDenied(turn: TurnState, { listener, address }: Client, message: Message, { why }: Denied): void {
  if (why === null) return
  const user = message.text(ATTRIBUTES.USERNAME)
  turn.tellSeldom('info', 'turn_auth_refused', why, {
    listener: listener.name,
    user,
    client: address.toString(),
    why,
  })
}

/** An error to somebody unknown. Call mayAnswer before. */
export function refuseStranger(
  turn: TurnState,
  asked: Asked,
  code: ErrorCode,
  add: (answer: MessageWriter) => void = () => {},
): void {
  countFault(turn, asked.client, code)
  sendToStranger(turn, asked, code, add)
}

/** A request of somebody unknown. */
type Asked = Pick<Request, 'client' | 'message'>

function sendToStranger(
  turn: TurnState,
  { client, message }: Asked,
  code: ErrorCode,
  add: (answer: MessageWriter) => void,
): void {
  const write = (reason: string): Uint8Array => {
    const answer = turn.writer.answer(message, CLASSES.ERROR).errorCode(code, reason)
    add(answer)
    if (message.hasFingerprint) answer.fingerprint()
    return answer.finish()
  }
  // Words are for people: over UDP they are left out where the answer would be longer than what it answers.
  const whole = write(reasonOf(code))
  client.send(client.tuples === null || whole.length <= message.length ? whole : write(''))
}

export function countFault(turn: TurnState, { listener }: Client, code: number): void {
  turn.meterOf(listener.name, listener.realm).fault(code)
}
