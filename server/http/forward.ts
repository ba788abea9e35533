// The inner loop of an exchange: once per attempt it picks a server, gets a connection, sends the request,
// and hears what became of it. Retry (by the rules in retry.ts), timeout and pick live here and nowhere else;
// policy lives in the rule's steps and never here.
import type { Backend } from '../backends/backend.ts'
import type { Waiter } from '../backends/queue.ts'
import type { Server } from '../backends/server.ts'
import { faultAnswer } from '../head/answer.ts'
import type { Framing } from '../head/framing.ts'
import type { ResponseHead } from '../head/response-head.ts'
import { writeRequestHead } from '../head/write.ts'
import { DialRace } from '../http1/dial-race.ts'
import type { ServerEvents } from '../http1/ends.ts'
import { dialServer } from '../http1/dial-server.ts'
import type { Outbound } from '../http1/outbound.ts'
import { takeIdle } from '../http1/pool.ts'
import { guarded } from '../lib/bug.ts'
import { hasDescriptors } from '../lib/descriptors.ts'
import { nowMs } from '../lib/clock.ts'
import { event } from '../lib/event.ts'
import { type FaultCode, fault } from '../tables/faults.ts'
import { METHOD_HEAD } from '../tables/methods.ts'
import { attemptAnswered, attemptFailed, learnFromAnswer, learnFromFailure, phaseOf } from './attempt.ts'
import { requestLines } from './forwarded-headers.ts'
import { HeldPieces } from '../lib/held-pieces.ts'
import type { Proxied } from './proxy.ts'
import { backoffMs, isUnsent, mayRepeat } from './retry.ts'
import { tellAttempt } from './tell-exchange.ts'
import { Tunnel } from './tunnel.ts'
import { wantedUpgrades } from './upgrade.ts'
import { writeBody, writeHeldHead, writeInterim } from './write-answer.ts'

/**
 * A request's body is kept for another attempt up to this; also what is read ahead while there is no
 * connection yet.
 */
const REPLAY_BYTES_MAX = 64 * 1024

export class Forward implements ServerEvents, Waiter {
  readonly x: Proxied
  readonly backend: Backend
  readonly key: number
  tried = 0
  readonly #upgrades: readonly string[]
  /** The server at which a place is taken. */
  #server: Server | null = null
  #conn: Outbound | null = null
  /** While several addresses of the server are dialled. */
  #race: DialRace | null = null
  #isSent = false
  #isOver = false
  /** A pooled connection turned out dead: the next attempt makes a new one. */
  #needsFresh = false
  /** The body so far, for another attempt or until there is a connection; null: too much of it was sent. */
  #kept: HeldPieces | null = null
  /** All of the body so far is in `#kept`. */
  #keepsAll = true
  #waitingSinceMs = 0
  /** When the attempt began. */
  #usedMs = 0
  /** When the request was sent to its end. */
  #askedMs = 0
  #backoff: Timer | null = null
  /** What of the answer came while a response step was awaited. */
  #early: HeldPieces | null = null
  #isEarlyWhole = false
  /** No byte of the body came with the answer's head. */
  #isHeadAlone = false

  constructor(x: Proxied, backend: Backend) {
    this.x = x
    this.backend = backend
    this.key = backend.key(x.request, x.client.address ?? x.client.socketAddress)
    this.#upgrades = wantedUpgrades(x)
  }

  // ── 5 attempt ──

  attempt(): void {
    const server = this.backend.pick(this.key, this.tried)
    if (server) return this.#use(server)
    if (!this.backend.lastPickFull) return this.x.replyWith('no_server')
    this.#waitingSinceMs = nowMs
    if (!this.backend.queue.push(this, nowMs)) this.x.replyWith('queue_full')
  }

  onServer(server: Server): void {
    event(() => {
      this.x.queueMs += nowMs - this.#waitingSinceMs
      this.#use(server)
    })
  }

  onQueueTimeout(): void {
    event(() => {
      this.x.queueMs += nowMs - this.#waitingSinceMs
      this.x.replyWith('queue_timeout')
    })
  }

  #use(server: Server): void {
    this.#server = server
    this.#usedMs = nowMs
    this.x.server = server
    this.x.attempts++
    if (this.x.engine.isDebugging) tellAttempt(this.x, server)
    this.tried |= server.triedBit
    this.#isSent = false
    const idle = this.#needsFresh ? null : takeIdle(server, this.x.request.methodId)
    if (idle) return this.#send(idle)
    this.#waitingSinceMs = nowMs
    const addresses = this.x.engine.resolver.addresses(server.host)
    if (addresses) return this.#dial(server, addresses)
    this.x.engine.resolver.lookup(server.host, (found) => this.#resolved(server, found))
  }

  #resolved(server: Server, addresses: readonly string[]): void {
    if (this.#isOver || this.#server !== server || this.#conn || this.#race) return
    event(() => {
      if (addresses.length === 0) this.serverGone(hasDescriptors() ? 'dns_failed' : 'descriptor_limit')
      else this.#dial(server, addresses)
    })
  }

