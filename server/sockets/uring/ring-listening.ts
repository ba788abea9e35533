import { guarded } from '../../lib/bug.ts'
import { nowMs, tick } from '../../lib/clock.ts'
import { flush } from '../../lib/stage.ts'
import type { Timed } from '../../lib/wheel.ts'
import { EMFILE, ENFILE, ENOBUFS, ENOMEM, IPPROTO_TCP, setOption, TCP_NODELAY } from '../calls.ts'
import { openListening } from '../open-listening.ts'
import { localName } from '../socket-ends.ts'
import type { ListenHow, Listening, Socket } from '../socket.ts'
import { askAccept, askCancel } from './requests.ts'
import { HAS_MORE } from './ring.ts'
import type { RingHost } from './ring-host.ts'
import { RingSocket } from './ring-socket.ts'
import type { Asker } from './ring-waiter.ts'

// Kinds of its requests.
const ACCEPT = 0
const CANCEL = 1

const PAUSE_MS = 250
/** Until some are free again; who waits meanwhile waits in the kernel. */
const EXHAUSTED = [EMFILE, ENFILE, ENOBUFS, ENOMEM]

/** A listening socket on a ring: one request accepts all that come. */
export class RingListening implements Listening, Asker, Timed {
  number = -1
  inFlight = 0
  isDone = false
  dueMs = 0
  filedTick = -1
  filedPlace = -1
  readonly port: number
  readonly #host: RingHost
  readonly #accepted: (socket: Socket) => void
  /** -1: closed. */
  #fd: number
  #isParked = false
  /** Accepted while it was being parked. */
  readonly #held: number[] = []
  #isAsked = false
  #isCancelled = false

  /** Throws a SystemProblem. */
  constructor(host: RingHost, how: ListenHow, accepted: (socket: Socket) => void) {
    this.#fd = 'fd' in how ? how.fd : openListening(how.hostname, how.port)
    this.port = localName(this.#fd)?.port ?? 0
    this.#host = host
    this.#accepted = accepted
    // What is accepted has it from there.
    setOption(this.#fd, IPPROTO_TCP, TCP_NODELAY, 1)
    host.waiter.add(this)
    host.loop.hold()
    this.#ask()
  }

  get fd(): number {
    return this.#fd
  }

  completed(kind: number, result: number, flags: number): void {
    if (kind !== ACCEPT) return
    if ((flags & HAS_MORE) === 0) this.#isAsked = this.#isCancelled = false
    try {
      // One request may have accepted several by the time that it is parked.
      if (result >= 0 && this.#isParked) this.#held.push(result)
      else if (result >= 0) this.#enter(result)
      else if (EXHAUSTED.includes(-result)) this.#pause()
    } finally {
      if (this.dueMs === 0) this.#ask()
    }
  }

  #enter(fd: number): void {
    const socket = new RingSocket(this.#host, fd)
    tick()
    try {
      this.#accepted(socket)
    } catch (error) {
      socket.terminate()
      throw error
    }
    flush()
  }

  /** It would fail again and again. */
  #pause(): void {
    this.#host.figures.acceptPauses++
    this.#host.exhausted()
    if (this.#fd >= 0 && !this.#isParked) this.#host.wheel.due(this, nowMs + PAUSE_MS)
  }

  expire(): void {
    this.#ask()
  }

  #ask(): void {
    if (this.#fd < 0 || this.#isParked || this.#isAsked) return
    const { waiter } = this.#host
    this.#isAsked = true
    askAccept(waiter.ring, this.#fd, waiter.tag(this, ACCEPT))
  }

  #cancel(): void {
    this.#host.wheel.remove(this)
    this.dueMs = 0
    if (!this.#isAsked || this.#isCancelled) return
    const { waiter } = this.#host
    this.#isCancelled = true
    askCancel(waiter.ring, waiter.tag(this, CANCEL), waiter.tagOf(this, ACCEPT))
  }

  park(): void {
    if (this.#fd < 0 || this.#isParked) return
    this.#isParked = true
    this.#cancel()
  }

  unpark(): void {
    if (!this.#isParked) return
    this.#isParked = false
    this.#enterHeld()
    this.#ask()
  }

  #enterHeld(): void {
    for (const fd of this.#held.splice(0)) guarded(() => this.#enter(fd))
  }

  stop(): void {
    if (this.#fd < 0) return
    this.#isParked = false
    this.#cancel()
    // Until that is done the kernel accepts for it; and no entry may name a descriptor that is another's.
    this.#host.waiter.ring.advance()
    this.#host.libc.close(this.#fd)
    this.#fd = -1
    this.isDone = true
    this.#enterHeld()
    if (this.inFlight === 0) this.#host.waiter.leave(this)
  }

  confused(): void {}

  left(): void {
    this.#host.loop.release()
  }
}
