// What sockets of ours have in common, whatever tells them what has come: who they are, and that one can be
// poured into the other (pour.ts).
import { type Pour, type PourEnd, pourFrom } from './pour.ts'
import type { Pourer } from './pour-line.ts'
import { localName } from './socket-ends.ts'
import {
  type Dialler,
  type LocalEnd,
  NOBODY,
  type PourTeller,
  type Socket,
  type SocketEvents,
} from './socket.ts'

/**
 * A read of a head with volume behind it: what it brings of that is copied, the rest is not. More than a slot
 * of a ring holds, so that it leaves at once.
 */
export const HEAD_BYTES = 8 * 1024

// What is seldom so of a connection. A field of each would make every one of them larger, idle ones too.
const LINED = 1
const HEAD_NEXT = 2
/** It takes more again of what is poured, for which it waits in line. */
export const MAY_DRAIN = 4
/** It was found to be reset while nobody read it. */
export const WAS_RESET = 8
/** It is given away as soon as the kernel has nothing of it to do. */
export const LEAVES = 16

/** It is a Unix socket of a ring, which is not told whether more waits behind what was read. */
export const NEVER_SAYS_MORE = 32

/** Its end is behind what is being told. */
export const ENDS_HERE = 64

export abstract class OwnSocket implements PourEnd, Pourer {
  owner: SocketEvents = NOBODY
  /** More may be there, as the latest read brought all that it could. */
  mayHoldMore = false
  outgoing: Pour | null = null
  incoming: Pour | null = null
  #seldom = 0

  abstract readonly fd: number
  abstract readonly isClear: boolean
  abstract pourChanged(): void
  abstract pourBroke(code: number): void
  abstract pourShare(): void
  abstract confused(): void

  protected is(flag: number): boolean {
    return (this.#seldom & flag) !== 0
  }

  protected mark(flag: number, isSo: boolean): void {
    this.#seldom = isSo ? this.#seldom | flag : this.#seldom & ~flag
  }

  get isLined(): boolean {
    return this.is(LINED)
  }

  set isLined(isSo: boolean) {
    this.mark(LINED, isSo)
  }

  get endsHere(): boolean {
    return this.is(ENDS_HERE)
  }

  /** What is poured was over: what comes next is a head, perhaps, and as much behind it as last time. */
  protected takeHeadNext(): boolean {
    const isNext = this.is(HEAD_NEXT)
    if (isNext) this.mark(HEAD_NEXT, false)
    return isNext
  }

  // No field of each: idle connections are many.
  get isDecrypted(): boolean {
    return false
  }

  get localAddress(): string | undefined {
    return localName(this.fd)?.address
  }

  get localPort(): number {
    return localName(this.fd)?.port ?? 0
  }

  localEnd(): LocalEnd | null {
    return localName(this.fd)
  }

  pour(to: Socket | null, bytes: number, told: PourTeller): void {
    this.mark(HEAD_NEXT, to === null && bytes === 0)
    const end = to instanceof OwnSocket && to.fd >= 0 && this.fd >= 0 ? to : null
    pourFrom(this, end, bytes, told)
  }

  dropPoured(): void {
    this.incoming?.cancel()
  }

  /** Nothing is read, as what came last waits for the socket that it is poured into. */
  protected get isHeldUp(): boolean {
    return this.outgoing !== null && this.outgoing.isBlocked
  }

  /** What is poured into it waits: nothing else may be sent before. */
  protected get isFilled(): boolean {
    return this.incoming !== null && this.incoming.isBlocked
  }

  protected get pours(): boolean {
    return this.outgoing !== null || this.incoming !== null
  }

  /** It is gone. */
  protected endPours(): void {
    this.outgoing?.stop()
    this.incoming?.cancel()
  }
}

/** Gives a socket that was dialled to whoever did. */
export function handOver(socket: OwnSocket & Socket, dialler: Dialler): void {
  socket.owner = dialler
  try {
    dialler.onConnected(socket)
  } catch (error) {
    socket.owner.terminate()
    socket.terminate()
    throw error
  }
}