  #dial(server: Server, addresses: readonly string[]): void {
    const { engine } = this.x
    const [address = ''] = addresses
    if (addresses.length > 1) {
      this.#race = new DialRace(server, addresses, engine, this)
      return this.#race.start()
    }
    const dueMs = nowMs + server.options.timeouts.connect
    const conn = dialServer(server, address, engine.wheel, this, dueMs)
    if (typeof conn === 'string') this.serverGone(conn)
    else if (conn.place === 'connecting') this.#conn = conn
  }

  serverOpen(conn: Outbound): void {
    this.#race = null
    this.x.connectMs += nowMs - this.#waitingSinceMs
    this.#send(conn)
  }

  #send(conn: Outbound): void {
    const { x } = this
    const { request, inbound } = x
    this.#conn = conn
    this.#isSent = true
    conn.begin(this, request.methodId === METHOD_HEAD, this.#upgrades, request.version === 11)
    const isChunked = inbound.framing === 'chunked'
    sendLines.id = x.id
    sendLines.isChunked = isChunked
    sendLines.wantsUpgrade = this.#upgrades.length > 0
    sendLines.serverAuthority = conn.endpoint.authority
    writeRequestHead(request, requestLines(x.client, x.listener, request, sendLines), conn)
    if (this.#kept) for (const piece of this.#kept.pieces()) conn.write(piece, 0, piece.length)
    this.#askedMs = nowMs
    if (x.isRequestWhole) conn.requestWhole()
    else this.#goOn()
  }

  /** The body may come on; what is too much to send again is not kept. */
  #goOn(): void {
    if (this.#kept && this.#kept.bytes > REPLAY_BYTES_MAX) this.#keepNoMore()
    if (this.#conn && this.#conn.waitingBytes > 0) this.x.inbound.pause()
    else this.x.inbound.resume()
  }

  /**
   * How long the server has let wait for its answer, or for a connection. What a client takes to send its
   * request is not its server's time.
   */
  get #waitedMs(): number {
    if (!this.#isSent) return nowMs - this.#usedMs
    return this.x.isRequestWhole ? nowMs - this.#askedMs : 0
  }

  // ── 6 body ──

  body(bytes: Buffer, from: number, to: number): void {
    if (this.#keepsAll) (this.#kept ??= new HeldPieces(this.x.inbound)).push(bytes, from, to)
    if (this.#isSent && this.#conn) {
      this.#conn.writeRequest(bytes, from, to)
      this.#goOn()
    } else if (this.#kept && this.#kept.bytes > REPLAY_BYTES_MAX) this.x.inbound.pause()
  }

  #keepNoMore(): void {
    this.#kept?.drop()
    this.#kept = null
    this.#keepsAll = false
  }

  bodyEnd(): void {
    this.#askedMs = nowMs
    if (this.#isSent) this.#conn?.requestWhole()
  }

  serverDrained(): void {
    this.x.inbound.resume()
  }

  /**
   * The answer has begun, and nobody waits for the rest of the request: it is read and dropped, so that the
   * client's end is seen.
   */
  stopUpload(): void {
    this.#conn?.stopUpload()
    this.x.inbound.resume()
  }

  uploadStalled(): void {
    this.stopUpload()
  }

  /** The request still has somebody who takes it. */
  get isUploading(): boolean {
    return this.#conn !== null
  }

  /** The connection outlives its answer: a request that is not whole yet may be finished on it. */
  get maySurvive(): boolean {
    return this.#conn !== null && this.#conn.persists
  }

  uploadOver(): void {
    this.#conn = null
    this.#release()
    this.#isOver = true
    this.x.uploadOver()
  }

  // ── 7 answer ──

  serverInterim(head: ResponseHead): void {
    // RFC 9110 §15.2: 1xx are forwarded, but an HTTP/1.0 client knows none.
    if (this.x.request.version === 11) writeInterim(this.x.inbound, head)
  }

  serverAnswer(head: ResponseHead, framing: Framing, isAlone: boolean): void {
    const { x } = this
    x.firstByteMs = nowMs
    this.#isHeadAlone = isAlone
    x.fault = x.detail = null // what failed in earlier attempts was made good
    this.#keepNoMore()
    if (this.#server) {
      attemptAnswered(x, this.#server, this.#usedMs)
      learnFromAnswer(x, this.#server, head.status, this.#waitedMs)
    }
    if (head.status === 101 && this.#conn) x.tunnel = new Tunnel(this, this.#conn)
    x.answered(head, framing, null)
  }

  serverGone(code: FaultCode): void {
    const server = this.#server
    const conn = this.#leave()
    const { x } = this
    if (this.#isOver || x.isEnded) return
    // A pooled connection that its server had closed: that server is no worse for it, and it does not count
    // as an attempt.
    const wasStale = conn !== null && conn.isReused && code === 'server_closed' && !this.#needsFresh
    const isOurs = code === 'descriptor_limit'
    x.detail = conn?.why ?? null
    if (server && !wasStale && !isOurs) {
      attemptFailed(x, server, code, phaseOf(x, code, this.#isSent), this.#usedMs)
      learnFromFailure(x, server, code, this.#waitedMs)
    }
    if (x.hasBegun) return x.breakOff(code)
    if (isOurs) return x.reply(faultAnswer(code))
    x.fault = fault(code, !isUnsent(code))
    // All that was sent must still be here.
    if (!this.#keepsAll || !mayRepeat(code, x.request.methodId, conn)) return x.replyFault(code)
    if (wasStale) {
      this.#needsFresh = true
      x.attempts--
      this.tried = 0
    }
    if (x.attempts >= this.backend.options.retry.attempts) return x.replyFault(code)
    x.server = null
    this.#again(wasStale)
  }

  /** Another server at once; the same ones only after a while. */
  #again(isImmediate: boolean): void {
    const isLast = this.x.attempts + 1 >= this.backend.options.retry.attempts
    const server = this.backend.pickAgain(this.key, this.tried, isLast && !isImmediate)
    if (server) return this.#use(server)
    this.tried = 0
    if (isImmediate) return this.attempt()
    const { attempts, engine } = this.x
    const waitMs = backoffMs(this.backend.options.retry.backoff, attempts, engine.chance())
    this.#backoff = setTimeout(() => this.#backedOff(), waitMs)
  }

  #backedOff(): void {
    this.#backoff = null
    if (this.#isOver) return
    event(() => guarded(() => this.attempt()))
  }

  // ── 9 relay ──

  /** The answer's head is on its way to the client: its body may follow. */
  headSent(): void {
    const { x } = this
    if (x.tunnel) x.inbound.becomeTunnel()
    const early = this.#early
    if (this.#isHeadAlone || early) writeHeldHead(x)
    if (!early) return
    this.#early = null
    for (const piece of early.pieces()) this.#relay(piece, 0, piece.length)
    early.drop()
    if (this.#isEarlyWhole) this.#answerWhole()
    else this.#conn?.resume()
  }

  serverBody(bytes: Buffer, from: number, to: number): void {
    const { x } = this
    if (x.isEnded) return
    if (x.isHeadSent) return this.#relay(bytes, from, to)
    ;(this.#early ??= new HeldPieces(x.inbound)).push(bytes, from, to)
    this.#conn?.pause()
  }

  #relay(bytes: Buffer, from: number, to: number): void {
    const { x } = this
    writeBody(x, bytes, from, to)
    if (x.tunnel) x.tunnel.noteServerData(to - from)
    if (x.inbound.waitingBytes > 0) this.#conn?.pause()
  }

  serverEnd(): void {
    const { x } = this
    if (!x.tunnel) {
      if (this.#conn) x.bytesOut = this.#conn.answerBytes
      if (this.#conn?.place !== 'rest') {
        // From now on this connection may serve another exchange.
        this.#conn = null
        this.#release()
      }
    }
    if (x.isHeadSent) return this.#answerWhole()
    this.#early ??= new HeldPieces(x.inbound)
    this.#isEarlyWhole = true
  }

  #answerWhole(): void {
    const { x } = this
    if (x.tunnel) return x.tunnel.serverEnd()
    this.#isOver = this.#conn === null
    x.finishAnswer()
  }

  clientDrained(): void {
    if (this.x.isHeadSent) this.#conn?.resume()
  }

  /** A response step waits: what comes of the answer meanwhile is kept, and its head stays as it is. */
  pauseServer(): void {
    this.#early ??= new HeldPieces(this.x.inbound)
    this.#conn?.pause()
    this.#conn?.yieldHead()
  }

  // ── ends ──

  /** Both halves of a tunnel have ended. */
  tunnelOver(): void {
    if (this.#isOver) return
    this.#isOver = true
    this.#conn?.finishServer()
    this.#conn = null
    this.#release()
    this.x.endTunnel()
  }

  /** The exchange wants nothing more of the server: whatever is under way stops. */
  giveUp(): void {
    if (this.#isOver) return
    this.#isOver = true
    this.backend.queue.remove(this)
    if (this.#backoff) clearTimeout(this.#backoff)
    if (this.#server && !this.x.hasBegun) this.#server.live.record.abandoned(this.#waitedMs, nowMs)
    this.#leave()?.drop()
  }

  /** Lets go of the connection, which is given back, and of the place at its server. */
  #leave(): Outbound | null {
    const conn = this.#conn
    this.#conn = null
    this.#race?.cancel()
    this.#race = null
    if (conn && this.x.isHeadSent && !this.x.tunnel) this.x.bytesOut = conn.answerBytes
    this.#release()
    return conn
  }

  #release(): void {
    const server = this.#server
    this.#server = null
    if (server) this.backend.release(server)
  }
}

// One object for all requests: it lives only while a head is written.
const sendLines = { id: '', isChunked: false, wantsUpgrade: false, serverAuthority: '' }
