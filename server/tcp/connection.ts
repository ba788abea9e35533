// A client's connection to a tcp listener and the one to a server that is made for it: a server is picked,
// and another one where no connection to it comes to be; then bytes pass both ways as they come
// (sockets/splice.ts). What the client sends before a server is there waits, up to one read.
//
//   picking ──a server has room──▶ dialling ──it stands──▶ joined ──both are gone──▶ over
//     ▲ └─none is up, queue full─▶ over │                     │
//     └───it does not: another one──────┘                     └─ a side broke, or was silent too long: both reset
import type { Accepted } from '../accept/entry.ts'
import type { Backend } from '../backends/backend.ts'
import { ANSWERED, type Outcome } from '../backends/outcome.ts'
import type { SentAway, Waiter } from '../backends/waiter.ts'
import type { Server } from '../backends/server.ts'
import { type Tried, andTried } from '../backends/tried.ts'
import { queueLimit } from '../backends/queue-limit.ts'
import { whyNone } from '../backends/why-none.ts'
import { guarded } from '../lib/bug.ts'
import { nowMs } from '../lib/clock.ts'
import { connectionEnds } from '../lib/descriptor-budget.ts'
import { event } from '../lib/event.ts'
import type { ProxyCertificate } from '../lib/proxy-header.ts'
import { proxyHeaderOut, type ProxyVersion } from '../lib/proxy-header-out.ts'
import { Reach } from '../reach/reach.ts'
import type { TcpWay } from '../snapshot/snapshot.ts'
import type { Socket } from '../sockets/socket.ts'
import { Splice, type SpliceEnding } from '../sockets/splice.ts'
import { type FaultCode, faultPlace, isLasting, isTlsFault } from '../tables/faults.ts'
import type { ConnectionTry } from '../telemetry/connection-record.ts'
import type { TlsFacts } from '../tls/accept-tls.ts'
import type { OpenConnection, TcpConnections } from './connections.ts'
import type { TcpDial, TcpDialEvents, TcpReached } from './dial-tcp.ts'

/** Attempts that a connection remembers. */
const TRIES_MAX = 16

/** What a splice's ending is called. */
const FAULT_OF: Readonly<Record<SpliceEnding, FaultCode>> = {
  outer_broke: 'client_abort',
  inner_broke: 'server_reset',
  outer_stalled: 'client_stalled',
  inner_stalled: 'server_stalled',
  idle: 'idle_timeout',
  half_close: 'half_close_timeout',
}

function certificateOf(tls: TlsFacts | null): ProxyCertificate | null {
  const shown = tls?.client ?? null
  if (tls === null || shown === null || shown.certificate === null) return null
  const { isGood, commonName } = shown
  return { isGood, isResumed: tls.isResumed, commonName }
}

export class TcpConnection implements OpenConnection, TcpDialEvents, Waiter {
  readonly listener: TcpWay
  readonly key: number
  tried: Tried = null
  /** Of those that would fail each time. */
  #hopeless: Tried = null
  readonly startedMs = nowMs
  endedMs = 0
  server: Server | null = null
  attempts = 0
  queueMs = 0
  connectMs = 0
  fault: FaultCode | null = null
  detail: string | null = null
  tries: ConnectionTry[] | null = null
  countedIn = 0
  countedOut = 0
  readonly #from: Accepted
  readonly #all: TcpConnections
  readonly #splice: Splice
  /** Its plan is in use as long as this lives. */
  readonly snapshot: object
  /** When the attempt, or the wait for a server with room, began. */
  #sinceMs = nowMs
  /** A place at the server is taken. */
  #hasPlace = false
  #isJoined = false
  #isOver = false
  /** What says whose it is, to servers that are told so. */
  #header: Buffer | null = null
  #reach: Reach<TcpReached, TcpDial> | null = null
  #backoff: Timer | null = null

