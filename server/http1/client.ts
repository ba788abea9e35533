// The one HTTP client of the house: a request of ours to whatever speaks HTTP/1.1, over the outbound end that
// also speaks to the servers of users, so that both read an answer the same way. Each request has a
// connection of its own, which ends with it: what is asked here never shares the fate of what users send.
//
//   name ──▶ connection ──▶ request, answer ──▶ body ──▶ done          a redirect begins again, if it is asked for
//     └──────────┴─────────────────┴───────────────┴───▶ failure, also when the time is over; or cancelled: silence
import { protocolsOf } from '../head/protocols.ts'
import { type ResponseHead, giveHead } from '../head/response-head.ts'
import type { BodyForm, ServerEvents } from '../http/ends.ts'
import type { Loss } from '../tables/faults.ts'
import { guarded } from '../lib/bug.ts'
import { nowMs } from '../lib/clock.ts'
import { event } from '../lib/event.ts'
import { OnBehalf } from '../lib/on-behalf.ts'
import { Recent } from '../lib/recent.ts'
import type { Timed } from '../lib/wheel.ts'
import { Reach } from '../reach/reach.ts'
import type { FaultCode } from '../tables/faults.ts'
import {
  type AskAnswer,
  type AskFailure,
  type AskFault,
  type AskField,
  type AskLimits,
  type AskPhase,
  type AskRequest,
  type AskTarget,
  HEAD_BYTES_MAX,
  askFailure,
} from './ask.ts'
import { isRedirect, redirected, requestHead, whyInvalid } from './ask-request.ts'
import type { Endpoint } from './endpoint.ts'
import type { OutboundEvents, OutboundWorld } from './dial-server.ts'
import type { Outbound } from './outbound.ts'

/** Hears how an asking ended, once and never before the call that began it has returned. */
export type AskDone = (end: AskAnswer | AskFailure) => void
/** Gives an asking up: nobody hears of it any more, and its connection ends. */
export type Cancel = () => void

/** The shortest field of a head. */
const FIELD_BYTES_MIN = 4
/** What is read of a body that nobody wants. */
const DROP_MS = 1000
const DROP_BYTES_MAX = 256 * 1024

export class HttpClient {
  readonly #world: OutboundWorld

  constructor(world: OutboundWorld) {
    this.#world = world
  }

  /** Sends a request and reads its answer. */
  ask(target: AskTarget, request: AskRequest, limits: AskLimits, done: AskDone): Cancel {
    return this.#begin(new Ask(this.#world, target, limits, done), request)
  }

  /** Only connects, and ends the connection again; null: it stood. */
  reach(target: AskTarget, total: number, done: (failure: AskFailure | null) => void): Cancel {
    const limits = { total, body: 0 }
    const ask = new Ask(this.#world, target, limits, (end) => done(end.is === 'failure' ? end : null))
    return this.#begin(ask, null)
  }

  #begin(ask: Ask, request: AskRequest | null): Cancel {
    queueMicrotask(() => event(() => guarded(() => ask.start(request))))
    return () => ask.cancel()
  }
}

const NO_BYTES = Buffer.alloc(0)
/** That a connection stood. */
const STOOD: AskAnswer = { is: 'answer', status: 0, fields: [], body: NO_BYTES, isCut: false }

class Ask implements Timed, OutboundEvents, ServerEvents {
  dueMs = 0
  filedTick = -1
  filedPlace = 0
  readonly #world: OutboundWorld
  readonly #limits: AskLimits
  #target: AskTarget
  #request: AskRequest | null = null
  /** Null: it is over. */
  #done: AskDone | null
  #endMs = Infinity
  #reach: Reach<Endpoint, Outbound> | null = null
  #conn: Outbound | null = null
  #redirects = 0
  #status = 0
  #fields: readonly AskField[] | null = null
  #pieces: Buffer[] = []
  #bytes = 0

  constructor(world: OutboundWorld, target: AskTarget, limits: AskLimits, done: AskDone) {
    this.#world = world
    this.#target = target
    this.#limits = limits
    this.#done = done
  }

