// A change that is taken back by itself unless it is confirmed in time: what was served before it is held
// until then, here and in the data folder, so that also an end of the gateway does not confirm it.
import { logEvent } from '../../telemetry/log.ts'
import type { ApplyProblem, Edition, TakenBackFact } from '../problem.ts'
import type { WatchedConfig } from '../source/watched-config.ts'
import type { Applier, Outcome } from './apply.ts'
import { NOT_WRITABLE } from './file-part.ts'
import type { History } from './history.ts'

export interface Pending {
  /** Of the text that waits. */
  readonly hash: string
  /** What is served again. */
  readonly previous: Edition
  readonly withinMs: number
  readonly untilMs: number
}

/** A change that is to be confirmed, and that is not served yet. */
export interface Coming {
  readonly hash: string
  /** What is served until it is. */
  readonly running: Edition
}

/** How long one that is held has once it is served. */
export interface Waits {
  readonly held: Coming
  readonly withinMs: number
}

export class Confirmation {
  pending: Pending | null = null
  /** What is served is being taken back, and nothing stops that any more. */
  isGoingBack = false
  #coming: Coming | null = null
  #timer: Timer | null = null
  readonly #history: () => Pick<History, 'hold'> | null
  readonly #onLate: (pending: Pending) => void

  constructor(history: () => Pick<History, 'hold'> | null, onLate: (pending: Pending) => void) {
    this.#history = history
    this.#onLate = onLate
  }

  /** Before a change that is to be confirmed is served: whenever the gateway ends, it is not. */
  hold({ hash }: Edition, running: Edition): Coming {
    this.#coming = { hash, running }
    this.#keep()
    return this.#coming
  }

  /** It came to nothing: what waited before goes on to wait. */
  letGo(): void {
    this.#coming = null
    this.#keep()
  }

  /**
   * The change that was held is served: it waits from now on. One that waits still was never confirmed
   * either, so what would come back stays what was served before that.
   */
  begin({ hash, running }: Coming, withinMs: number): void {
    const previous = this.pending?.previous ?? running
    this.stop()
    const pending = { hash, previous, withinMs, untilMs: Date.now() + withinMs }
    this.pending = pending
    this.#timer = setTimeout(() => this.#onLate(pending), withinMs)
    this.#coming = null
    this.isGoingBack = false
    this.#keep()
  }

  /**
   * It is confirmed, or there is nothing to wait for any more; whether anything waited. Where its text still
   * stands in the file, it is not confirmed for the next start.
   */
  end({ isInFile = false } = {}): boolean {
    const hasWaited = this.pending !== null
    this.stop()
    this.pending = null
    if (!isInFile) this.#keep()
    return hasWaited
  }

  /** Somebody says that it is good; false: nothing waits for that, or it comes back whatever they say. */
  confirm(): boolean {
    return !this.isGoingBack && this.end()
  }

  /** The same, told here once it goes on because what is to be taken back is served still. */
  givingUp<T extends { readonly isServed: () => boolean }>(taken: T): T {
    return { ...taken, isServed: () => (this.isGoingBack = taken.isServed()) }
  }

  /** The gateway stops. What waits is not confirmed by that: the next start takes it back. */
  stop(): void {
    if (this.#timer) clearTimeout(this.#timer)
    this.#timer = null
  }

  /** Both texts, as the gateway may end before the newer one stands in the file, or after that. */
  #keep(): void {
    const hashes = [this.pending, this.#coming].flatMap((one) => one?.hash ?? [])
    const previous = this.pending?.previous ?? this.#coming?.running
    this.#history()?.hold(previous === undefined ? null : { hashes, previous: previous.text })
  }
}

/**
 * What the file says at a start, unless that was never confirmed when the gateway ended: then what was before
 * it, as long as that can be had.
 */
export async function confirmedOf(
  read: Edition,
  history: Pick<History, 'unconfirmed' | 'revisionOf'>,
  source: Pick<WatchedConfig, 'check'>,
): Promise<{ readonly edition: Edition; readonly takenBack: TakenBackFact | null }> {
  const { hash } = read
  const { unconfirmed } = history
  if (unconfirmed?.hashes.includes(hash) !== true) return { edition: read, takenBack: null }
  const { previous: text } = unconfirmed
  const { checked } = await source.check({ text, from: 'rollback', by: null, replaces: hash })
  if (checked.is === 'valid') {
    const why = 'it was not confirmed before the gateway ended'
    const revision = history.revisionOf(read)
    logEvent('warn', 'rolled_back', { revision, hash, why })
    // As of one that is taken back while the gateway runs, the history says why.
    return { edition: { ...checked.edition, note: { message: why } }, takenBack: { revision, why } }
  }
  const why = `what was before it is no valid config any more: ${checked.problems[0]?.message}`
  logEvent('warn', 'not_rolled_back', { hash, why })
  return { edition: read, takenBack: null }
}

/** Serves the config of a start. Where what comes back cannot be written, it is served all the same. */
export async function applyFirst(
  edition: Edition,
  history: Pick<History, 'hold'>,
  applier: Pick<Applier, 'apply'>,
): Promise<Outcome> {
  const outcome = await applier.apply({ check: () => Promise.resolve({ is: 'valid', edition }) })
  if (outcome.is === 'applied') history.hold(null)
  if (outcome.is !== 'rejected' || !isOnlyUnwritten(outcome.problems)) return outcome
  logEvent('warn', 'not_written', { why: outcome.problems[0]?.message, hint: STILL_THERE })
  const unwritten: Edition = { ...edition, replaces: null }
  return applier.apply({ check: () => Promise.resolve({ is: 'valid', edition: unwritten }) })
}

const STILL_THERE = 'the file still has the text that was taken back: a reload serves that'

/** Whether nothing stands against a change but that its text cannot be written. */
export const isOnlyUnwritten = (problems: readonly ApplyProblem[]): boolean =>
  problems.length > 0 && problems.every(({ code }) => code === NOT_WRITABLE)
