// Takes connections from a listening socket, some in each turn. When descriptors run out it stops for a
// while, as accept(2) would fail again and again; who waits meanwhile waits in the kernel.
import { ptr } from 'bun:ffi'
import { tellBug } from '../lib/bug.ts'
import { nowMs } from '../lib/clock.ts'
import { errno, libc } from '../lib/native.ts'
import type { Timed, Wheel } from '../lib/wheel.ts'
import { EAGAIN, OPEN_FLAGS, EXHAUSTED } from './calls.ts'
import { EXCLUSIVE, type Pollable, type Poller, READABLE } from './poller.ts'
import { SOCKADDR_BYTES } from './sockaddr.ts'

/** Of one socket in one turn. */
const AT_ONCE = 32
const PAUSE_MS = 250

const name = new DataView(new ArrayBuffer(SOCKADDR_BYTES))
const nameAt = ptr(name)
const nameLength = new Uint32Array(new ArrayBuffer(4))
const nameLengthAt = ptr(nameLength)

export interface AcceptorParts {
  readonly poller: Poller
  readonly wheel: Wheel
  /**
   * Is given each connection, and whom it came from, valid until it returns; it throws only if it did not
   * take it.
   */
  readonly accept: (fd: number, from: DataView) => void
  /** It has stopped for a while. */
  readonly exhausted: () => void
  /** Other processes accept from the very same socket: they take turns. */
  readonly isShared?: boolean
}

export class Acceptor implements Pollable, Timed {
  dueMs = 0
  filedTick = -1
  filedPlace = -1
  /** -1: closed. */
  fd: number
  readonly #parts: AcceptorParts
  #isParked = false
  #isPolled = true

  /** The descriptor, which must not block, is its own from now on. */
  constructor(fd: number, parts: AcceptorParts) {
    this.fd = fd
    this.#parts = parts
    parts.poller.add(fd, parts.isShared ? READABLE | EXCLUSIVE : READABLE, this)
  }

  onReady(): void {
    if (this.#parts.isShared) return this.#takeTurn()
    this.#take(AT_ONCE)
  }

  /** One only, and then to the end of those who wait for the next. */
  #takeTurn(): void {
    this.#take(1)
    if (!this.#isPolled || this.fd < 0) return
    this.#poll(false)
    this.#poll(true)
  }

  #take(most: number): void {
    // A handler may park or close it.
    for (let i = 0; i < most && this.fd >= 0 && !this.#isParked; i++) {
      nameLength[0] = name.byteLength
      const fd = libc().accept4(this.fd, nameAt, nameLengthAt, OPEN_FLAGS)
      if (fd < 0) {
        const code = errno()
        if (code === EAGAIN) return
        // Others mean the connection, which is gone already (accept(2)).
        if (EXHAUSTED.includes(code)) return this.#pause()
        continue
      }
      this.#hand(fd)
    }
  }

  #hand(fd: number): void {
    try {
      this.#parts.accept(fd, name)
    } catch (error) {
      tellBug(error)
      libc().close(fd)
    }
  }

  #pause(): void {
    this.#parts.exhausted()
    this.#poll(false)
    this.#parts.wheel.due(this, nowMs + PAUSE_MS)
  }

  expire(): void {
    if (this.fd >= 0 && !this.#isParked) this.#poll(true)
  }

  #poll(isWanted: boolean): void {
    const { poller, wheel, isShared } = this.#parts
    if (!isShared) return poller.modify(this.fd, isWanted ? READABLE : 0)
    if (isWanted === this.#isPolled) return
    this.#isPolled = isWanted
    if (!isWanted) return poller.remove(this.fd)
    if (poller.tryAdd(this.fd, READABLE | EXCLUSIVE, this) === 0) return
    // The system has no room to poll one more: later, perhaps.
    this.#isPolled = false
    wheel.due(this, nowMs + PAUSE_MS)
  }

  /** Takes none until `unpark`. */
  park(): void {
    if (this.fd < 0 || this.#isParked) return
    this.#isParked = true
    this.#parts.wheel.remove(this)
    this.#poll(false)
  }

  unpark(): void {
    this.#isParked = false
    this.expire()
  }

  close(): void {
    if (this.fd < 0) return
    this.#parts.wheel.remove(this)
    this.#parts.poller.remove(this.fd)
    libc().close(this.fd)
    this.fd = -1
  }
}
