import { ptr } from 'bun:ffi'
import { nowMs } from '../../lib/clock.ts'
import { errno, libc } from '../../lib/native.ts'
import { tellBug } from '../../lib/bug.ts'
import type { Timed, Wheel } from '../../lib/wheel.ts'
import { Address } from '../../lib/address.ts'
import type { Counters } from './counters.ts'
import { type Pollable, type Poller, READABLE } from '../../sockets/poller.ts'
import {
  AF_INET,
  AF_INET6,
  EAGAIN,
  EMFILE,
  ENFILE,
  ENOBUFS,
  ENOMEM,
  OPEN_FLAGS,
} from '../../sockets/calls.ts'

/** Of one socket in one turn. */
const AT_ONCE = 32
const PAUSE_MS = 250
/** Until some are free again; who waits meanwhile waits in the kernel. */
const EXHAUSTED = [EMFILE, ENFILE, ENOBUFS, ENOMEM]

const name = new DataView(new ArrayBuffer(128))
const nameAt = ptr(name)
const nameLength = new Uint32Array(new ArrayBuffer(4))
const nameLengthAt = ptr(nameLength)

/** Takes connections from a listening socket, which is its own from now on. */
export class Acceptor implements Pollable, Timed {
  dueMs = 0
  filedTick = -1
  filedPlace = -1
  #fd: number
  readonly #poller: Poller
  readonly #wheel: Wheel
  readonly #counters: Counters
  readonly #accept: (fd: number, from: Address | null) => void

  /**
   * `accept` is given each connection, and whom it came from where that has an address; it throws only if it
   * did not take it.
   */
  constructor(
    parts: { readonly poller: Poller; readonly wheel: Wheel; readonly counters: Counters },
    fd: number,
    accept: (fd: number, from: Address | null) => void,
  ) {
    this.#poller = parts.poller
    this.#wheel = parts.wheel
    this.#counters = parts.counters
    this.#fd = fd
    this.#accept = accept
    this.#poller.add(fd, READABLE, this)
  }

  onReady(): void {
    // A handler may close it.
    for (let i = 0; i < AT_ONCE && this.#fd >= 0; i++) {
      nameLength[0] = name.byteLength
      const fd = libc().accept4(this.#fd, nameAt, nameLengthAt, OPEN_FLAGS)
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
      this.#accept(fd, acceptedFrom())
    } catch (error) {
      tellBug(error)
      libc().close(fd)
    }
  }

  #pause(): void {
    this.#counters.acceptPauses++
    this.#poller.modify(this.#fd, 0)
    this.#wheel.due(this, nowMs + PAUSE_MS)
  }

  expire(): void {
    if (this.#fd >= 0) this.#poller.modify(this.#fd, READABLE)
  }

  close(): void {
    if (this.#fd < 0) return
    this.#wheel.remove(this)
    this.#poller.remove(this.#fd)
    libc().close(this.#fd)
    this.#fd = -1
  }
}

function acceptedFrom(): Address | null {
  const family = name.getUint16(0, true)
  if (family !== AF_INET && family !== AF_INET6) return null
  const [at, length] = family === AF_INET ? [4, 4] : [8, 16]
  return new Address(new Uint8Array(name.buffer).slice(at, at + length), name.getUint16(2))
}
