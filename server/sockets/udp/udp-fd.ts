// One descriptor of a UDP socket: reads what has arrived into the arena and hands it out.
import { type Pointer, ptr } from 'bun:ffi'
import { tellBug } from '../../lib/bug.ts'
import { errno, libc, socketError } from '../../lib/native.ts'
import { DATAGRAM_BYTES, NAME_BYTES, SLOTS } from './arena.ts'
import type { Datagrams } from './datagrams.ts'
import { FLAGS_WORD, HEADER_BYTES, HEADER_WORDS, type Headers, LENGTH_WORD } from './headers.ts'
import type { Outbox, Sender } from './outbox.ts'
import { BROKEN, type Pollable, type Poller, READABLE } from '../poller.ts'
import * as system from '../calls.ts'

/** Whose descriptor it is. */
export interface DatagramOwner {
  /** A datagram stands in a slot of the arena, and whom it came from in the shared source. */
  onSlot(slot: number, start: number, length: number): void
  /** Of a connected one: what was sent has met with this (an errno), as the network tells (ICMP). */
  onBroken?(code: number): void
}

export interface UdpFdParts {
  readonly datagrams: Datagrams
  readonly poller: Poller
  readonly fd: number
  readonly family: 4 | 6
  /**
   * Whether many send to it: a listener. Then it has buffers, an outbox and batches of its own; else it is
   * one of many sockets that see little each.
   */
  readonly isBusy: boolean
  /** Whether packet info comes and goes with each datagram. */
  readonly hasControl: boolean
  /** It has one peer, and nobody else has a copy of its descriptor. */
  readonly isConnected?: boolean
}

/** Datagrams of one call, and calls in one turn. */
const BATCH = 32
const BUSY_ROUNDS = 4
/** A quiet socket that is ready in this many turns in a row may have more than one datagram waiting. */
const STREAK = 3
/** After that proves wrong, it is not tried again for so many more. */
const PATIENCE = 12

const BUSY_BUFFER_BYTES = 4_194_304
const QUIET_BUFFER_BYTES = 1_048_576

const nameLength = new Uint32Array(new ArrayBuffer(4))
const nameLengthAt = ptr(nameLength)
const FLAGS = system.MSG_DONTWAIT | system.MSG_TRUNC
const LOST = [system.EBADF, system.ENOTSOCK, system.EFAULT]

export class UdpFd implements Pollable, Sender {
  /** -1: closed. */
  fd: number
  /** Others read from it. */
  #isHeldBack = false
  readonly family: 4 | 6
  readonly outbox: Outbox
  readonly inbox: Headers
  readonly #datagrams: Datagrams
  readonly #poller: Poller
  readonly #owner: DatagramOwner
  readonly #isBusy: boolean
  readonly #hasControl: boolean
  readonly #isConnected: boolean
  readonly #libc = libc()
  #readyTurn = -1
  #streak = 0
  #dontFragment = false
  /** Of IP_MTU_DISCOVER before it was first changed; -1: not changed yet. */
  #discovery = -1

  constructor(parts: UdpFdParts, owner: DatagramOwner) {
    const { datagrams, poller, fd, family, isBusy, hasControl, isConnected = false } = parts
    this.fd = fd
    this.family = family
    this.#datagrams = datagrams
    this.#poller = poller
    this.#owner = owner
    this.#isBusy = isBusy
    this.#hasControl = hasControl
    this.#isConnected = isConnected
    this.outbox = isBusy ? datagrams.outbox(family, hasControl) : datagrams.relayOutbox(family)
    this.inbox = datagrams.inbox(family, hasControl)
    if (!isConnected) this.#prepare()
    poller.add(fd, READABLE, this)
  }

