// The port between an exchange and the codecs, types only: an exchange knows streams, never connections,
// sockets or framing. One request and its answer are one ClientStream; one attempt at a server is one
// ServerStream. `http1/` implements both ends, and so will every other codec: nothing of http/ changes with
// it.
//
// Whose is what:
//   codec      framing, keep-alive, what HTTP/1.0 may not be sent, Date and Connection lines, upgrades of the
//              connection, the memory of heads and of what its socket has not taken yet, pools, dials
//   exchange   rules, steps, attempts, who the client is, what is logged and counted
//
// A stream's life, at the client's end:   begin → [takeContent] → requestBody* → requestEnd
//                                         interim* → head → write* → writeEnd → finish
//                     at the server's:    open → serverOpen → [takeContent] → ask → write* → requestEnd
//                                         serverInterim* → serverAnswer → serverBody* → serverEnd → finish
// It ends in one of three ways, spelled alike everywhere: `finish` (in order), `drop` (silent: nobody hears
// of it), `fail(code)` (told to who is served by it). `reset` is a client's stream cut by the exchange,
// `cancel` a server's. After its end a stream tells nothing any more, and nothing may be asked of it: it may
// be another's.
//
// How an HTTP/2 codec would stand behind it (RFC 9113):
//   requests   HEADERS are decoded into the bytes of an HTTP/1.1 head and read by RequestHead.scan, so that there
//              is one validator, and rules, edits and logs see what they see today; extended CONNECT (RFC 8441)
//              becomes a GET with Upgrade, its 101 becomes the 200 that is meant.
//   bodies     DATA is content: `takesFraming` is false, pieces are never `as_it_came`; trailers are told apart.
//   pause      withholds WINDOW_UPDATE for this stream (and resume sends what was withheld); `waitingBytes` is what
//              waits for the other side's window or for the socket, and *Drained tells that it is gone.
//   client     RST_STREAM from it: `clientGone('client_abort')`. GOAWAY from it changes nothing for what runs.
//              `reset(code)` sends RST_STREAM (INTERNAL_ERROR; CANCEL where the gateway stops), `writeEnd` sends
//              END_STREAM, `takeNoMore` nothing: other streams of the connection are no concern of this one. `finish` before
//              the request's end sends RST_STREAM(NO_ERROR). `endIfIdle` sends GOAWAY.
//   server     RST_STREAM from it before its answer: `serverLost` with `reached: 'request'`; REFUSED_STREAM, and
//              GOAWAY whose last id is below the stream's: `reached: 'nothing'` and `isStale`, as no byte was looked at:
//              any method may be sent again, and the attempt is not counted. RST_STREAM(NO_ERROR) behind a whole
//              answer: `uploadOver`. `cancel` sends RST_STREAM(CANCEL) and leaves the connection to its other
//              streams; `finish` gives the stream's place back. `persists` is true: a stream ends no connection.
//   upgrades   `endWrites` of a tunnel sends END_STREAM.
import type { Accepted } from '../accept/entry.ts'
import type { Backend } from '../backends/backend.ts'
import type { Server, ServerLive, ServerTimeouts } from '../backends/server.ts'
import type { Fields } from '../head/fields.ts'
import type { RequestHead } from '../head/request-head.ts'
import type { ResponseHead } from '../head/response-head.ts'
import type { RequestLines } from '../head/write.ts'
import type { OnBehalf } from '../lib/on-behalf.ts'
import type { ProxyVersion } from '../lib/proxy-header-out.ts'
import type { Socket } from '../sockets/socket.ts'
import type { Listener } from '../snapshot/snapshot.ts'
import type { FaultCode, Loss } from '../tables/faults.ts'
import type { KnownClient, Told } from './exchange.ts'
import type { ClientTimes } from './timing.ts'

/** What a request may come by. */
export type Protocol = 'HTTP/1.0' | 'HTTP/1.1' | 'HTTP/2' | 'HTTP/3'

/**
 * How the body of a message is told or wanted.
 *   none         there is no body
 *   length       content, as much as the head's Content-Length says
 *   content      content of unknown length: whoever sends it frames it, and trailers are told apart
 *   as_it_came   HTTP/1.1 chunks, framing and trailers included, between two ends that both take that
 */
export type BodyForm = 'none' | 'length' | 'content' | 'as_it_came'

