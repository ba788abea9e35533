// Allocate (RFC 8656 §7.2; over TCP RFC 6062 §5.1; RFC 8016 §3.1).
import type { ErrorCode } from '../bytes/errors.ts'
import type { Message } from '../bytes/message.ts'
import { ATTRIBUTES, FAMILIES, TRANSPORTS } from '../bytes/stun.ts'
import { networkKey, QuotaPlace, type Quota } from '../state/quotas.ts'
import { Reservation } from '../state/reservation.ts'
import type { TurnState } from '../state/turn-state.ts'
import { redirect } from './alternate.ts'
import { refuse, replyOnce, type Request, success } from './answer.ts'
import { lifetimeMs } from './lifetime.ts'
import { newTicket } from './mobility.ts'
import { openRelayed, type Opened, type Wishes } from './open-relayed.ts'

export function allocate(turn: TurnState, request: Request): void {
  const { client } = request
  // RFC 8656 §7.2, 1. Credentials: were checked. 2. The five-tuple has an allocation, or carries a peer's
  // data.
  if (client.allocation !== null || client.bound !== null) return refuse(turn, request, 437)
  // 3. to 9. What is asked for makes sense, and is something that we have.
  const wishes = wishesOf(request)
  if (typeof wishes === 'number') return refuse(turn, request, wishes)
  const reservation = wishes.token === null ? null : turn.reservations.get(wishes.token)
  if (reservation === undefined) return refuse(turn, request, 508)
  if (reservation !== null && !isForThis(reservation, request)) return refuse(turn, request, 508)
  // 11. Other servers. A gateway that drains takes nobody in.
  if (redirect(turn, request, 'always')) return
  if (turn.isDraining) {
    if (!redirect(turn, request, 'full')) refuse(turn, request, 403)
    return
  }
  // 10. Quotas, before sockets are opened.
  const place = reservation?.place ?? takePlace(turn, request)
  if (typeof place === 'string') return refuseFull(turn, request, place)
  if (reservation !== null) {
    reservation.claim()
    const opened = { relayed: [reservation.relayed], next: null, missing: null }
    return begin(turn, request, wishes, { place, opened, token: null })
  }
  open(turn, request, wishes, place)
}

/** Opens what was asked for. */
function open(turn: TurnState, request: Request, wishes: Wishes, place: QuotaPlace): void {
  const nextPlace = wishes.reservesNext ? takePlace(turn, request) : null
  if (typeof nextPlace === 'string') {
    place.leave()
    return refuseFull(turn, request, nextPlace)
  }
  const opened = openRelayed(turn, request.client.listener, wishes)
  if (opened === null) {
    nextPlace?.leave()
    place.leave()
    return refuseFull(turn, request, 'ports')
  }
  const token =
    opened.next === null || nextPlace === null
      ? null
      : new Reservation(turn, {
          listener: request.client.listener,
          username: request.granted.username,
          relayed: opened.next,
          place: nextPlace,
        }).token
  begin(turn, request, wishes, { place, opened, token })
}

/** What an allocation begins with. */
interface Taken {
  readonly place: QuotaPlace
  readonly opened: Opened
  /** Of the port that was reserved beside it. */
  readonly token: string | null
}

function begin(turn: TurnState, request: Request, wishes: Wishes, { place, opened, token }: Taken): void {
  const { relayed, missing } = opened
  const { client, granted } = request
  const { listener } = client
  const lifetime = lifetimeMs(listener.config, wishes.lifetime)
  const allocation = turn.begin(
    {
      id: turn.chance(8),
      client,
      user: granted.user,
      username: granted.username,
      relays: wishes.transport,
      relayed4: relayed.find((one) => one.family === 4) ?? null,
      relayed6: relayed.find((one) => one.family === 6) ?? null,
      place,
      meter: turn.meterOf(listener.name, listener.realm),
    },
    lifetime,
  )
  const ticket = wishes.isMobile ? newTicket(turn, allocation) : null
  const answer = success(turn, request)
  for (const one of relayed) answer.address(ATTRIBUTES.XOR_RELAYED_ADDRESS, one.told)
  answer.u32(ATTRIBUTES.LIFETIME, lifetime / 1000)
  if (token !== null) answer.bytes(ATTRIBUTES.RESERVATION_TOKEN, Uint8Array.fromHex(token))
  answer.address(ATTRIBUTES.XOR_MAPPED_ADDRESS, client.address)
  if (missing !== null)
    answer.addressErrorCode(missing.family === 4 ? FAMILIES.IPV4 : FAMILIES.IPV6, missing.code)
  if (ticket !== null) answer.text(ATTRIBUTES.MOBILITY_TICKET, ticket)
  replyOnce(turn, request)
}