  #prepare(): void {
    const { fd } = this
    // Errors that ICMP reports would be told to whoever sends next, and keep that datagram from being sent.
    system.setOption(fd, system.IPPROTO_IP, system.IP_RECVERR, 0)
    if (this.family === 6) system.setOption(fd, system.IPPROTO_IPV6, system.IPV6_RECVERR, 0)
    socketError(fd)
    const bytes = this.#isBusy ? BUSY_BUFFER_BYTES : QUIET_BUFFER_BYTES
    system.raiseBuffer(fd, system.SO_RCVBUF, bytes)
    system.raiseBuffer(fd, system.SO_SNDBUF, bytes)
    // Off where there is no room for it: the supervisor has it on from the start, and each datagram would
    // look truncated.
    const info = this.#hasControl ? 1 : 0
    if (this.family === 4) system.setOption(fd, system.IPPROTO_IP, system.IP_PKTINFO, info)
    else system.setOption(fd, system.IPPROTO_IPV6, system.IPV6_RECVPKTINFO, info)
  }

  onReady(events: number): void {
    if (events & BROKEN && this.#isBroken(socketError(this.fd))) return
    if (!this.#isBusy && !this.#isLikelyMore()) return this.#receiveOne()
    let got = this.#receive()
    if (!this.#isBusy) this.#streak = got > 1 ? STREAK : -PATIENCE
    for (let round = 1; this.#isBusy && got === BATCH && round < BUSY_ROUNDS; round++) got = this.#receive()
  }

  /** Hands out one that has come and was not read yet; else tells what has broken meanwhile. */
  catchUp(): void {
    if (this.fd >= 0) this.#receiveOne()
  }

  /** Whether its owner was told, and has closed it. */
  #isBroken(code: number): boolean {
    if (code === 0 || !this.#isConnected) return false
    this.#owner.onBroken?.(code)
    return this.fd < 0
  }

  /** A batch costs more than one datagram where one is all there is, and less where there are two. */
  #isLikelyMore(): boolean {
    const { turns } = this.#poller
    this.#streak = turns - this.#readyTurn === 1 ? this.#streak + 1 : Math.min(this.#streak, 0)
    this.#readyTurn = turns
    return this.#streak > STREAK
  }

  #receiveOne(): void {
    const { arena, counters } = this.#datagrams
    const slot = this.#datagrams.room(1)
    const start = arena.start(slot)
    nameLength[0] = NAME_BYTES
    const length = this.#libc.recvfrom(
      this.fd,
      (arena.at + start) as Pointer,
      DATAGRAM_BYTES,
      FLAGS,
      (arena.namesAt + slot * NAME_BYTES) as Pointer,
      nameLengthAt,
    )
    if (length < 0) return this.#failed()
    arena.cursor = slot + 1
    if (length > DATAGRAM_BYTES) counters.truncated++
    else this.#handOut(slot, length)
  }

  /** Returns how many datagrams came. */
  #receive(): number {
    if (this.fd < 0) return 0
    const { arena, counters } = this.#datagrams
    const { inbox } = this
    const slot = this.#datagrams.room(BATCH)
    if (this.#hasControl) for (let i = slot; i < slot + BATCH; i++) inbox.openControl(i)
    const headers = (inbox.at + slot * HEADER_BYTES) as Pointer
    const got = this.#libc.recvmmsg(this.fd, headers, BATCH, system.MSG_DONTWAIT, null)
    if (got < 0) {
      this.#failed()
      return 0
    }
    arena.cursor = slot + got
    // A handler may close this socket.
    for (let i = slot; i < slot + got && this.fd >= 0; i++) {
      const word = i * HEADER_WORDS
      if (inbox.words[word + FLAGS_WORD]! & (system.MSG_TRUNC | system.MSG_CTRUNC)) counters.truncated++
      else this.#handOut(i, inbox.words[word + LENGTH_WORD]!)
    }
    return got
  }

  #handOut(slot: number, length: number): void {
    const { source, arena } = this.#datagrams
    try {
      if (!this.#isConnected) {
        if (this.family === 4) source.read4(slot)
        else source.read6(slot)
      }
      this.#owner.onSlot(slot, arena.start(slot), length)
    } catch (error) {
      tellBug(error) // the datagrams behind it are others'
    }
  }

  #failed(): void {
    const code = errno()
    if (code === system.EAGAIN || this.#isBroken(code) || !LOST.includes(code)) return
    // Would be told as ready for ever.
    this.#poller.remove(this.fd)
    tellBug(new Error(`UDP descriptor ${this.fd} cannot be read (errno ${code})`))
  }

  dontFragment(on: boolean): void {
    if (on === this.#dontFragment) return
    this.#dontFragment = on
    const [level, name] =
      this.family === 4
        ? [system.IPPROTO_IP, system.IP_MTU_DISCOVER]
        : [system.IPPROTO_IPV6, system.IPV6_MTU_DISCOVER]
    if (this.#discovery < 0) this.#discovery = system.readOption(this.fd, level, name)
    system.setOption(this.fd, level, name, on ? system.PMTUDISC_DO : this.#discovery)
  }

  /** Sends bytes of the arena to the one peer at once: 0, or what stands against it (an errno). */
  sendNow(start: number, length: number): number {
    const at = (this.#datagrams.arena.at + start) as Pointer
    return this.#libc.send(this.fd, at, length, system.SEND_FLAGS) < 0 ? errno() : 0
  }

  /** Reads no more until it goes on: others do, who have the same socket. It still sends. */
  holdBack(): void {
    if (this.fd < 0 || this.#isHeldBack) return
    this.#isHeldBack = true
    this.#poller.remove(this.fd)
  }

  goOn(): void {
    if (this.fd < 0 || !this.#isHeldBack) return
    this.#isHeldBack = false
    this.#poller.add(this.fd, READABLE, this)
  }

  /** Sends what waits, and closes. */
  close(): void {
    if (this.fd < 0) return
    this.outbox.leave(this)
    if (this.#isConnected) this.#poller.forget(this.fd)
    else if (!this.#isHeldBack) this.#poller.remove(this.fd)
    this.#libc.close(this.fd)
    this.fd = -1
  }
}

if (SLOTS < 2 * BATCH) throw new Error('two batches must fit, or each is sent before the next is read')