  constructor(all: TcpConnections, listener: TcpWay, from: Accepted) {
    const { idle, half_close } = listener.options.timeouts
    this.#all = all
    this.snapshot = all.snapshot
    this.listener = listener
    this.#from = from
    this.key = this.backend.clientKey(from.address)
    this.#splice = new Splice({
      wheel: all.wheel,
      idleMs: idle,
      halfCloseMs: half_close,
      stallMs: idle,
      bytesPerS: listener.options.limits.bandwidth,
      owner: this,
    })
  }

  get backend(): Backend {
    return this.listener.backend
  }

  get askedFor(): string | null {
    return this.#from.askedFor
  }

  get tls(): TlsFacts | null {
    return this.#from.tls
  }

  get certificate(): string | null {
    return this.#from.tls?.client?.whose ?? null
  }

  get client(): string {
    return this.#from.address
  }

  get bytesIn(): number {
    return this.#splice.outer.came
  }

  get bytesOut(): number {
    return this.#splice.outer.written
  }

  /** Owns the client's socket from now on, which is let in, or refused. */
  begin(socket: Socket, refusal: FaultCode | null): void {
    this.#splice.outer.attach(socket)
    if (refusal !== null) return this.#refuse(refusal)
    const { proxy_protocol } = this.backend.options
    if (proxy_protocol !== undefined) this.#header = this.#headerOf(proxy_protocol)
    this.#attempt()
  }

  #headerOf(version: ProxyVersion): Buffer {
    const { address, port, localAddress, localPort, tls } = this.#from
    return proxyHeaderOut(version, {
      clientHost: address,
      clientPort: port,
      localHost: localAddress,
      localPort,
      isTls: tls !== null,
      ...(tls !== null && { tlsVersion: tls.version, serverName: tls.serverName }),
      certificate: certificateOf(tls),
    })
  }

  // ── a server ──

  #attempt(): void {
    const { backend } = this
    const server = backend.pick(this.key, this.tried)
    if (server) return this.#use(server)
    if (!backend.lastPickFull) return this.#refuse(backend.noneFault, whyNone(backend))
    this.#sinceMs = nowMs
    if (!backend.queue.push(this, nowMs)) this.#refuseToWait('queue_full')
  }

  onServer(server: Server): void {
    event(() => {
      this.queueMs += nowMs - this.#sinceMs
      this.#use(server)
    })
  }

  onSentAway(why: SentAway): void {
    event(() => {
      this.queueMs += nowMs - this.#sinceMs
      this.#refuseToWait(why)
    })
  }

  #use(server: Server): void {
    this.server = server
    this.attempts++
    this.#hasPlace = true
    this.#sinceMs = nowMs
    const header = this.#header
    const reached: TcpReached = header === null || server.tls === null ? server : { ...server, header }
    const reach = new Reach<TcpReached, TcpDial>(reached, this.#all.world, this)
    this.#reach = reach
    reach.start()
  }

  /** It stands: from now on bytes pass. */
  serverOpen(dial: TcpDial): void {
    const { server } = this
    const { socket } = dial
    if (server === null || socket === null) return
    const tookMs = nowMs - this.#sinceMs
    this.#reach = null
    this.#isJoined = true
    this.connectMs += tookMs
    this.tries?.push({ server: server.name, phase: null, fault: null, ms: tookMs })
    this.backend.answered(server, 0, tookMs)
    const { inner } = this.#splice
    // By TLS it went out before the handshake.
    if (this.#header !== null && server.tls === null) inner.writeFirst(this.#header)
    inner.attach(socket)
  }

  serverGone(code: FaultCode, detail: string | null): void {
    const { server } = this
    if (server === null) return
    const waitedMs = nowMs - this.#sinceMs
    this.#reach = null
    this.connectMs += waitedMs
    this.#remember({
      server: server.name,
      phase: isTlsFault(code) ? 'tls' : code === 'dns_failed' ? 'resolve' : 'connect',
      fault: code,
      ms: waitedMs,
    })
    const loss = { code, reached: 'nothing', isStale: false, detail } as const
    this.#leave({ is: 'lost', loss, waitedMs, wasAnswered: false })
    // Descriptors are ours: another server would not help.
    const { retry } = this.backend
    const isRepeated = code !== 'descriptor_limit' && retry.faults[faultPlace(code)] === 1
    if (!isRepeated || this.attempts >= retry.attempts) return this.#refuse(code, detail)
    if (isLasting(code)) this.#hopeless = andTried(this.#hopeless, server)
    if (!this.#again(server)) this.#refuse(code, detail)
  }

  #remember(one: ConnectionTry): void {
    this.tries ??= []
    if (this.tries.length < TRIES_MAX) this.tries.push(one)
  }

  /** Another server at once; the same ones only after a while. False: to none would that be of use. */
  #again(failed: Server): boolean {
    this.tried = andTried(this.tried, failed)
    const { attempts, backoffMs, backoffMaxMs } = this.backend.retry
    const server = this.backend.pickAgain(this.key, this.tried, this.attempts + 1 >= attempts)
    if (server === null && this.#hopeless !== null && !this.backend.hasUntried(this.#hopeless)) return false
    if (server) {
      this.#use(server)
      return true
    }
    this.tried = this.#hopeless
    const waitMs = Math.random() * Math.min(backoffMs * 2 ** (this.attempts - 1), backoffMaxMs)
    this.#backoff = setTimeout(() => event(() => guarded(() => this.#backedOff())), waitMs)
    return true
  }

  #backedOff(): void {
    this.#backoff = null
    if (!this.#isOver) this.#attempt()
  }

  #leave(outcome: Outcome): void {
    if (!this.#hasPlace || this.server === null) return
    this.#hasPlace = false
    this.backend.release(this.server, outcome)
  }

  // ── its end ──

  #refuseToWait(code: SentAway): void {
    const { path, value, unit } = queueLimit(this.backend, code)
    this.#all.limitReached(path, value)
    this.#refuse(code, `${path}: ${value} ${unit}`)
  }

  /** No server takes it: what a client could read as an end in order would be a lie. */
  #refuse(code: FaultCode, detail: string | null = null): void {
    this.fault ??= code
    this.detail ??= detail
    this.#splice.abort()
  }

  /** It is ended, as its time is over. */
  stop(): void {
    this.#refuse('stopped')
  }

  /** Both sockets are gone. */
  spliceGone(): void {
    if (this.#isOver) return
    this.#isOver = true
    const { why } = this.#splice
    if (why !== null) this.fault ??= FAULT_OF[why]
    this.backend.queue.remove(this)
    if (this.#backoff) clearTimeout(this.#backoff)
    this.#reach?.cancel()
    this.#reach = null
    if (this.#isJoined) connectionEnds()
    this.#leave(this.#isJoined ? ANSWERED : { is: 'given_up', waitedMs: nowMs - this.#sinceMs })
    this.#from.gone()
    this.#all.closed(this)
  }
}
