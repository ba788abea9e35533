// How requests fare at each server, told from the scoreboard: the only sign of life of servers that have no
// health check.
import type { Scoreboard } from '../scoreboard/scoreboard.ts'
import { FAULT_CODES, type FaultCode } from '../tables/faults.ts'

/** A fault this old says nothing about now: who gets no requests is not failing for ever. */
const FAILING_S = 60

/** The last attempts at a server failed, and none was answered since. */
export interface Failing {
  readonly code: FaultCode
  readonly inARow: number
  readonly agoS: number
}

/**
 * How the last attempts at a server failed; null: the last was answered, there was none, or it is long ago.
 */
export function failingSince(board: Scoreboard, slot: number, nowS: number): Failing | null {
  const last = board.lastFault(slot)
  if (last === null || last.inARow === 0 || nowS - last.atS > FAILING_S) return null
  return { code: FAULT_CODES[last.fault]!, inARow: last.inARow, agoS: Math.max(0, nowS - last.atS) }
}

/** In words: "connect_refused, 12 in a row, the last 3 s ago". */
export function faultReason(failing: Failing | null): string | null {
  if (failing === null) return null
  const { code, inARow, agoS } = failing
  return `${code}${inARow > 1 ? `, ${inARow} in a row` : ''}, the last ${Math.round(agoS)} s ago`
}

/** What changed at a server since the last look: it began to fail, or recovered. */
export interface AttemptNews {
  readonly backend: string
  readonly server: string
  /** The last fault; null: it has recovered. */
  readonly fault: FaultCode | null
  /** Attempts that failed since the last news of this server. */
  readonly failed: number
}

interface Watched {
  readonly slot: number
  failed: number
  attempts: number
  /** Attempts that failed before it began to. */
  since: number
  isFailing: boolean
  /** Looks in a row without a failure. */
  quiet: number
}

/**
 * Looks without a failure, with an answer among them, after which a server has recovered: one that fails now
 * and then is told once.
 */
const RECOVERED_LOOKS = 5

/**
 * Tells the first failures of a server and its recovery. To be asked once a second, and more rarely while
 * nothing is served.
 */
export class AttemptWatch {
  readonly #watched = new Map<string, Watched>()

  /** Whether looks are counted at the moment, for a recovery. */
  get isCounting(): boolean {
    return this.#watched.values().some(({ quiet }) => quiet > 0)
  }

  /** What is new at these servers. */
  look(
    places: Iterable<{ readonly backend: string; readonly server: string; readonly slot: number }>,
    board: Scoreboard,
  ): AttemptNews[] {
    const news: AttemptNews[] = []
    const gone = new Set(this.#watched.keys())
    for (const { backend, server, slot } of places) {
      const key = `${backend}\n${server}`
      gone.delete(key)
      const failed = board.failedAttempts(slot)
      const attempts = board.attempts(slot) - board.givenUpAttempts(slot) // those tell nothing of it
      let known = this.#watched.get(key)
      // Another slot, or counters that went back: another server by the same name.
      if (known === undefined || known.slot !== slot || failed < known.failed) {
        known = { slot, failed: 0, attempts: 0, since: 0, isFailing: false, quiet: 0 }
        this.#watched.set(key, known)
      }
      const is = judge(known, failed, attempts)
      if (is === null) continue
      const last = board.lastFault(slot)
      const fault = is === 'failing' && last !== null ? FAULT_CODES[last.fault]! : null
      news.push({ backend, server, fault, failed: failed - known.since })
      known.since = failed
    }
    for (const key of gone) this.#watched.delete(key)
    return news
  }
}

function judge(known: Watched, failed: number, attempts: number): 'failing' | 'recovered' | null {
  const hasFailed = failed > known.failed
  const hasAnswered = attempts - known.attempts > failed - known.failed
  known.failed = failed
  known.attempts = attempts
  if (hasFailed) {
    known.quiet = 0
    const isNew = !known.isFailing
    known.isFailing = true
    return isNew ? 'failing' : null
  }
  if (!known.isFailing || (known.quiet === 0 && !hasAnswered)) return null
  if (++known.quiet < RECOVERED_LOOKS) return null
  known.isFailing = false
  known.quiet = 0
  return 'recovered'
}
