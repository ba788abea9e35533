// The two ends of an exchange (http/ends.ts), played: they remember what was asked of them, and what may not
// be.
import type { Server } from '../../../server/backends/server.ts'
import type { Fields } from '../../../server/head/fields.ts'
import type { RequestHead } from '../../../server/head/request-head.ts'
import type { ResponseHead } from '../../../server/head/response-head.ts'
import type { RequestLines } from '../../../server/head/write.ts'
import type {
  BodyForm,
  ClientConnection,
  ClientEvents,
  ClientStream,
  Opening,
  Protocol,
  ServerEvents,
  ServerStream,
  Servers,
} from '../../../server/http/ends.ts'
import type { Loss } from '../../../server/tables/faults.ts'
import type { Listener } from '../../../server/snapshot/snapshot.ts'
import type { FaultCode } from '../../../server/tables/faults.ts'
import type { TestEngine } from '../../support/engine.ts'
import { httpListener } from '../../support/listeners.ts'
import { answer, request } from '../head/heads.ts'

/** What no end should ever be asked: told at the end of a test, as a throw would only be one more event. */
export type Breaches = string[]

abstract class FakeHalf {
  waitingBytes = 0
  takesFraming = true
  isPaused = false
  hasEndedWrites = false
  isOver = false
  /** What was written, as text. */
  text = ''
  /** Each write leaves so much waiting. */
  slow = 0
  readonly name: string
  readonly #breaches: Breaches

  constructor(name: string, breaches: Breaches) {
    this.name = name
    this.#breaches = breaches
  }

  protected breach(what: string): void {
    this.#breaches.push(`${this.name}: ${what}`)
  }
  protected alive(what: string): void {
    if (this.isOver) this.breach(`${what} after its end`)
  }
  protected put(bytes: Buffer, from: number, to: number): void {
    this.alive('write')
    if (this.hasEndedWrites) this.breach('write after endWrites')
    if (to <= from) this.breach('an empty piece')
    this.text += bytes.latin1Slice(from, to)
    this.waitingBytes += this.slow
  }
  pause(): void {
    this.alive('pause')
    this.isPaused = true
  }
  resume(): void {
    this.alive('resume')
    this.isPaused = false
  }
  endWrites(): void {
    this.alive('endWrites')
    this.hasEndedWrites = true
  }
  /** Nothing passes it by. */
  readonly outlet = null
  pourTo(): void {
    this.breach('poured')
  }
}

/** A client's end with one request. */
export class FakeClient extends FakeHalf implements ClientStream {
  readonly connection: ClientConnection
  readonly request: RequestHead
  readonly protocol: Protocol = 'HTTP/1.1'
  requestForm: BodyForm
  declaredBytes: number
  receivedBytes = 0
  sentBytes = 0
  /** The status and form of the answer's head; null: none was sent yet. */
  answered: { readonly status: number; readonly form: BodyForm } | null = null
  readonly interims: number[] = []
  isWhole = false
  isTunnel = false
  keeps = true
  trailers: Fields | null = null
  ending: 'finish' | 'reset' | 'gone' | null = null
  /** Kept for its exchange. */
  kept = 0
  events: ClientEvents | null = null

  constructor(gateway: TestEngine, head: string, form: BodyForm, breaches: Breaches) {
    super('client', breaches)
    this.connection = connectionOf(httpListener(gateway.snapshot))
    this.request = request(head)
    this.requestForm = form
    this.declaredBytes =
      form === 'none' ? 0 : form === 'length' ? Number(this.request.get('content-length')) : -1
  }

