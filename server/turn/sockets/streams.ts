// A connection: what arrives is handed to the sink, and what that does not consume is kept for it; what it
// sends is written when the turn ends, all at once.
//
//   connecting ──▶ open ──▶ gone          open: either side may have ended (FIN) while the other still sends
import type { Pointer } from 'bun:ffi'
import { tellBug } from '../../lib/bug.ts'
import { errno, libc, socketError } from '../../lib/native.ts'
import type { Address } from '../../lib/address.ts'
import type { Stream, StreamSink } from '../network.ts'
import { Deadline } from './deadline.ts'
import { Inlet, type Reader } from './inlet.ts'
import { Interest } from './interest.ts'
import { BROKEN, HUNG_UP, type Pollable, READABLE, WRITABLE } from '../../sockets/poller.ts'
import { SendQueue } from './send-queue.ts'
import { type OpenSocket, READ_BYTES, type StreamEnds, type StreamHost } from './stream-host.ts'
import type { Tie } from './tie.ts'
import { EAGAIN, EINTR, MSG_DONTWAIT, resetOnClose, SHUT_WR, wordsOf } from '../../sockets/calls.ts'

/** Of one stream in one turn: others have something to say too. */
const TURN_BYTES = 262_144
const QUEUED_BYTES = 262_144
/** What is queued beyond this is written within the turn. */
const EAGER_BYTES = 32_768

/** Until whoever accepts says who listens. */
export const SILENT: StreamSink = { onBytes: () => 0, onClose: () => {} }

export class SocketStream implements Reader, Pollable {
  transport!: Stream['transport']
  listener!: string
  remote!: Address
  local!: Address
  data: unknown = null
  /** To the worker that let it in, where that has no part in it any more. */
  tie: Tie | null = null
  readonly deadline: Deadline

  readonly #host: StreamHost
  /** -1: gone. */
  #fd: number
  #sink: StreamSink
  #isConnecting: boolean
  #isPaused = false
  /** The other side has ended. */
  #hasEnded = false
  /** We end when all is written; we have ended. */
  #isFinishing = false
  #hasFinished = false
  /** The kernel takes no more for now. */
  #isBlocked: boolean
  readonly #interest: Interest
  /** Named in the host's `waiting`. */
  #isWaiting = false
  readonly #inlet: Inlet
  readonly #queue: SendQueue
  /** What it dies of in any case. */
  #doom: string | null = null

  constructor(host: StreamHost, { fd, ends, isConnecting = false }: OpenSocket, sink: StreamSink) {
    this.#host = host
    this.#fd = fd
    this.#sink = sink
    this.#isConnecting = this.#isBlocked = isConnecting
    this.#inlet = new Inlet(host.poller, this)
    this.#queue = new SendQueue(host.pieces)
    this.deadline = new Deadline(host.wheel, this)
    this.identify(ends)
    this.#interest = new Interest(host.poller, fd, isConnecting ? WRITABLE : READABLE, this)
  }

  /** Says whose connection it is, where that was not known from the start. */
  identify({ transport, listener, remote, local }: StreamEnds): void {
    this.transport = transport
    this.listener = listener
    this.remote = remote
    this.local = local
  }

  get sink(): StreamSink {
    return this.#sink
  }

  set sink(sink: StreamSink) {
    this.#sink = sink
    this.#inlet.owe()
  }

  get queued(): number {
    return this.#queue.length
  }

  /** Not where bytes pass through a worker: that sees what the client takes, and looks after it. */
  set stallMs(ms: number) {
    if (this.tie !== null) this.deadline.stallMs = ms
  }

  get isGone(): boolean {
    return this.#fd < 0
  }

  get isReading(): boolean {
    return this.#fd >= 0 && !this.#isPaused
  }

