// A request of ours to a backend, without a client: by the same Forward as a client's, so with its pick, its
// limits and breaker, its retries. Whoever asks hears of the answer by callbacks. It is bounded in the bytes
// of its answer and in time, holds no exchange, and nobody's reading is stopped for it.
import type { Server } from '../backends/server.ts'
import type { Fields } from '../head/fields.ts'
import type { RequestHead } from '../head/request-head.ts'
import { type ResponseHead, giveHead } from '../head/response-head.ts'
import type { RequestLines } from '../head/write.ts'
import { countBuffered } from '../lib/buffers.ts'
import { nowMs } from '../lib/clock.ts'
import { Deadline } from '../lib/deadline.ts'
import { OnBehalf } from '../lib/on-behalf.ts'
import type { ProxyVersion } from '../lib/proxy-header-out.ts'
import type { Fault, FaultCode } from '../tables/faults.ts'
import type { SubrequestOutcome } from '../telemetry/subrequest-meter.ts'
import type { AskedFor } from './asked-for.ts'
import type { Asker, AskerWorld } from './asker.ts'
import type { BodyForm } from './ends.ts'
import type { Try } from './exchange.ts'
import { Forward } from './forward.ts'
import { requestLines } from './forwarded-headers.ts'
import { KeptBody } from './kept-body.ts'
import type {
  SubrequestAnswer,
  SubrequestEvents,
  SubrequestFailure,
  SubrequestFault,
  SubrequestWords,
  UnderWay,
} from './subrequest-words.ts'
import type { Timing } from './timing.ts'
import { headerOf } from './told.ts'

interface SubrequestParts {
  readonly words: SubrequestWords
  readonly of: AskedFor
  readonly events: SubrequestEvents
  readonly world: SubrequestWorld
}

export interface SubrequestWorld extends AskerWorld {
  /** It is over. */
  subrequestOver(one: Subrequest, outcome: SubrequestOutcome): void
}

const AS_BACKEND_SAYS: Timing = { server: null, client: null, attemptMs: 0, totalMs: -1 }

export class Subrequest implements Asker, UnderWay {
  readonly words: SubrequestWords
  readonly #of: AskedFor
  // What attempts leave behind.
  readonly id: string
  server: Server | null = null
  attempts = 0
  fault: Fault | null = null
  detail: string | null = null
  tries: Try[] | null = null
  queueMs = 0
  connectMs = 0
  firstByteMs = 0
  // What Forward asks.
  readonly request: RequestHead
  readonly requestForm: BodyForm
  isRequestWhole: boolean
  readonly clientAddress: string
  readonly timing: Timing
  readonly priority: number
  readonly dueMs: number
  readonly outlet = null

  readonly startedMs = nowMs
  readonly #events: SubrequestEvents
  readonly #world: SubrequestWorld
  readonly #deadline: Deadline
  #forward: Forward | null = null
  #isOver = false
  #isAnswered = false
  /** Of a body that follows. */
  readonly #bodyMost: number
  #sentBytes = 0
  #answerBytes = 0
  #kept = 0

  constructor({ words, of, events, world }: SubrequestParts) {
    const { body, request, timing, priority, totalMs } = words
    this.words = words
    this.#of = of
    this.#events = events
    this.#world = world
    this.id = of.id
    this.request = request
    this.requestForm = body?.form ?? 'none'
    this.isRequestWhole = body === undefined || !('most' in body.bytes)
    this.clientAddress = of.client.address ?? of.client.socketAddress
    this.timing = timing ?? AS_BACKEND_SAYS
    this.priority = priority ?? 0
    this.#bodyMost = body !== undefined && 'most' in body.bytes ? body.bytes.most : 0
    this.dueMs = nowMs + totalMs
    this.#deadline = new Deadline(world.wheel, () => this.#fail('timed_out', 'timed_out', this.detail))
  }

  /** Sets out; what becomes of it may be told before this returns. */
  start(): void {
    const { backend, body } = this.words
    let whole: KeptBody | null = null
    if (body !== undefined && !('most' in body.bytes) && body.bytes.length > 0) {
      whole = new KeptBody(this)
      whole.push(body.bytes, 0, body.bytes.length)
    }
    this.#deadline.at(this.dueMs)
    this.#forward = new Forward(this, backend, this.#world, whole)
    this.#forward.attempt()
  }