  takeContent(): void {
    this.alive('takeContent')
    if (this.receivedBytes > 0) this.breach('takeContent behind the first piece')
    if (this.requestForm === 'as_it_came') this.requestForm = 'content'
  }
  interim(head: ResponseHead): void {
    this.alive('interim')
    if (this.answered) this.breach('interim behind the answer')
    this.interims.push(head.status)
  }
  head(head: ResponseHead, form: BodyForm): void {
    this.alive('head')
    if (this.answered) this.breach('a second answer')
    if (head.status < 200 && head.status !== 101) this.breach(`a final head of ${head.status}`)
    if (form === 'as_it_came' && !this.takesFraming) this.breach('framing for who takes none')
    this.answered = { status: head.status, form }
  }
  write(bytes: Buffer, from: number, to: number, content = to - from): void {
    if (!this.answered) this.breach('a body before its head')
    if (this.isWhole) this.breach('a body behind its end')
    if (content < 0 || content > to - from) this.breach(`${content} of ${to - from} bytes as content`)
    this.sentBytes += content
    this.put(bytes, from, to)
  }
  writeEnd(trailers: Fields | null): void {
    this.alive('writeEnd')
    if (!this.answered) this.breach('the end of no answer')
    if (this.isWhole) this.breach('a second end')
    if (this.isTunnel) this.breach('writeEnd of a tunnel')
    this.isWhole = true
    this.trailers = trailers
  }
  takeTimes(): void {
    this.alive('takeTimes')
  }
  becomeTunnel(): void {
    this.alive('becomeTunnel')
    if (this.answered?.status !== 101) this.breach('a tunnel behind no 101')
    this.isTunnel = true
  }
  takeNoMore(): void {
    this.alive('takeNoMore')
    this.keeps = false
  }
  countKept(delta: number): void {
    this.kept += delta
    if (this.kept < 0 && !this.isOver) this.breach('fewer bytes kept than none')
  }
  finish(): void {
    if (this.ending !== 'gone') this.alive('finish')
    if (!this.isWhole && !this.isTunnel) this.breach('finish of an answer that is not whole')
    if (this.waitingBytes > 0 && !this.isTunnel) this.breach('finish of an answer that has not left')
    this.#over('finish')
  }
  reset(_code: FaultCode): void {
    if (this.ending !== 'gone') this.alive('reset')
    this.#over('reset')
  }
  #over(ending: 'finish' | 'reset'): void {
    this.isOver = true
    this.ending ??= ending
    this.events = null
  }

  // ── what its client does ──

  /** Its request has come: an exchange serves it. */
  begin(gateway: TestEngine): this {
    const events = gateway.engine.begin(this)
    if (!this.isOver) this.events = events
    return this
  }
  body(text: string): void {
    this.receivedBytes += text.length
    const bytes = Buffer.from(`<${text}>`)
    this.events?.requestBody(bytes, 1, bytes.length - 1)
  }
  end(): void {
    this.events?.requestEnd(null)
  }
  gone(code: FaultCode = 'client_abort'): void {
    const { events } = this
    this.events = null
    this.isOver = true
    this.ending = 'gone'
    events?.clientGone(code)
  }
  drain(): void {
    this.waitingBytes = 0
    this.events?.clientDrained()
  }
}

function connectionOf(listener: Listener): ClientConnection {
  return {
    listener,
    from: {
      address: '192.0.2.1',
      port: 40_000,
      socketAddress: '192.0.2.1',
      localAddress: '192.0.2.2',
      localPort: 80,
      isNamed: false,
      scheme: 'http',
      tls: null,
      askedFor: null,
      isReset: false,
      gone() {},
    },
    known: null,
    told: null,
    isServing: true,
    server: null,
    idleSinceMs: Number.NaN,
    endIfIdle() {},
    fail() {},
  }
}

/** An attempt at a server, from its opening on. */
export class FakeServer extends FakeHalf implements ServerStream, Opening {
  isReused = false
  persists = true
  takesRest = false
  readonly server: Server
  readonly isFresh: boolean
  state: 'opening' | 'open' | 'asked' | 'answering' | 'half' | 'whole' | 'over' = 'opening'
  form: BodyForm | null = null
  isRequestWhole = false
  isUploadStopped = false
  takesContent = false
  ending: 'finish' | 'cancel' | 'lost' | null = null
  #events: ServerEvents

  constructor(server: Server, isFresh: boolean, events: ServerEvents, breaches: Breaches) {
    super(server.name, breaches)
    this.server = server
    this.isFresh = isFresh
    this.#events = events
  }