  onReady(events: number): void {
    try {
      if (this.#isConnecting) return this.#connected()
      // Read first: what the other side said before it went is still there when nothing can be written any
      // more.
      if (events & READABLE && !this.#isPaused) this.#read()
      if (events & WRITABLE) this.#flow()
      if (events & (BROKEN | HUNG_UP)) this.#lost(events)
    } catch (error) {
      this.confused(error)
    }
  }

  /** Its sink has thrown: nobody knows any more what the other side was told. */
  confused(error: unknown): void {
    tellBug(error)
    this.abort('bug')
  }

  #connected(): void {
    const code = socketError(this.#fd)
    if (code !== 0) return this.#gone(wordsOf(code))
    this.#isConnecting = false
    this.#sink.onOpen?.(this)
    this.#flow()
  }

  /** Told also when it was not asked for. */
  #lost(events: number): void {
    if (this.#fd < 0) return
    if (events & BROKEN) return this.#gone(wordsOf(socketError(this.#fd)))
    // Nobody is there any more. What they sent before may still be unread.
    if (this.#hasEnded) this.#gone(this.#isFinishing && this.queued === 0 ? null : 'closed')
    else if (this.#isPaused) this.#interest.park()
  }

  // ── what arrives ──

  /** Takes what was read of it before, which stands in the host's input. */
  begin(from: number, end: number): void {
    try {
      this.#inlet.handOut(this.#host.input.bytes, end, from)
    } catch (error) {
      this.confused(error)
    }
  }

  #read(): void {
    const { input } = this.#host
    let left = TURN_BYTES
    while (left > 0 && this.isReading && !this.#hasEnded) {
      const kept = this.#inlet.putBack(input.bytes)
      const got = libc().recv(this.#fd, (input.at + kept) as Pointer, READ_BYTES, MSG_DONTWAIT)
      if (got < 0) return this.#unread()
      if (got === 0) return this.#ended()
      this.deadline.moved()
      this.#inlet.handOut(input.bytes, kept + got)
      if (got < READ_BYTES) return
      left -= got
    }
  }

  #unread(): void {
    const code = errno()
    if (code !== EAGAIN && code !== EINTR) this.#gone(wordsOf(code))
  }

  #ended(): void {
    this.#inlet.pay()
    if (!this.isReading) return // its sink has had enough; one that paused is told of the end when it resumes
    this.#hasEnded = true
    this.#update()
    if (this.#hasFinished) return this.#gone(null)
    if (this.#sink.onEnd) this.#sink.onEnd(this)
    else this.finish()
  }

  pause(): void {
    this.#isPaused = true
    this.#update()
  }

  resume(): void {
    this.#isPaused = false
    this.#inlet.owe()
    this.#update()
  }

  /** Polls for what is of interest now. */
  #update(): void {
    if (this.#fd < 0) return
    const reads = !this.#isConnecting && !this.#isPaused && !this.#hasEnded
    this.#interest.become((reads ? READABLE : 0) | (this.#isConnecting || this.#isBlocked ? WRITABLE : 0))
  }

  // ── what is sent ──

  send(bytes: Uint8Array, start: number, length: number, most = QUEUED_BYTES): boolean {
    if (this.#fd < 0 || this.#isFinishing || this.#doom !== null) return false
    const queue = this.#queue
    if (queue.length + length > most) this.#write()
    if (queue.length + length > most || this.#doom !== null) return false
    queue.push(bytes, start, length)
    if (!this.#isWaiting) {
      this.#isWaiting = true
      this.#host.waiting.push(this)
    }
    if (queue.length >= EAGER_BYTES) this.#write()
    return true
  }

  /** The turn ends: writes what was queued in it. */
  settle(): void {
    this.#isWaiting = false
    if (this.#isBlocked) return
    try {
      this.#flow()
    } catch (error) {
      this.confused(error)
    }
  }

  /** Writes, and tells when all is gone. */
  #flow(): void {
    if (this.#fd < 0) return
    this.#isBlocked = false
    this.#write()
    if (this.#doom !== null) return this.#gone(this.#doom)
    if (this.#isBlocked) return
    this.deadline.flows()
    if (this.#isFinishing) this.#sendFin()
    else this.#sink.onDrain?.(this)
  }

  /**
   * Writes what the kernel takes. Whoever sends is not told of the end of the connection within that call.
   */
  #write(): void {
    const before = this.#queue.length
    if (this.#isBlocked || this.#fd < 0) return
    const code = this.#queue.write(this.#fd)
    if (this.#queue.length < before) this.deadline.moved()
    if (code === EAGAIN) {
      this.#isBlocked = true
      this.deadline.stalls(this.#fd)
    } else if (code !== 0) {
      this.#doom = wordsOf(code)
      this.#queue.clear()
      this.#host.poller.later(() => this.#gone(this.#doom))
    }
    this.#update()
  }

  // ── its end ──

  finish(): void {
    if (this.#fd < 0 || this.#isFinishing) return
    if (this.#isConnecting) return this.abort()
    this.#isFinishing = true
    this.deadline.linger()
    if (this.#queue.length === 0) this.#sendFin()
  }

  #sendFin(): void {
    if (this.#hasFinished || this.#fd < 0) return
    this.#hasFinished = true
    libc().shutdown(this.#fd, SHUT_WR)
    if (this.#hasEnded) this.#gone(null)
  }

  abort(why = 'aborted'): void {
    if (this.#fd < 0) return
    // What is on its way to a client arrives, as through a worker: a reset might destroy it there.
    if (this.tie === null || this.queued > 0) resetOnClose(this.#fd)
    this.#gone(why)
  }

  #gone(why: string | null): void {
    const fd = this.#fd
    if (fd < 0) return
    this.#fd = -1
    this.#interest.end()
    this.deadline.end()
    libc().close(fd)
    this.#queue.clear()
    this.#inlet.clear()
    this.tie?.cut()
    try {
      this.#sink.onClose(this, this.#doom ?? why)
    } catch (error) {
      tellBug(error)
    }
  }
}