/** A connection of a client, as exchanges see it: what all of its streams share. */
export interface ClientConnection {
  /** Whose rules the next request meets: of the snapshot in force. */
  readonly listener: Listener
  /** What was known of it when its codec got it. */
  readonly from: Accepted
  /** The exchanges' own notes on the client, kept from one request to the next. */
  known: KnownClient | null
  /** On whose behalf servers were told that its requests are; null: none was. */
  told: Told | null
  /** An exchange is under way, or its answer has not left yet. */
  readonly isServing: boolean
  /** Whose answer the exchange under way on it has, or waits for; null: no server's. */
  readonly server: Server | null
  /** Since when nothing has been asked on it, nor is served; NaN: something is. */
  readonly idleSinceMs: number
  /** Ends it if nothing is served on it: a drain, or others wait to be accepted. */
  endIfIdle(): void
  /** Ends it and whatever is served on it, which hears why. */
  fail(code: FaultCode): void
}

/** The way past us into a stream: its codec's business. */
export interface Outlet {
  readonly socket: Socket | null
  /** Bytes that come for it are sent: it is neither broken, nor is what is left dropped. */
  readonly isOpen: boolean
  /** So many bytes have come for it, and it has taken so many of what had come. */
  pouredInto(came: number, gone: number): void
}

/** What both ends of an exchange are: bytes out with backpressure, bytes in with pause. */
export interface Half {
  /**
   * Sends `bytes[from..to)`, which must stay as they are until this returns; what the other side does not
   * take now waits in memory of the codec's own.
   */
  write(bytes: Buffer, from: number, to: number): void
  /** What waits. Who writes on while there is any asks for unbounded memory. */
  readonly waitingBytes: number
  /** No further piece is read until `resume`; what was read already may still come. */
  pause(): void
  resume(): void
  /** Half of a tunnel ends: nothing more is written. */
  endWrites(): void
  /** Where bytes may go past us; null: nothing can. */
  readonly outlet: Outlet | null
  /**
   * What comes of a tunnel, or is to come of a body of known length, may go there past us, as far as that can
   * be; the rest is told as ever.
   */
  pourTo(outlet: Outlet): void
  /** A body may be written as HTTP/1.1 chunks that came from elsewhere. */
  readonly takesFraming: boolean
  /**
   * Before the first piece is read: pieces are to hold content only, and trailers are told apart. Without it
   * a body comes in the form that is cheapest.
   */
  takeContent(): void
}

/** Where the body of an answer goes: the client's stream, or whatever changes it before. */
export interface Sink {
  /**
   * A piece in the form of the answer's head; `content`: how much of it is none of framing, all if left out.
   */
  write(bytes: Buffer, from: number, to: number, content?: number): void
  /** The answer is whole. `trailers` were told apart from content. */
  writeEnd(trailers: Fields | null): void
}

/** A request of a client, and the way its answer goes back. */
export interface ClientStream extends Half, Sink {
  readonly connection: ClientConnection
  /** What the request came by. */
  readonly protocol: Protocol
  /** Owned by the stream: valid until its end. */
  readonly request: RequestHead
  /** The form in which the request's body is told. */
  readonly requestForm: BodyForm
  /** Content of the request as it declares it; 0: there is no body; -1: unknown. */
  readonly declaredBytes: number
  /**
   * Content of the request that has come, and content of the answer that was written; in a tunnel all bytes.
   */
  readonly receivedBytes: number
  readonly sentBytes: number
  /** A 1xx answer, not 101. One that the client's protocol does not know is left out. */
  interim(head: ResponseHead): void
  /** The head of the final answer, or a 101, behind which lies a tunnel (`becomeTunnel`). */
  head(head: ResponseHead, form: BodyForm): void
  write(bytes: Buffer, from: number, to: number, content?: number): void
  /** Its client may take as long as that. */
  takeTimes(times: ClientTimes): void
  /** From now on bytes pass as they are, both ways. */
  becomeTunnel(): void
  /**
   * Behind this answer there is no further request: of what is left of this one nobody can say where it ends.
   */
  takeNoMore(): void
  /**
   * So many bytes more are kept for this exchange, or fewer: they count for `limits.buffers` until its end.
   */
  countKept(delta: number): void
  /**
   * The exchange is over, and all of its answer has left: the next request may come. Of a tunnel what waits
   * still leaves.
   */
  finish(): void
  /** Cuts the answer so that the client sees it as cut. Nothing is told to the exchange. */
  reset(code: FaultCode): void
}

