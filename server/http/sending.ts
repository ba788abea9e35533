// The half of an attempt that goes out: a stream is opened, the request is asked on it, and its body follows,
// kept as far as it may have to be sent again. What comes back is heard in forward.ts.
import type { Backend } from '../backends/backend.ts'
import type { Server, ServerTimeouts } from '../backends/server.ts'
import type { Fields } from '../head/fields.ts'
import { nowMs } from '../lib/clock.ts'
import type { OnBehalf } from '../lib/on-behalf.ts'
import type { ProxyVersion } from '../lib/proxy-header-out.ts'
import type { Asker, AskerWorld } from './asker.ts'
import type { Opener, Opening, ServerStream } from './ends.ts'
import { KeptBody } from './kept-body.ts'
import { Picking } from './picking.ts'
import { mayAskAgain } from './retry.ts'
import { wantedUpgrades } from './upgrade.ts'

const NO_UPGRADES: readonly string[] = []

export abstract class Sending extends Picking {
  /** The protocols that a 101 may switch to. */
  protected readonly upgrades: readonly string[]
  protected opening: Opening | null = null
  /** The stream of the attempt under way; null: there is none. */
  stream: ServerStream | null = null
  /** The request was asked, at least in part. */
  protected isAsked = false
  /** A connection that had served before turned out dead: the next attempt makes a new one. */
  protected needsFresh = false
  /** The body so far; null: none has come. */
  #body: KeptBody | null
  /** What comes of it may have to be sent again. */
  protected keepsBody = true
  /** When the request was sent to its end. */
  protected askedMs = 0
  /** What it took to have a connection for the attempt under way. */
  protected connectMs = 0

  /** `ahead`: what of the body has come before. */
  constructor(asker: Asker, backend: Backend, world: AskerWorld, ahead: KeptBody | null) {
    super(asker, backend, world)
    this.upgrades = wantedUpgrades(asker.request)
    this.#body = ahead
  }

  /** Who hears of the stream. */
  protected abstract get opener(): Opener
  /** What the attempt may take counts from now, where that matters. */
  protected abstract watch(): void

  /** How long servers may take; null: as their backend says. */
  get timeouts(): ServerTimeouts | null {
    return this.timing.server
  }

  // ── 5 attempt ──

  protected open(server: Server): void {
    this.isAsked = false
    this.watch()
    const opening = this.world.servers.open(server, this.asker.request, this.needsFresh, this.opener)
    if (opening) this.opening = opening // else it was told already, and may be under way again
  }

  onBehalf(version: ProxyVersion): OnBehalf {
    return this.asker.onBehalf(version)
  }

  serverOpen(stream: ServerStream): void {
    const { asker } = this
    this.connectMs = nowMs - this.usedMs
    asker.connectMs += this.connectMs
    this.opening = null
    this.stream = stream
    this.isAsked = true
    stream.ask(asker.request, asker.linesFor(this.server as Server), asker.requestForm, this.upgrades)
    this.askedMs = nowMs
    if (this.#body !== null) {
      this.#body.writeTo(stream)
      this.#keepLittle(stream)
    }
    if (asker.isRequestWhole) stream.requestEnd(this.#body?.trailers ?? null)
    else this.#goOn(stream)
  }

  /** Asks the same on another stream, whole and as kept. */
  protected askAgainOn(stream: ServerStream, server: Server): void {
    const { asker } = this
    stream.ask(asker.request, asker.linesFor(server), asker.requestForm, NO_UPGRADES)
    this.#body?.writeTo(stream)
    stream.requestEnd(this.#body?.trailers ?? null)
  }

  /** What is too much to send again, or never would be, is not kept: then what is to come may pass us by. */
  #keepLittle(stream: ServerStream): void {
    if (!this.keepsBody || (this.#body?.isFull !== true && this.#mayAskAgain(stream))) return
    this.dropBody()
    this.#pour(stream)
  }

  #mayAskAgain({ isReused }: ServerStream): boolean {
    const { request, attempts } = this.asker
    const mayBeStale = isReused && !this.needsFresh
    return mayAskAgain({ methodId: request.methodId, attempts, mayBeStale }, this.backend.retry.attempts)
  }

  protected dropBody(): void {
    this.keepsBody = false
    this.#body?.drop()
  }

  #pour({ outlet }: ServerStream): void {
    if (outlet !== null && this.asker.requestForm === 'length') this.asker.pourInto(outlet)
  }

  /** The body may come on. */
  #goOn(stream: ServerStream): void {
    if (stream.waitingBytes > 0) this.asker.pauseClient()
    else this.asker.resumeClient()
  }

  /**
   * How long the server has let wait for its answer, or for a connection. What a client takes to send its
   * request is not its server's time.
   */
  protected get waitedMs(): number {
    if (!this.isAsked) return nowMs - this.usedMs
    return this.asker.isRequestWhole ? nowMs - this.askedMs : 0
  }

  // ── 6 body ──

  body(bytes: Buffer, from: number, to: number): void {
    const stream = this.stream
    if (this.keepsBody && (stream === null || this.#mayAskAgain(stream))) this.#keep(bytes, from, to)
    if (stream) {
      stream.write(bytes, from, to)
      this.#keepLittle(stream)
      this.#goOn(stream)
    } else if (this.#body?.isFull) this.asker.pauseClient()
  }

  #keep(bytes: Buffer, from: number, to: number): void {
    this.#body ??= new KeptBody(this.asker.keptFor)
    this.#body.push(bytes, from, to)
  }

  bodyEnd(trailers: Fields | null): void {
    if (this.#body) this.#body.trailers = trailers
    this.askedMs = nowMs
    this.watch()
    this.stream?.requestEnd(trailers)
  }

  serverDrained(): void {
    this.asker.resumeClient()
  }

  /**
   * The answer has begun, and nobody waits for the rest of the request: it is read and dropped, so that the
   * client's end is seen.
   */
  stopUpload(): void {
    this.asker.resumeClient()
    this.stream?.stopUpload() // which may end the exchange
  }
}
