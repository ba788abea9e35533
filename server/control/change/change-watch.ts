// A change that is taken back by itself when it makes things worse: what is measured since it is served is
// held against the same time before it. It ends well when its time is over, and without a verdict when
// something else is served or the gateway stops.
import { logEvent } from '../../telemetry/log.ts'
import { type Measured, worse } from './worse.ts'

export interface WatchParts {
  /** What was measured in the last so many seconds, that were over. */
  readonly measure: (seconds: number) => Promise<Measured>
  /** Whether this text is still served. */
  readonly isServed: (hash: string) => boolean
  /** Serves again what was before this text; false: it could not. */
  readonly takeBack: (hash: string, why: string) => Promise<boolean>
  /** Calls until it is told to stop. */
  readonly every: (ms: number, act: () => Promise<void>) => () => void
  readonly nowMs: () => number
}

/** What became of a watched change. */
export interface Watched {
  readonly outcome: 'kept' | 'reverted' | 'not_reverted' | 'superseded'
  readonly why: string | null
  readonly before: Measured
  readonly after: Measured
}

export interface WatchedChange {
  readonly revision: number
  readonly hash: string
  readonly windowMs: number
  readonly before: Measured
}

const ANOTHER = 'another text is served'
const LOOK_EVERY_MS = 1000
/** Exchanges of the old config end in the first moment, and count as what they are. */
const SETTLE_MS = 1000

export class ChangeWatch {
  readonly #parts: WatchParts
  /** Ends that which goes on without a verdict. */
  #end: (() => Promise<void>) | null = null
  #stop: (() => void) | null = null

  constructor(parts: WatchParts) {
    this.#parts = parts
  }

  /** What was measured before a change, over as long as it will be watched. */
  before(windowMs: number): Promise<Measured> {
    return this.#parts.measure(Math.ceil(windowMs / 1000))
  }

  /** Watches a change that is served now; another one that was watched is not any more. */
  begin(change: WatchedChange): Promise<Watched> {
    void this.#end?.()
    const { promise, resolve } = Promise.withResolvers<Watched>()
    const { nowMs, every } = this.#parts
    const sinceMs = nowMs()
    this.#end = async () => {
      stop()
      const after = await this.#since(nowMs() - sinceMs)
      resolve({ outcome: 'superseded', why: ANOTHER, before: change.before, after })
    }
    const look = async (): Promise<void> => {
      const watched = await this.#look(change, nowMs() - sinceMs)
      if (watched === null) return
      stop()
      resolve(watched)
    }
    const stop = every(LOOK_EVERY_MS, look)
    this.#stop = stop
    return promise.then((watched) => tell(change, watched))
  }

  stop(): void {
    this.#stop?.()
    this.#stop = null
    this.#end = null
  }

  /** What was measured since it is served, and exchanges of before have ended. */
  #since(passedMs: number): Promise<Measured> {
    return this.#parts.measure(Math.max(1, Math.floor((passedMs - SETTLE_MS) / 1000)))
  }

  /** Null: it goes on. */
  async #look({ hash, windowMs, before }: WatchedChange, passedMs: number): Promise<Watched | null> {
    const { isServed, takeBack } = this.#parts
    const after = await this.#since(passedMs)
    if (!isServed(hash)) return { outcome: 'superseded', why: ANOTHER, before, after }
    const why = passedMs < 2 * SETTLE_MS ? null : worse(before, after)
    if (why !== null) {
      const isBack = await takeBack(hash, `${why}, within ${Math.round(passedMs / 1000)} s`)
      return { outcome: isBack ? 'reverted' : 'not_reverted', why, before, after }
    }
    return passedMs >= windowMs ? { outcome: 'kept', why: null, before, after } : null
  }
}

function tell({ revision }: WatchedChange, watched: Watched): Watched {
  const level = watched.outcome === 'kept' ? 'info' : 'warn'
  logEvent(level, 'watched', { revision, ...watched })
  return watched
}