/** Steps 3 to 9 of RFC 8656 §7.2. */
function wishesOf({ client, message }: Request): Wishes | ErrorCode {
  const { relay } = client.listener.config
  if (relay === false) return 400
  // 3. REQUESTED-TRANSPORT: 400 without it, 442 for what is not relayed. RFC 6062 §5.1: TCP is for clients
  //   with a connection.
  const protocol = message.requestedTransport
  if (protocol === null || protocol === 'malformed') return 400
  const isTcp = protocol === TRANSPORTS.TCP
  if (isTcp && client.stream === null) return 400
  if (isTcp ? !relay.tcp : protocol !== TRANSPORTS.UDP) return 442
  // 4. DONT-FRAGMENT over UDP is something that Linux can do. RFC 6062 §5.1: none of these three with TCP.
  const { evenPort, reservationToken, lifetime } = message
  if (isTcp && (evenPort !== null || reservationToken !== null || message.dontFragment)) return 400
  if (lifetime === 'malformed' || evenPort === 'malformed' || reservationToken === 'malformed') return 400
  const families = familiesOf(client.listener, message)
  if (typeof families === 'number') return families
  // RFC 8016 §3.1.2: the ticket is empty, and mobility is allowed.
  const ticket = message.value(ATTRIBUTES.MOBILITY_TICKET)
  if (ticket !== null && !relay.mobility) return 405
  if (ticket !== null && ticket.length > 0) return 400
  return {
    transport: isTcp ? 'tcp' : 'udp',
    families,
    isEven: evenPort !== null,
    reservesNext: evenPort === true,
    token: reservationToken,
    lifetime,
    isMobile: ticket !== null && !isTcp,
  }
}

/** Steps 5 to 9: which families, and whether that goes with a reserved port. */
function familiesOf(
  listener: Request['client']['listener'],
  message: Message,
): readonly (4 | 6)[] | ErrorCode {
  const { requestedFamily: asked, additionalFamily: additional, evenPort, reservationToken: token } = message
  if (asked === 'malformed' || additional === 'malformed') return 400
  // 5. A reserved port is what it is: of one family, and even or not.
  if (token !== null && (evenPort !== null || asked !== null || additional !== null)) return 400
  // 6. One family by its name, or both.
  if (asked !== null && additional !== null) return 400
  // 8. and 9. A pair of ports is of one family, and what is added to IPv4 is IPv6.
  if (additional !== null && (evenPort === true || additional === FAMILIES.IPV4)) return 400
  if (token !== null) return []
  if (additional !== null) {
    if (additional !== FAMILIES.IPV6) return 440
    return listener.relayOf(4) === null && listener.relayOf(6) === null ? 440 : [4, 6]
  }
  // 7. Who names no family means IPv4.
  const family = asked === null || asked === FAMILIES.IPV4 ? 4 : asked === FAMILIES.IPV6 ? 6 : null
  return family === null || listener.relayOf(family) === null ? 440 : [family]
}

/** Whether a reserved port is for who asks for it. */
function isForThis(reservation: Reservation, { client, granted }: Request): boolean {
  return (
    !reservation.hasExpired &&
    reservation.listener === client.listener &&
    reservation.username === granted.username
  )
}

function takePlace(turn: TurnState, { client, granted }: Request): QuotaPlace | Quota {
  const { listener } = client
  const network = networkKey(client.address.ipKey)
  const { quotas } = listener.config
  return QuotaPlace.take(
    { quotas, counts: turn.countsOf(listener.realm), listener },
    granted.account,
    network,
  )
}

/**
 * 486 when it is the user's, the address's or the realm's quota; 508 when we can take nobody any more, or
 * another server if there is one.
 */
function refuseFull(turn: TurnState, request: Request, full: Quota | 'ports'): void {
  const { client, granted } = request
  turn.tellQuota(client.listener.name, full, granted.user, client.address.host)
  const isOurs = full === 'total' || full === 'ports'
  if (isOurs && redirect(turn, request, 'full')) return
  refuse(turn, request, isOurs ? 508 : 486)
}
