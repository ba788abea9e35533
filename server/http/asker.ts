// Who has a request sent to a backend (forward.ts): an exchange, or whoever else wants its answers.
import type { Server } from '../backends/server.ts'
import type { Fields } from '../head/fields.ts'
import type { RequestHead } from '../head/request-head.ts'
import type { ResponseHead } from '../head/response-head.ts'
import type { RequestLines } from '../head/write.ts'
import type { KeptFor } from '../lib/held-pieces.ts'
import type { OnBehalf } from '../lib/on-behalf.ts'
import type { ProxyVersion } from '../lib/proxy-header-out.ts'
import type { Wheel } from '../lib/wheel.ts'
import type { Fault, FaultCode } from '../tables/faults.ts'
import type { AttemptMeter } from '../telemetry/attempt-meter.ts'
import type { BodyForm, Outlet, Servers } from './ends.ts'
import type { Try } from './exchange.ts'
import type { Timing } from './timing.ts'

/** What attempts leave behind for the log and the metrics; see Exchange for each. */
export interface AttemptRecord {
  readonly id: string
  server: Server | null
  attempts: number
  fault: Fault | null
  detail: string | null
  tries: Try[] | null
  queueMs: number
  connectMs: number
  firstByteMs: number
}

export interface Asker extends AttemptRecord {
  readonly request: RequestHead
  /** The form of the body that is given to Forward. */
  readonly requestForm: BodyForm
  /** All of the body has been given. */
  readonly isRequestWhole: boolean
  /** By which algorithms that go by clients tell them apart. */
  readonly clientAddress: string
  /** How long servers and attempts may take. */
  readonly timing: Timing
  /** Higher ones go first where they wait for a server. */
  readonly priority: number
  /** By when it wants to be over: performance.now() in ms; 0: whenever. */
  readonly dueMs: number
  /** Who counts what is kept for it. */
  readonly keptFor: KeptFor
  /** What is written into the request beside its own fields. Valid until the next call. */
  linesFor(server: Server): RequestLines
  /** On whose behalf it asks, for servers that are told so. */
  onBehalf(version: ProxyVersion): OnBehalf
  /** More of the body than the server takes is not wanted, for now. */
  pauseClient(): void
  resumeClient(): void

  /** What is to come of the body may go there past it. */
  pourInto(outlet: Outlet): void
  /** Where content of the answer may go past it; null: it must see it, or is not ready. */
  readonly outlet: Outlet | null

  // ── what becomes of it: `refused` or `unanswered`; or `answered`, then `answerEnd` or `broken` ──

  interim(head: ResponseHead): void
  /** The head is its own from here on. */
  answered(head: ResponseHead, form: BodyForm): void
  answerBody(bytes: Buffer, from: number, to: number, content: number): void
  answerEnd(trailers: Fields | null): void
  /** No attempt could be made. */
  refused(code: FaultCode): void
  /** Every attempt was lost; `detail` says more about the last. */
  unanswered(code: FaultCode): void
  /** The answer broke off. */
  broken(code: FaultCode): void
  /** Behind the answer, all of the request is sent, or nobody takes its rest. */
  uploadOver(): void
}

/** What attempts are made with. */
export interface AskerWorld {
  readonly servers: Servers
  readonly wheel: Wheel
  readonly meter: { readonly attempts: AttemptMeter }
  readonly isDebugging: boolean
  /** Chance in [0, 1). */
  chance(): number
}
