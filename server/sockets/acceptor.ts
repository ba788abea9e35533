// Takes connections from a listening socket, some in each turn. When descriptors run out it stops for a
// while, as accept(2) would fail again and again; who waits meanwhile waits in the kernel.
import { ptr } from 'bun:ffi'
import { tellBug } from '../lib/bug.ts'
import { nowMs } from '../lib/clock.ts'
import { errno, libc } from '../lib/native.ts'
import type { Timed, Wheel } from '../lib/wheel.ts'
import { EAGAIN, OPEN_FLAGS, EXHAUSTED } from './calls.ts'
import { type Pollable, type Poller, READABLE } from './poller.ts'
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
}

export class Acceptor implements Pollable, Timed {
  dueMs = 0
  filedTick = -1
  filedPlace = -1
  /** -1: closed. */
  fd: number
  readonly #parts: AcceptorParts
  #isParked = false

  /** The descriptor, which must not block, is its own from now on. */
  constructor(fd: number, parts: AcceptorParts) {
    this.fd = fd
    this.#parts = parts
    parts.poller.add(fd, READABLE, this)
  }

  onReady(): void {
    // A handler may park or close it.
    for (let i = 0; i < AT_ONCE && this.fd >= 0 && !this.#isParked; i++) {
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
    this.#parts.poller.modify(this.fd, 0)
    this.#parts.wheel.due(this, nowMs + PAUSE_MS)
  }

  expire(): void {
    if (this.fd >= 0 && !this.#isParked) this.#parts.poller.modify(this.fd, READABLE)
  }

  /** Takes none until `unpark`. */
  park(): void {
    if (this.fd < 0 || this.#isParked) return
    this.#isParked = true
    this.#parts.wheel.remove(this)
    this.#parts.poller.modify(this.fd, 0)
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
