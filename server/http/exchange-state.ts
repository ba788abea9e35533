// What an exchange is at any moment: what is known of it, and how far it has come. What it does is told in
// proxy.ts.
import type { Server } from '../backends/server.ts'
import type { Stuck } from '../backends/sticky.ts'
import { type Answer, type Rendered, renderAnswer } from '../head/answer.ts'
import type { RequestHead } from '../head/request-head.ts'
import type { ResponseHead } from '../head/response-head.ts'
import type { RequestLines } from '../head/write.ts'
import { nowMs } from '../lib/clock.ts'
import type { Deadline } from '../lib/deadline.ts'
import type { OnBehalf } from '../lib/on-behalf.ts'
import type { ProxyVersion } from '../lib/proxy-header-out.ts'
import type { AskedBy } from '../rules/asked.ts'
import type { Tokens } from '../rules/claims.ts'
import type { Listener, Rule, Snapshot, Way } from '../snapshot/snapshot.ts'
import type { Fault } from '../tables/faults.ts'
import { askedFor } from './asked-for.ts'
import { type ChosenPart, choosePart } from './chosen-part.ts'
import { nearestWay } from './nearest-way.ts'
import { clientOf } from './client.ts'
import type { BodyForm, ClientStream, Outlet, Sink } from './ends.ts'
import type { Engine } from './engine.ts'
import type { Exchange, Identity, KnownClient, Try } from './exchange.ts'
import type { Forward } from './forward.ts'
import type { Hold, Paces } from './hold.ts'
import type { Mirror } from './mirror.ts'
import type { Parking } from './park.ts'
import { givenRequestId, requestLines } from './forwarded-headers.ts'
import type { SourceBody } from './source-body.ts'
import type { AsksBackends } from './subrequest-words.ts'
import type { Rewritten } from '../rules/rewrite.ts'
import type { Timing } from './timing.ts'
import { onBehalfOf } from './told.ts'
import type { AsksWeb } from './web-words.ts'
import type { Transforms } from './transforms.ts'
import type { Upload } from './upload.ts'

/** How far it has come: each includes those before it. */
const ASKED = 0
/** The answer's head is here: no other answer is possible. */
export const BEGUN = 1
export const HEAD_SENT = 2
/** All of the answer is written, though a slow client may not have taken it yet. */
export const WHOLE = 3
export const ENDED = 4

const NO_TIMING: Timing = { server: null, client: null, attemptMs: 0, totalMs: -1 }

export abstract class ExchangeState implements Exchange {
  readonly engine: Engine
  readonly stream: ClientStream
  id: string
  readonly listener: Listener
  readonly snapshot: Snapshot
  readonly request: RequestHead
  readonly client: KnownClient
  rule: Rule | null = null
  to: Way | null = null
  /** Of a split, which its answer may have to tell; null: there is none. */
  part: ChosenPart | null = null
  /** A copy that goes to another backend; null: there is none. */
  mirror: Mirror | null = null
  server: Server | null = null
  attempts = 0
  fault: Fault | null = null
  detail: string | null = null
  shadow: string | null = null
  identity: Identity | null = null
  cache: Exchange['cache'] = null
  tokens: Tokens | null = null
  sticky: Stuck | null = null
  tries: Try[] | null = null
  aborted = false
  status = 0
  bytesIn = 0
  bytesOut = 0
  startedMs = nowMs
  queueMs = 0
  connectMs = 0
  firstByteMs = 0
  endedMs = 0
  paces: Paces | null = null
  bodyLimit: number
  answer: ResponseHead | null = null

  protected stage = ASKED
  isRequestWhole = false
  /** Where the answer's body goes: to the client, or first to who changes it. */
  sink: Sink
  /** What the rule's steps do to the answer's body; null: it passes as it is. */
  protected transforms: Transforms | null = null
  /** What they do to the request's body; null: it passes as it is. */
  upload: Upload | null = null
  /** The body of an answer of ours that is pushed. */
  protected pushed: SourceBody | null = null
  forward: Forward | null = null
  /** What its rule asks servers in place of what came; null: that. */
  rewritten: Rewritten | null = null
  /** Hold up the client, or the server, of a tunnel that is faster than may be. */
  protected uploadHold: Hold | null = null
  protected tunnelHold: Hold | null = null
  /** What the rule's steps remember, one for each. */
  notes: unknown[] | null = null
  /** Steps whose request part has run: their response and end parts will. */
  reached = 0
  /** Place of the step that is waited for; -1: none is. */
  waitingAt = -1
  /** The wait for it, to be given up. */
  parking: Parking | null = null
  /** By when all of it is to be over; null: it may take as long as it takes. */
  protected deadline: Deadline | null = null

