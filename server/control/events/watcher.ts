// One who watches the gateway live: what waits to be sent, bounded. State is never left out: who does not
// keep up with it is cut off, and finds what came since by its last id. Figures are only ever the newest.
import type { Topic } from '../../tables/events.ts'
import { HEARTBEAT } from './frames.ts'

/** Where frames go. */
export interface Outlet {
  send(frame: Uint8Array): void
  /** Ends the stream; what was sent arrives. */
  end(): void
  /** Cuts it off. */
  cut(): void
}

const FRAMES_MAX = 256
/** Beside what it gets first. */
const BYTES_MAX = 1024 * 1024
/** Beats of five seconds for which nothing could be sent. */
const STUCK_BEATS_MAX = 12

export class Watcher {
  readonly topics: ReadonlySet<Topic>
  readonly #outlet: Outlet
  readonly #waiting: Uint8Array[] = []
  #bytes = 0
  #figures: Uint8Array | null = null
  #isReady = false
  #hasSent = false
  #stuckBeats = 0
  #isEnding = false
  isOver = false

  constructor(topics: ReadonlySet<Topic>, outlet: Outlet) {
    this.topics = topics
    this.#outlet = outlet
  }

  /** What a reader gets first, however much it is. */
  begin(frames: Uint8Array): void {
    this.#waiting.push(frames)
    if (this.#isReady) this.#send()
  }

  /** A frame that must arrive. */
  offer(frame: Uint8Array): void {
    if (this.isOver || this.#isEnding) return
    this.#waiting.push(frame)
    this.#bytes += frame.length
    if (this.#isReady) this.#send()
    else if (this.#waiting.length > FRAMES_MAX || this.#bytes > BYTES_MAX) this.cut()
  }

  /** A frame that the next one makes worthless. */
  offerFigures(frame: Uint8Array): void {
    if (this.isOver || this.#isEnding) return
    this.#figures = frame
    if (this.#isReady) this.#send()
  }

  /** One frame can be sent, now or once there is one. */
  ready(): void {
    this.#isReady = true
    this.#stuckBeats = 0
    this.#send()
  }

  /** Every five seconds: says something where there was nothing to say. */
  beat(): void {
    if (this.isOver) return
    if (!this.#isReady && ++this.#stuckBeats >= STUCK_BEATS_MAX) return this.cut()
    if (!this.#hasSent) this.offerFigures(this.#figures ?? HEARTBEAT)
    this.#hasSent = false
  }

  /** No more comes: it ends once what waits is sent. */
  end(): void {
    this.#isEnding = true
    this.#figures = null
    if (this.#waiting.length > 0 || this.isOver) return
    this.isOver = true
    this.#outlet.end()
  }

  cut(): void {
    if (this.isOver) return
    this.leave()
    this.#outlet.cut()
  }

  /** It is gone by itself. */
  leave(): void {
    this.isOver = true
    this.#waiting.length = 0
    this.#figures = null
  }

  #send(): void {
    const frame = this.#waiting.shift() ?? this.#figures
    if (frame === null || this.isOver) return
    if (frame === this.#figures) this.#figures = null
    else this.#bytes = Math.max(0, this.#bytes - frame.length)
    this.#isReady = false
    this.#hasSent = true
    this.#outlet.send(frame)
    if (this.#isEnding && this.#waiting.length === 0) this.end()
  }
}