  start(request: AskRequest | null): void {
    if (this.#done === null) return
    this.#endMs = nowMs + this.#limits.total
    this.#world.wheel.due(this, this.#endMs)
    const why = request === null ? null : whyInvalid(request)
    if (why !== null) return this.#fail('request_invalid', why)
    this.#request = request
    this.#connect()
  }

  cancel(): void {
    if (this.#done !== null) event(() => this.#end())
  }

  expire(): void {
    if (this.#done === null) this.#end()
    else this.#fail('timed_out')
  }

  // ── name, connection ──

  #connect(): void {
    this.#reach = new Reach(endpointOf(this.#target, this.#limits), this.#world, this)
    this.#reach.start()
  }

  serverOpen(conn: Outbound): void {
    this.#reach = null
    this.#conn = conn
    if (this.#request === null) return this.#answer(STOOD)
    const { method, fields, body } = this.#request
    const upgrades = fields.filter(([name]) => name.toLowerCase() === 'upgrade').map(([, value]) => value)
    conn.take(this)
    conn.begin(method === 'HEAD', protocolsOf(upgrades))
    const head = requestHead(this.#request, this.#target.authority)
    conn.writeSmall(head)
    if (body !== null) conn.write(Buffer.from(body.buffer, body.byteOffset, body.length), 0, body.length)
    conn.requestEnd(null)
  }

  // ── answer ──

  serverInterim(): void {}

  serverAnswer(head: ResponseHead, form: BodyForm): void {
    this.#conn?.takeContent()
    const { redirects = 0, body, cuts = false, wantsBody } = this.#limits
    const { status } = head
    const location = redirects > 0 && isRedirect(status) ? head.get('location') : null
    const isTooLong = form === 'length' && Number(head.get('content-length')) > body
    const fields = fieldsOf(head)
    giveHead(head)
    if (location !== null) return this.#follow(status, location)
    this.#status = status
    this.#fields = fields
    if (status === 101) return this.#answer(this.#answerSoFar(false))
    if (form === 'none') return
    if (wantsBody?.(status) === false) return this.#answerEarly()
    if (isTooLong && !cuts) this.#fail('answer_too_large')
  }

  #follow(status: number, location: string): void {
    const { redirects = 0, staysThere } = this.#limits
    if (this.#request === null) return
    if (++this.#redirects > redirects)
      return this.#fail('redirected_too_often', `redirected more than ${redirects} times`)
    const next = redirected(status, location, { target: this.#target, request: this.#request, staysThere })
    if (typeof next === 'string') return this.#fail('redirect_refused', next)
    this.#leave()
    this.#target = next.target
    this.#request = next.request
    this.#connect()
  }

  // ── body ──

  serverBody(bytes: Buffer, from: number, to: number): void {
    if (this.#done === null) return this.#drop(to - from)
    const { body: most, cuts = false } = this.#limits
    const end = Math.min(to, from + most - this.#bytes)
    if (end < to && !cuts) return this.#fail('answer_too_large')
    // What was read lies where the next read will.
    if (end > from) this.#pieces.push(Buffer.from(bytes.subarray(from, end)))
    this.#bytes += end - from
    if (end < to) this.#answerEarly()
  }

  serverEnd(): void {
    this.#answer(this.#answerSoFar(false))
  }

  /**
   * Nobody waits for the rest of the body. A while that is read all the same: a server that is cut off in
   * each answer to a check says so in its log each time.
   */
  #answerEarly(): void {
    const done = this.#done
    const answer = this.#answerSoFar(true)
    this.#done = null
    this.#pieces = []
    this.#bytes = 0
    this.#world.wheel.due(this, nowMs + DROP_MS)
    done?.(answer)
  }

  #drop(count: number): void {
    this.#bytes += count
    if (this.#bytes > DROP_BYTES_MAX) this.#end()
  }

  #answerSoFar(isCut: boolean): AskAnswer {
    const [first = NO_BYTES] = this.#pieces
    const body = this.#pieces.length > 1 ? Buffer.concat(this.#pieces) : first
    return { is: 'answer', status: this.#status, fields: this.#fields ?? [], body, isCut }
  }

  // ── ends ──

  serverGone(code: FaultCode, detail: string | null): void {
    this.#lost(code, detail)
  }

  serverLost({ code, detail }: Loss): void {
    this.#lost(code, detail)
  }

  #lost(code: FaultCode, why: string | null): void {
    // Limits of single phases are met in the same moment as that of the whole where they are the same.
    const isLate = code === 'connect_timeout' || code === 'response_timeout' || code === 'server_stalled'
    this.#fail(isLate && nowMs >= this.#endMs ? 'timed_out' : code, why)
  }

  serverDrained(): void {}

  uploadOver(): void {}

  /** It answers though it takes nothing of the request: then that is not sent. */
  uploadStalled(): void {
    this.#conn?.stopUpload()
  }

  get #phase(): AskPhase {
    if (this.#fields !== null) return 'body'
    if (this.#conn !== null) return 'answer'
    return this.#reach?.phase ?? 'name'
  }

  #fail(code: AskFault, why: string | null = null): void {
    const { host } = this.#target
    const failure = askFailure(code, { phase: this.#phase, host, limits: this.#limits, why })
    this.#end()?.(failure)
  }

  #answer(answer: AskAnswer): void {
    this.#end()?.(answer)
  }

  /** Who is to hear of it. */
  #end(): AskDone | null {
    const done = this.#done
    this.#done = null
    this.#world.wheel.remove(this)
    this.#leave()
    this.#pieces = [] // a connection that lingers still knows us
    return done
  }

  /**
   * Ends the connection in order, so that its server sees a FIN; but a request that is not sent yet, is not.
   */
  #leave(): void {
    const conn = this.#conn
    this.#reach?.cancel()
    this.#reach = this.#conn = null
    if (conn === null || conn.isClosed) return
    if (conn.waitingBytes > 0) conn.drop()
    else conn.finishServer()
  }
}

function endpointOf(target: AskTarget, limits: AskLimits): Endpoint {
  const { total, connect = total, response = total, idle = total, headBytes = HEAD_BYTES_MAX } = limits
  const fields = Math.ceil(headBytes / FIELD_BYTES_MIN)
  return {
    ...target,
    onBehalf: target.header ? new OnBehalf(target.header) : null,
    timeouts: { connect, response, idle, stream: idle },
    answers: { headBytes, fields, tolerance: limits.tolerance ?? 'strict' },
    poolSize: 0,
    live: { idle: new Recent(), open: 0, keepAliveMs: 0, addressAt: 0, isRetired: false, surplus: 0 },
  }
}

function fieldsOf({ fields }: ResponseHead): AskField[] {
  return Array.from(
    { length: fields.count },
    (_, f) => [fields.name(f).toLowerCase(), fields.value(f)] as const,
  )
}
