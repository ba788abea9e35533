// Where connections of ours lead: a server of a backend, or whatever the client asks. What one connection
// needs to know of it, and what all of them share.
import type { AnswerLimits } from '../head/response-head.ts'
import type { OnBehalf } from '../lib/on-behalf.ts'
import type { Listed, Recent } from '../lib/recent.ts'
import type { ServerTls } from '../tls/server-tls.ts'

export interface Endpoint {
  /** A name or an address, without brackets. */
  readonly host: string
  readonly port: number
  /** What goes into a Host field; the port is left out where it is the scheme's own. */
  readonly authority: string
  /** How TLS is spoken with it; null: it is spoken to in plain text. */
  readonly tls: ServerTls | null
  /** On whose behalf connections to it are made, if it is told so; null: they are anybody's. */
  readonly onBehalf: OnBehalf | null
  readonly timeouts: EndpointTimeouts
  /** How the heads of its answers are read. */
  readonly answers: AnswerLimits
  /** Most idle connections in its pool. */
  readonly poolSize: number
  readonly live: EndpointLive
}

/** In ms. */
export interface EndpointTimeouts {
  /** Until a connection stands, whichever of its addresses that is to. */
  readonly connect: number
  /** Silence before the head of an answer, once all of the request is sent. */
  readonly response: number
  /** Silence within a body, in either direction. */
  readonly idle: number
  /** The same between two pieces of an answer of no known length, if that is longer. */
  readonly stream: number
  /** Bytes a second that it must take of a body, 0: any; left out: as any backend says by default. */
  readonly rate_min?: number
}

/** What is known of it from the connections so far. */
export interface EndpointLive {
  /** Idle connections by their last use; they belong to the codec that put them there. */
  readonly idle: Recent<Listed>
  /** Connections open, idle ones included. */
  open: number
  /** How long an idle connection is kept; 0: none is. */
  keepAliveMs: number
  /** Which of the host's addresses is dialled next. */
  addressAt: number
  /** It is of no further use, or out of use for a while: connections end after their exchange. */
  isRetired: boolean
  /** Answers with bytes behind them that belong to none. */
  surplus: number
}
