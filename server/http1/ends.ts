// What the two ends of HTTP/1.1 tell the exchange between them. The exchange calls the connections' own
// methods.
import type { Framing } from '../head/framing.ts'
import type { ResponseHead } from '../head/response-head.ts'
import type { FaultCode } from '../tables/faults.ts'
import type { Inbound } from './inbound.ts'
import type { Outbound } from './outbound.ts'

/** An exchange as its client connection sees it. */
export interface ClientEvents {
  /** A piece of the request's body (or of a tunnel). */
  requestBody(bytes: Buffer, from: number, to: number): void
  /** The request's body, or the client's half of a tunnel, is over; not told of a request without a body. */
  requestEnd(): void
  /** The request broke its framing or came too slowly: nothing further of it will come. */
  requestFault(code: FaultCode): void
  /** The client is gone or must be given up; its socket is dealt with already. */
  clientGone(code: FaultCode): void
  /** All that was written to the client is sent. */
  clientDrained(): void
}

/** Who waits for a connection to a server. It hears one of the two, once. */
export interface DialEvents {
  /** Connected: the request may be written. */
  serverOpen(conn: Outbound): void
  /** No connection came to be. */
  serverGone(code: FaultCode): void
}

/** An exchange as its server connection sees it. */
export interface ServerEvents extends DialEvents {
  /** A 1xx other than 101. */
  serverInterim(head: ResponseHead): void
  /** The final head, or a 101 that was asked for. `isAlone`: no byte of what follows it has come yet. */
  serverAnswer(head: ResponseHead, framing: Framing, isAlone: boolean): void
  serverBody(bytes: Buffer, from: number, to: number): void
  /** The answer, or the server's half of a tunnel, is over. */
  serverEnd(): void
  /** The connection failed before the answer was over; it is gone. */
  serverGone(code: FaultCode): void
  serverDrained(): void
  /** The answer was over before its request: all of that is sent now, or the server wants no more of it. */
  uploadOver(): void
  /** The server answers, but has not taken anything of the request for too long. */
  uploadStalled(): void
}

/** What the proxy gives to a listener's connections. */
export interface Requests {
  /** A whole head has arrived in `client.head`. The exchange that serves it. */
  begin(client: Inbound): ClientEvents
  /** A head was refused: answers, logs, and ends the connection. The exchange whose answer that is. */
  refuse(client: Inbound, code: FaultCode): ClientEvents
  /** New connections are turned away and idle ones end. */
  readonly isDraining: boolean
  /**
   * A limit of the config refused something: it is counted, and told now and then. `limit` is where it is
   * set, such as `listeners.web.limits.connections`.
   */
  limitReached(limit: string, value: number): void
  opened(client: Inbound): void
  closed(client: Inbound): void
}