/** What a client's stream tells its exchange. */
export interface ClientEvents {
  /** Who serves it now. */
  readonly server: Server | null
  /** A piece of the request's body (or of a tunnel), lent until this returns. */
  requestBody(bytes: Buffer, from: number, to: number): void
  /** The request's body, or the client's half of a tunnel, is over; not told of a request without a body. */
  requestEnd(trailers: Fields | null): void
  /** The request broke its framing or came too slowly: nothing further of it will come. */
  requestFault(code: FaultCode): void
  /**
   * The client is gone or must be given up. The stream has ended; only `finish` may be asked of it yet: it
   * had its answer, and nothing is to be cut.
   */
  clientGone(code: FaultCode): void
  /** All that was written to the client has left. */
  clientDrained(): void
}

/** What codecs ask of the gateway. */
export interface Requests {
  /** A whole head has arrived. The exchange that serves it. */
  begin(stream: ClientStream): ClientEvents
  /** A head was refused: answers, logs, and takes no further request. The exchange whose answer that is. */
  refuse(stream: ClientStream, code: FaultCode): ClientEvents
  /** New connections are turned away and idle ones end. */
  readonly isDraining: boolean
  opened(connection: ClientConnection): void
  closed(connection: ClientConnection): void
  /** Ends those that are idle, of these. */
  endIdle(which: (connection: ClientConnection) => boolean): void
}

/** An attempt at a server: a request of ours and its answer. */
export interface ServerStream extends Half {
  /** Its connection has served others: the server may have closed it meanwhile. */
  readonly isReused: boolean
  /** Sends the head of the request. `upgrades`: the protocols that a 101 may switch to. */
  ask(request: RequestHead, lines: RequestLines, form: BodyForm, upgrades: readonly string[]): void
  /** All of the request is written: from now on its answer is awaited. */
  requestEnd(trailers: Fields | null): void
  /** Nobody waits for the rest of the request: what is written is dropped, and only the answer is read. */
  stopUpload(): void
  /** With its answer's head here: the rest of its request may be sent behind the answer too. */
  readonly persists: boolean
  /**
   * With its answer whole: the server still takes the rest of the request, and `uploadOver` comes before
   * `finish`.
   */
  readonly takesRest: boolean
  /** The answer is whole: the connection may serve others. */
  finish(): void
  /** Stops whatever is under way; no event follows. */
  cancel(): void
  /** Who hears of it from now on, in place of who did. */
  take(events: ServerEvents): void
}

/** What a server's stream tells. */
export interface ServerEvents {
  /** It stands: the request may be asked. */
  serverOpen(stream: ServerStream): void
  /** A 1xx other than 101. The head is valid until this returns. */
  serverInterim(head: ResponseHead): void
  /**
   * The final head, or a 101 that was asked for. It belongs to who hears of it, who gives it back
   * (`giveHead`) once nobody looks at it any more.
   */
  serverAnswer(head: ResponseHead, form: BodyForm): void
  /** A piece of the answer's body, lent until this returns; `content`: how much of it is none of framing. */
  serverBody(bytes: Buffer, from: number, to: number, content: number): void
  /** The answer, or the server's half of a tunnel, is over. */
  serverEnd(trailers: Fields | null): void
  /** No stream came to be, or it broke before its answer was over; it has ended. */
  serverLost(loss: Loss): void
  /** All that was written to the server has left. */
  serverDrained(): void
  /**
   * Behind its answer, all of the request is sent, or the server wants no more of it: the stream may be
   * finished.
   */
  uploadOver(): void
  /** The server answers, but has not taken anything of the request for too long. */
  uploadStalled(): void
}

/** For whom a stream is opened. */
export interface Opener extends ServerEvents {
  /** On whose behalf, for servers that are told so. */
  onBehalf(version: ProxyVersion): OnBehalf
  /** How long the server may take; null: as its backend says. */
  readonly timeouts: ServerTimeouts | null
}

/** A stream that is being opened. */
export interface Opening {
  /** Nobody wants it any more: no event follows. */
  cancel(): void
}

/** The way to servers: pools, names and dials are behind it. Which codec it is goes by the server. */
export interface Servers {
  /**
   * Whether every server of a backend takes bodies of requests as HTTP/1.1 chunks that came from elsewhere.
   */
  takeFraming(backend: Backend): boolean
  /**
   * Opens a stream: `opener` hears serverOpen or serverLost once, perhaps before this returns. `isFresh`: on
   * no connection that has served before, as one was just found stale. Null: it has been told already.
   */
  open(server: Server, request: RequestHead, isFresh: boolean, opener: Opener): Opening | null
  /** No snapshot names this server any more: its idle connections end, others after what is on them. */
  retire(live: ServerLive): void
  /** The same for a while: a person has taken it out of use, or (false) brings it back. */
  rest(live: ServerLive, isResting: boolean): void
}
