// Looks again at what the kernel holds of a connection whenever more has come, while nobody reads it. A loop
// of ours tells that, once for each piece: what stays where it is would be told again and again otherwise.
// Bun's own cannot, without reading it: there it is looked less and less often.
import { tellBug } from '../lib/bug.ts'
import { event } from '../lib/event.ts'
import { IPPROTO_TCP, readOption } from './calls.ts'
import { BROKEN, EDGE, HUNG_UP, HAS_ENDED, type Pollable, READABLE } from './poller.ts'
import type { Ground } from './socket.ts'
import { sockets } from './sockets.ts'

const LOOK_FIRST_MS = 1
const LOOK_LAST_MS = 16

export interface Looker {
  /**
   * Called when more may have come. `hasEnded`: nothing will come behind that; said where it is known, for
   * nobody sees an end behind bytes that he does not take.
   */
  look(hasEnded: boolean): void
  terminate(): void
}

export class LookAgain implements Pollable {
  readonly #looker: Looker
  #ground: Ground | null = null
  #timer: Timer | null = null
  #nextMs = LOOK_FIRST_MS
  /** -1: nobody looks. */
  #fd = -1

  constructor(looker: Looker) {
    this.#looker = looker
  }

  /** `look` is called once more has come to this descriptor; said after each look that found too little. */
  await(fd: number): void {
    if (this.#ground !== null) return // it goes on telling
    this.#fd = fd
    const ground = sockets().ground?.()
    if (ground === undefined) return this.#awaitTimer()
    ground.loop.hold()
    this.#ground = ground
    // Also of what came since the look before: that is told at once.
    if (ground.poller.tryAdd(fd, READABLE | HAS_ENDED | EDGE, this) === 0) return
    this.#ground = null
    ground.loop.release()
    this.#looker.terminate()
  }

  #awaitTimer(): void {
    const afterMs = this.#nextMs
    this.#nextMs = Math.min(2 * afterMs, LOOK_LAST_MS)
    this.#timer = setTimeout(() => this.#tell(hasEnded(this.#fd)), afterMs)
  }

  onReady(events: number): void {
    this.#tell((events & (HAS_ENDED | HUNG_UP | BROKEN)) !== 0)
  }

  #tell(hasEnded: boolean): void {
    if (this.#fd < 0) return
    event(() => {
      try {
        this.#looker.look(hasEnded)
      } catch (error) {
        tellBug(error)
        this.#looker.terminate()
      }
    })
  }

  /** To be called before somebody else has the descriptor, and before it is closed where that can be. */
  stop(): void {
    if (this.#timer !== null) clearTimeout(this.#timer)
    this.#timer = null
    if (this.#ground !== null) {
      this.#ground.poller.remove(this.#fd)
      this.#ground.loop.release()
      this.#ground = null
    }
    this.#fd = -1
  }
}

const TCP_INFO = 11
/** Of the kernel: the other side has ended, and perhaps we have. */
const ENDED_STATES = [7, 8, 9]

/** The first byte of what it tells is the state. */
const hasEnded = (fd: number): boolean => ENDED_STATES.includes(readOption(fd, IPPROTO_TCP, TCP_INFO) & 0xff)