  takeContent(): void {
    this.alive('takeContent')
    this.takesContent = true
  }
  ask(_request: RequestHead, lines: RequestLines, form: BodyForm): void {
    this.alive('ask')
    if (this.state !== 'open') this.breach(`ask while ${this.state}`)
    if (lines.requestId === '') this.breach('a request without its id')
    this.state = 'asked'
    this.form = form
  }
  write(bytes: Buffer, from: number, to: number): void {
    if (this.state === 'opening' || this.state === 'open') this.breach('a body before its request')
    if (this.isRequestWhole && !this.isTunnel) this.breach('a body behind its end')
    this.put(bytes, from, to)
  }
  isTunnel = false
  requestEnd(_trailers: Fields | null): void {
    this.alive('requestEnd')
    if (this.isRequestWhole) this.breach('a second end of the request')
    if (this.isUploadStopped) return
    this.isRequestWhole = true
    if (this.takesRest) this.uploadOver()
  }
  stopUpload(): void {
    this.alive('stopUpload')
    this.isUploadStopped = true
    if (this.takesRest) this.uploadOver()
  }
  finish(): void {
    this.alive('finish')
    if (this.state !== 'whole' && !this.isTunnel) this.breach(`finish while ${this.state}`)
    if (this.takesRest) this.breach('finish while the server takes the rest')
    this.#over('finish')
  }
  cancel(): void {
    this.alive('cancel')
    this.#over('cancel')
  }
  take(events: ServerEvents): void {
    this.alive('take')
    this.#events = events
  }
  #over(ending: 'finish' | 'cancel' | 'lost'): void {
    this.isOver = true
    this.state = 'over'
    this.ending = ending
  }

  // ── what its server does ──

  open(): void {
    this.state = 'open'
    this.#events.serverOpen(this)
  }
  interim(): void {
    this.#events.serverInterim(answer('HTTP/1.1 103 Early Hints\r\nLink: </a>\r\n\r\n'))
  }
  answer(status = 200, form: BodyForm = 'length', fields = ''): void {
    this.state = 'answering'
    this.isTunnel = status === 101
    const length = form === 'length' ? 'Content-Length: 5\r\n' : ''
    this.#events.serverAnswer(answer(`HTTP/1.1 ${status} \r\n${length}${fields}\r\n`), form)
  }
  body(text: string, content = text.length): void {
    const bytes = Buffer.from(`<${text}>`)
    this.#events.serverBody(bytes, 1, bytes.length - 1, content)
  }
  /** The answer is whole; `takesRest`: the server still takes the rest of the request. */
  end(takesRest = false): void {
    if (this.isTunnel) this.state = 'half'
    else {
      this.state = 'whole'
      this.takesRest = takesRest && !this.isRequestWhole && !this.isUploadStopped
    }
    this.#events.serverEnd(null)
  }
  lose(code: FaultCode, reached: Loss['reached'], isStale = false): void {
    this.#over('lost')
    this.#events.serverLost({ code, reached, isStale, detail: null })
  }
  uploadOver(): void {
    this.takesRest = false
    this.#events.uploadOver()
  }
  stalled(): void {
    this.#events.uploadStalled()
  }
  drain(): void {
    this.waitingBytes = 0
    this.#events.serverDrained()
  }
}

/** The way to servers: each attempt is remembered, and waits for the test to say what becomes of it. */
export class FakeServers implements Servers {
  readonly attempts: FakeServer[] = []
  readonly breaches: Breaches
  takesFraming = true
  /** Plays the opening at once, as a pool does. */
  atOnce: ((attempt: FakeServer) => void) | null = null

  constructor(breaches: Breaches) {
    this.breaches = breaches
  }

  takeFraming(): boolean {
    return this.takesFraming
  }
  open(server: Server, _request: RequestHead, isFresh: boolean, events: ServerEvents): Opening | null {
    const attempt = new FakeServer(server, isFresh, events, this.breaches)
    this.attempts.push(attempt)
    this.atOnce?.(attempt)
    return attempt.state === 'opening' ? attempt : null
  }
  retire(): void {}

  rest(): void {}

  /** The latest attempt. */
  get last(): FakeServer {
    return this.attempts.at(-1) as FakeServer
  }
}