  constructor(engine: Engine, stream: ClientStream) {
    const { connection, request } = stream
    this.engine = engine
    this.stream = stream
    this.listener = connection.listener
    this.snapshot = engine.snapshot
    this.request = request
    this.client = clientOf(connection, request, engine.name)
    this.id = givenRequestId(request, this.client) ?? engine.nextId()
    this.bodyLimit = this.listener.options.limits.body
    this.sink = stream
  }

  /** Who asks, with what is known of its tokens. */
  get asker(): AskedBy {
    return this.tokens === null ? this.client : { ...this.client, tokens: this.tokens }
  }

  /** Belongs to this rule, and to one of its ways. */
  protected take(rule: Rule): void {
    this.rule = rule
    if (rule.to.is === 'nearest') return void (this.to = nearestWay(rule.to, this.client.address))
    if (rule.to.is !== 'split') return void (this.to = rule.to)
    const { request, client, engine } = this
    this.part = choosePart(rule.to, { request, address: client.address, chance: engine.chance })
    this.to = this.part.way
  }

  /** The head of a final answer is here, and gets what the listener says in each. */
  protected begin(head: ResponseHead): void {
    const { answerFields } = this.listener
    if (answerFields !== null) for (const [name, value] of answerFields) head.set(name, value)
    this.answer = head
    this.status = head.status
    if (this.firstByteMs === 0) this.firstByteMs = nowMs
    if (this.part !== null) this.part.mark(head, this.client.scheme === 'https')
    this.stage = BEGUN
  }

  get subrequests(): AsksBackends {
    return this.engine.subrequests.of(askedFor(this))
  }
  abstract bodyWithin(most: number): Promise<Buffer | null>
  get web(): AsksWeb {
    return this.engine.web
  }
  get hasBegun(): boolean {
    return this.stage >= BEGUN
  }
  get isHeadSent(): boolean {
    return this.stage >= HEAD_SENT
  }
  get isEnded(): boolean {
    return this.stage === ENDED
  }

  // ── where the answer's body comes from and goes to ──

  /** The head of an answer whose body is changed leaves with the first byte of that. */
  headOf(length: number): void {
    const head = this.answer as ResponseHead
    if (length >= 0 && head.get('content-length') !== String(length))
      head.set('Content-Length', String(length))
    this.stream.head(head, length < 0 ? 'content' : 'length')
  }

  /** Whoever takes the body does not keep up. */
  get isBodyStalled(): boolean {
    return this.stream.waitingBytes > 0 || this.transforms?.isPaused === true
  }

  pauseSource(): void {
    if (this.pushed) this.pushed.pause()
    else this.forward?.pauseServer()
  }

  resumeSource(): void {
    if (this.tunnelHold?.isHeld === true) return
    if (this.pushed) this.pushed.resume()
    else this.forward?.resumeServer()
  }

  // ── what Forward asks (asker.ts) ──

  get timing(): Timing {
    return this.to?.is === 'backend' ? this.to.timing : NO_TIMING
  }
  get priority(): number {
    return this.rule?.priority ?? 0
  }
  get dueMs(): number {
    return this.deadline === null ? 0 : this.deadline.dueMs
  }
  get requestForm(): BodyForm {
    return this.upload === null ? this.stream.requestForm : this.upload.form
  }
  get clientAddress(): string {
    return this.client.address ?? this.client.socketAddress
  }
  get keptFor(): ClientStream {
    return this.stream
  }
  linesFor(server: Server): RequestLines {
    return requestLines(this, server)
  }
  onBehalf(version: ProxyVersion): OnBehalf {
    return onBehalfOf(this.stream.connection, this.client, version)
  }
  pauseClient(): void {
    if (this.upload === null) this.stream.pause()
    else this.upload.serverFull()
  }
  resumeClient(): void {
    if (this.uploadHold?.isHeld === true) return
    if (this.upload === null) this.stream.resume()
    else this.upload.serverFree()
  }
  pourInto(outlet: Outlet): void {
    if (this.upload === null && this.mirror === null) this.stream.pourTo(outlet)
  }
  get outlet(): Outlet | null {
    const isPast = this.sink === this.stream && this.mirror?.seesBody !== true
    return this.stage === HEAD_SENT && isPast ? this.stream.outlet : null
  }
  interim(head: ResponseHead): void {
    this.stream.interim(head)
  }
}

/** An answer of ours as bytes, for who asked. */
export function renderFor({ request, id, engine }: ExchangeState, answer: Answer): Rendered {
  if (answer.made !== undefined) return answer.made
  return renderAnswer(answer, {
    accept: request.get('accept') ?? '',
    requestId: id,
    gateway: engine.name,
  })
}