  // ── a body that follows ──

  body(bytes: Buffer, from: number, to: number): void {
    if (this.#isOver) return
    this.#sentBytes += to - from
    if (this.#sentBytes > this.#bodyMost) return this.#fail('too_large', 'body_too_large')
    if (!this.#isAnswered || this.#forward?.isUploading === true) this.#forward?.body(bytes, from, to)
  }

  bodyEnd(trailers: Fields | null): void {
    if (this.#isOver) return
    this.isRequestWhole = true
    this.#forward?.bodyEnd(trailers)
  }

  cancel(): void {
    if (!this.#isOver) this.#settle('cancelled')
  }

  // ── what Forward asks ──

  get keptFor(): this {
    return this
  }
  countKept(delta: number): void {
    if (this.#isOver) return
    this.#kept += delta
    countBuffered(delta)
  }
  linesFor(server: Server): RequestLines {
    const { id, request } = this
    const { client, listener, protocol } = this.#of
    return requestLines({ id, request, client, listener, stream: { protocol } }, server)
  }
  /** Of a connection that serves this alone: what is said by it holds for no other request. */
  onBehalf(version: ProxyVersion): OnBehalf {
    const { client, ...way } = this.#of
    const onBehalf = new OnBehalf(headerOf(way, client, version))
    onBehalf.over()
    return onBehalf
  }
  /** Bodies are here, or bounded where they follow: nobody is held up. */
  pauseClient(): void {}
  resumeClient(): void {}
  pourInto(): void {}

  // ── what becomes of it ──

  interim(): void {}

  answered(head: ResponseHead, form: BodyForm): void {
    if (form === 'as_it_came') this.#forward?.stream?.takeContent()
    this.#isAnswered = true
    this.#events.head(head, this.server)
  }

  answerBody(bytes: Buffer, from: number, to: number): void {
    if (this.#isOver) return
    const { answerBytes, cuts } = this.words
    const room = answerBytes - this.#answerBytes
    const end = Math.min(to, from + room)
    this.#answerBytes += end - from
    if (end > from) this.#events.body(bytes, from, end)
    if (end === to || this.#isOver) return
    if (cuts === true) this.#whole(true)
    else this.#fail('too_large', 'answer_too_large')
  }

  answerEnd(): void {
    if (!this.#isOver) this.#whole(false)
  }

  refused(code: FaultCode): void {
    this.unanswered(code)
  }
  unanswered(code: FaultCode): void {
    this.#fail('failed', code, this.detail)
  }
  broken(code: FaultCode): void {
    this.#fail('failed', code, this.detail)
  }
  uploadOver(): void {}

  // ── ends ──

  #whole(isCut: boolean): void {
    this.#settle('answered')
    this.#events.whole(isCut)
  }

  #fail(outcome: SubrequestOutcome, code: SubrequestFault, detail: string | null = null): void {
    if (this.#isOver) return
    this.#settle(outcome)
    this.#events.failed(code, detail)
  }

  #settle(outcome: SubrequestOutcome): void {
    this.#isOver = true
    this.#deadline.stop()
    this.#forward?.drop()
    if (this.#kept !== 0) countBuffered(-this.#kept)
    this.#world.subrequestOver(this, outcome)
  }
}

/** Collects an answer, and keeps its head. */
export class Collected implements SubrequestEvents {
  readonly #pieces: Buffer[] = []
  readonly #tell: (told: SubrequestAnswer | SubrequestFailure) => void
  #head: ResponseHead | null = null

  constructor(tell: (told: SubrequestAnswer | SubrequestFailure) => void) {
    this.#tell = tell
  }

  head(head: ResponseHead): void {
    this.#head = head
  }

  body(bytes: Buffer, from: number, to: number): void {
    this.#pieces.push(Buffer.from(bytes.subarray(from, to)))
  }

  whole(isCut: boolean): void {
    const head = this.#head as ResponseHead
    const { status } = head
    this.#tell({ is: 'answer', status, head, body: Buffer.concat(this.#pieces), isCut })
  }

  failed(code: SubrequestFault, detail: string | null): void {
    if (this.#head !== null) giveHead(this.#head)
    this.#tell({ is: 'failure', code, detail })
  }
}
