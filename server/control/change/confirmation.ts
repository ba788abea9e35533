// A change that is taken back by itself unless it is confirmed in time: what was served before it is held
// until then, here and in the data folder, so that also an end of the gateway does not confirm it.
import { logEvent } from '../../telemetry/log.ts'
import type { Checked, Edition } from '../problem.ts'
import type { WatchedConfig } from '../source/watched-config.ts'
import type { History } from './history.ts'

export interface Pending {
  /** What is served again. */
  readonly previous: Edition
  readonly withinMs: number
  readonly untilMs: number
}

export class Confirmation {
  pending: Pending | null = null
  #timer: Timer | null = null
  readonly #history: () => Pick<History, 'hold'> | null
  readonly #onLate: (pending: Pending) => void

  constructor(history: () => Pick<History, 'hold'> | null, onLate: (pending: Pending) => void) {
    this.#history = history
    this.#onLate = onLate
  }

  /**
   * Before a change that is to be confirmed: what it would go back to. One that waits already was never
   * confirmed either, so that is what was served before that.
   */
  hold({ hash }: Edition, running: Edition): Edition {
    const previous = this.pending?.previous ?? running
    this.#history()?.hold({ hash, previous: previous.text })
    return previous
  }

  /** It came to nothing: what waited before goes on to wait. */
  letGo(running: Edition | null): void {
    const { pending } = this
    this.#history()?.hold(
      pending === null || running === null ? null : { hash: running.hash, previous: pending.previous.text },
    )
  }

  /** The change is served: it waits from now on. */
  begin(previous: Edition, withinMs: number): void {
    this.#stop()
    const pending = { previous, withinMs, untilMs: Date.now() + withinMs }
    this.pending = pending
    this.#timer = setTimeout(() => this.#onLate(pending), withinMs)
  }

  /** It is confirmed, or there is nothing to wait for any more; whether anything waited. */
  end(): boolean {
    const hasWaited = this.pending !== null
    this.#stop()
    this.#history()?.hold(null)
    return hasWaited
  }

  /** The gateway stops. What waits is not confirmed by that: the next start takes it back. */
  stop(): void {
    if (this.#timer) clearTimeout(this.#timer)
    this.#timer = null
  }

  #stop(): void {
    this.stop()
    this.pending = null
  }
}

/**
 * What the file says at a start, unless that was never confirmed when the gateway ended: then what was before
 * it.
 */
export async function confirmedOf(
  read: Edition,
  { unconfirmed }: Pick<History, 'unconfirmed'>,
  source: Pick<WatchedConfig, 'check'>,
): Promise<Checked> {
  if (unconfirmed?.hash !== read.hash) return { is: 'valid', edition: read }
  const { hash, previous: text } = unconfirmed
  const { checked } = await source.check({ text, from: 'rollback', by: null, replaces: hash })
  logEvent('warn', 'rolled_back', { hash, why: 'it was not confirmed before the gateway ended' })
  return checked
}
