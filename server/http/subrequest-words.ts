// What is said of a request of ours to a backend, and what is told of its answer: types only, for steps of
// middleware and whoever else asks. How it is done: subrequest.ts.
import type { Backend } from '../backends/backend.ts'
import type { Server } from '../backends/server.ts'
import type { Fields } from '../head/fields.ts'
import type { RequestHead } from '../head/request-head.ts'
import type { ResponseHead } from '../head/response-head.ts'
import type { FaultCode } from '../tables/faults.ts'
import type { SubrequestPurpose } from '../telemetry/subrequest-meter.ts'
import type { Timing } from './timing.ts'

export interface SubrequestWords {
  readonly purpose: SubrequestPurpose
  readonly backend: Backend
  /** Its own: made, or a copy (head/copy-head.ts). */
  readonly request: RequestHead
  readonly body?: SubrequestBody
  /** How long servers and attempts may take; left out: as the backend says. */
  readonly timing?: Timing
  /** Until its answer must be whole, in ms. */
  readonly totalMs: number
  /** Most bytes of the answer's body. */
  readonly answerBytes: number
  /** A longer body is cut there, and no failure. */
  readonly cuts?: boolean
  /** Among those who wait for a server; left out: 0. */
  readonly priority?: number
}

export interface SubrequestBody {
  /** As the request's head says it; see BodyForm (ends.ts). */
  readonly form: 'length' | 'content' | 'as_it_came'
  /** All of it; or so many bytes at the most follow. */
  readonly bytes: Buffer | { readonly most: number }
}

/** One that is under way. */
export interface UnderWay {
  /** Of a body that follows. Too much of it is a failure. */
  body(bytes: Buffer, from: number, to: number): void
  bodyEnd(trailers: Fields | null): void
  /** Nobody waits for it any more: nothing further is told. */
  cancel(): void
}

/** Why there is no answer. */
export type SubrequestFault = FaultCode | 'timed_out' | 'answer_too_large'

/** Who hears of it, in events (lib/event.ts): `failed`; or `head`, then `body`, and `whole` or `failed`. */
export interface SubrequestEvents {
  /** The head, of this server, is theirs from here on: who needs it no more gives it back (`giveHead`). */
  head(head: ResponseHead, server: Server | null): void
  /** A piece of content, lent until this returns. */
  body(bytes: Buffer, from: number, to: number): void
  /** The answer is over, or (isCut) as much of it as was wanted. */
  whole(isCut: boolean): void
  /** `detail`: more about it, for people; null: the code says all. */
  failed(code: SubrequestFault, detail: string | null): void
}

/** An answer, collected. */
export interface SubrequestAnswer {
  readonly is: 'answer'
  readonly status: number
  readonly head: ResponseHead
  readonly body: Buffer
  /** There is more of the body than that. */
  readonly isCut: boolean
}

export interface SubrequestFailure {
  readonly is: 'failure'
  /** subrequest_limit: as many as may be are under way. */
  readonly code: SubrequestFault | 'subrequest_limit'
  readonly detail: string | null
}

/** One whose answer is collected. */
export interface Awaited {
  /** Never rejected; not settled behind `cancel`. */
  readonly answer: Promise<SubrequestAnswer | SubrequestFailure>
  cancel(): void
}

/** Asks backends on behalf of one client; it may be kept longer than the exchange that it is of. */
export interface AsksBackends {
  /**
   * Sends it, within an event (lib/event.ts); what becomes of it may be told before this returns. Null: as
   * many as may be are under way, which is told to operators and to nobody else.
   */
  ask(words: SubrequestWords, events: SubrequestEvents): UnderWay | null
  /** The same, its answer collected. From wherever it is called. */
  answerOf(words: SubrequestWords): Awaited
}
