import { guarded } from '../../lib/bug.ts'
import { nowMs, tickOfTurn } from '../../lib/clock.ts'
import { errno } from '../../lib/native.ts'
import { flush } from '../../lib/stage.ts'
import type { Timed } from '../../lib/wheel.ts'
import {
  EAGAIN,
  IPPROTO_TCP,
  isUnix,
  OPEN_FLAGS,
  setNonBlocking,
  setOption,
  TCP_NODELAY,
  EXHAUSTED,
} from '../calls.ts'
import { listeningFd, served } from '../open-listening.ts'
import { localName } from '../socket-ends.ts'
import type { ListenHow, Listening, Socket } from '../socket.ts'
import { askCancel, askClose, askReady } from './requests.ts'
import type { RingHost } from './ring-host.ts'
import { RingSocket } from './ring-socket.ts'
import type { Asker } from './ring-waiter.ts'

// Kinds of its requests.
const READY = 0
const CANCEL = 1
const CLOSE = 2

const POLLIN = 1
/** Of those who wait for it, in other processes too, one is told: the one that asked first. */
const EXCLUSIVE = 0x10000000
/** Most that are taken in one turn, where many come. */
const AT_ONCE = 32
const PAUSE_MS = 250

/**
 * A listening socket on a ring, which says that somebody waits. They are taken one by one: a request that
 * accepts all who come would take the last descriptors, and those who come while it is being parked.
 */
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
  /** Other processes accept from the very same socket: they take turns, one connection each. */
  readonly #isShared: boolean
  #isParked = false
  #isAsked = false
  #isCancelled = false
  /** How many are taken next: more where more were there. */
  #atOnce = 1

  /** Throws a SystemProblem. */
  constructor(host: RingHost, how: ListenHow, accepted: (socket: Socket) => void) {
    this.#fd = listeningFd(how)
    this.port = localName(this.#fd)?.port ?? 0
    this.#host = host
    this.#accepted = accepted
    this.#isShared = isUnix(this.#fd)
    setNonBlocking(this.#fd)
    // What is accepted has it from there.
    setOption(this.#fd, IPPROTO_TCP, TCP_NODELAY, 1)
    host.waiter.add(this)
    host.loop.hold()
    host.listening++
    served(how, this.#fd, () => this.#begin())
  }

  #begin(): void {
    try {
      this.#ask()
    } catch (error) {
      this.#host.waiter.leave(this)
      throw error
    }
  }

  get fd(): number {
    return this.#fd
  }

  completed(kind: number, result: number): void {
    if (kind !== READY) return
    const isRefused = result < 0 && !this.#isCancelled
    this.#isAsked = this.#isCancelled = false
    try {
      if (isRefused) this.#pause()
      else this.#take()
    } finally {
      if (this.dueMs === 0) this.#ask()
    }
  }

  #take(): void {
    const { libc } = this.#host
    // A handler may park or close it.
    for (let i = 0; i < this.#atOnce; i++) {
      if (this.#fd < 0 || this.#isParked) return
      this.#host.otherCalls++
      const fd = libc.accept4(this.#fd, null, null, OPEN_FLAGS)
      if (fd >= 0) {
        guarded(() => this.#enter(fd))
        continue
      }
      const code = errno()
      if (EXHAUSTED.includes(code)) return this.#pause()
      // Others mean the connection, which is gone already (accept(2)).
      if (code === EAGAIN) {
        this.#atOnce = 1
        return
      }
    }
    if (!this.#isShared) this.#atOnce = Math.min(this.#atOnce * 2, AT_ONCE)
  }

  #enter(fd: number): void {
    const socket = new RingSocket(this.#host, fd)
    tickOfTurn()
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
    askReady(waiter.ring, this.#fd, waiter.tag(this, READY), this.#isShared ? POLLIN | EXCLUSIVE : POLLIN)
  }

  #cancel(): void {
    this.#host.wheel.remove(this)
    this.dueMs = 0
    if (!this.#isAsked || this.#isCancelled) return
    const { waiter } = this.#host
    this.#isCancelled = true
    askCancel(waiter.ring, waiter.tag(this, CANCEL), waiter.tagOf(this, READY))
  }

  park(): void {
    if (this.#fd < 0 || this.#isParked) return
    this.#isParked = true
    this.#cancel()
  }

  unpark(): void {
    this.#isParked = false
    this.#ask()
  }

  stop(): void {
    if (this.#fd < 0) return
    this.#cancel()
    // What is asked for holds it open; and no entry may name a descriptor that is another's.
    const { libc, waiter } = this.#host
    if (waiter.ring.advance()) libc.close(this.#fd)
    else askClose(waiter.ring, this.#fd, waiter.tag(this, CLOSE))
    this.#fd = -1
    this.isDone = true
    if (this.inFlight === 0) this.#host.waiter.leave(this)
  }

  confused(): void {}

  left(): void {
    this.#host.listening--
    this.#host.loop.release()
  }
}
