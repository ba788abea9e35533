// The breaker of a backend's servers: counts what attempts came to, and opens and closes by it. What it knows
// of a server lies on the scoreboard (circuits.ts), so that all workers decide as one.
import { machineMs } from '../lib/clock.ts'
import { statusTable } from '../lib/status-ranges.ts'
import {
  CLOSED,
  FORCED_CLOSED,
  HALF_OPEN,
  type OpeningReason,
  SLICES,
  type Window,
} from '../scoreboard/circuits.ts'
import { GOOD_AFTER_MS } from '../scoreboard/failure-row.ts'
import { PERMITS } from '../scoreboard/layout.ts'
import type { Scoreboard } from '../scoreboard/scoreboard.ts'
import { FAULT_CODES, faultPlace } from '../tables/faults.ts'
import type { CircuitBreakerConfig } from './circuit-breaker.options.ts'
import type { Lost } from './lost.ts'
import { mayTakeOut } from './may-take-out.ts'
import { Permit } from './permit.ts'

/** An attempt that lasts longer than this, and than `open_for`, gives its permit back before its end. */
const LEASE_MS = 30_000

/** So often another worker's decision is looked for; one that takes longer must be dead. */
const DECIDING_LOOKS = 200

/** A server, as far as its breaker knows it. */
export interface Guarded {
  readonly slot: number
  readonly weight: number
  readonly maxConnections: number
  readonly permit: Permit | null
}

export interface BreakerParts {
  readonly options: CircuitBreakerConfig
  /** Of the backend. */
  readonly slot: number
  readonly board: Scoreboard
  readonly servers: () => readonly Guarded[]
  /** The clock that all processes share, in ms. */
  readonly now?: (() => number) | undefined
}

export class Breaker {
  /** Whether a server whose breaker is open gets no work: else it is only said. */
  readonly #isEnforced: boolean
  readonly #options: CircuitBreakerConfig
  readonly #slot: number
  readonly #board: Scoreboard
  readonly #servers: () => readonly Guarded[]
  readonly #now: () => number
  readonly #sliceMs: number
  /** Infinity: none is slow. */
  readonly #slowMs: number
  /** By status, and by place of a fault: 1 is a failure. */
  readonly #failing: Uint8Array
  readonly #faults: Uint8Array
  readonly #window: Window = { total: 0, failed: 0, slow: 0 }

  constructor({ options, slot, board, servers, now = machineMs }: BreakerParts) {
    this.#isEnforced = options.mode === 'enforce'
    this.#options = options
    this.#slot = slot
    this.#board = board
    this.#servers = servers
    this.#now = now
    this.#sliceMs = options.window / SLICES
    this.#slowMs = options.slow?.over ?? Infinity
    this.#failing = statusTable(options.counts.statuses)
    this.#faults = Uint8Array.from(FAULT_CODES, (code) =>
      (options.counts.faults as string[]).includes(code) ? 1 : 0,
    )
  }

  /**
   * The same server with a permit and a place, where it is half-open and has some left; null: none. Who ends
   * the attempt gives both back.
   */
  probe<S extends Guarded>(server: S): S | null {
    const { slot } = server
    const board = this.#board
    // Before it is looked at whether it is half-open: then it is of no later opening.
    const serial = board.circuits.serial(slot)
    if (!board.gauges.enter(slot, PERMITS, this.#options.half_open_requests)) return null
    const hasPlace = board.enter(slot, server.maxConnections)
    // It may have been opened again between a look at it and the permit.
    if (hasPlace && this.#isEnforced && board.circuits.state(slot) === HALF_OPEN) {
      const permit = new Permit(board, slot, serial, Math.max(LEASE_MS, this.#options.open_for))
      return { ...server, permit }
    }
    if (hasPlace) board.leave(slot)
    board.gauges.leave(slot, PERMITS)
    return null
  }

  /** A head has come: `status` 0 of what has none; `ms` less than 0: not known. */
  answered(server: Guarded, status: number, ms: number): void {
    const isFailed = this.#failing[status] === 1
    const isSlow = ms > this.#slowMs
    this.#judge(server, isFailed, isSlow, false)
    if (isFailed || isSlow) return
    if (status === 101 || status === 0) this.whole(server, status)
    else server.permit?.provesIn(GOOD_AFTER_MS, () => this.#wentWell(server))
  }

  /** The answer is here to its end, or it is one that needs none: a tunnel, a connection that stands. */
  whole(server: Guarded, status: number): void {
    if (this.#failing[status] === 1) return
    if (this.#options.failures !== undefined) this.#board.circuits.row.whole(server.slot)
    if (server.permit !== null || !this.#isEnforced) this.#wentWell(server)
  }

  /**
   * An attempt failed. An answer that broke off was counted as it began, perhaps as a failure; one that had
   * gone on for longer than the window is in it no more.
   */
  lost(server: Guarded, { loss, waitedMs, wasAnswered, status = 0 }: Lost): void {
    if (this.#faults[faultPlace(loss.code)] !== 1) return
    if (!wasAnswered) this.#judge(server, true, waitedMs > this.#slowMs, false)
    else if (waitedMs >= this.#options.window) this.#judge(server, true, false, true)
    else if (this.#failing[status] !== 1) this.#judgeBroken(server)
  }

  #judge(server: Guarded, isFailed: boolean, isSlow: boolean, isBroken: boolean): void {
    const { circuits } = this.#board
    const { slot } = server
    const state = circuits.state(slot)
    if (state !== CLOSED) return this.#judgeOut(server, state, isFailed || isSlow)
    const slice = this.#slice()
    circuits.count(slot, slice, isFailed, isSlow)
    if (this.#options.failures !== undefined) {
      if (isFailed) circuits.row.failed(slot, isBroken, this.#now)
      else circuits.row.began(slot, this.#now)
    }
    if (circuits.isSpoiled(slot, slice)) this.#mayOpen(server, slice)
  }

  #judgeBroken(server: Guarded): void {
    const { circuits } = this.#board
    const state = circuits.state(server.slot)
    if (state !== CLOSED) return this.#judgeOut(server, state, true)
    const slice = this.#slice()
    circuits.countBroken(server.slot, slice)
    if (this.#options.failures !== undefined) circuits.row.failed(server.slot, true, this.#now)
    this.#mayOpen(server, slice)
  }

  /** What it is to open for; null: nothing. The window is read with it. */
  #whyOpen(slot: number, slice: number): OpeningReason | null {
    const { failure_ratio, failures = Infinity, min_requests, slow } = this.#options
    const { circuits } = this.#board
    const window = this.#window
    if (!circuits.read(slot, slice, window)) window.total = window.failed = window.slow = 0
    if (circuits.row.length(slot) >= failures) return 'failures_in_a_row'
    if (window.total < min_requests) return null
    if (isAbove(window.failed, window.total, failure_ratio)) return 'failure_ratio'
    return slow !== undefined && isAbove(window.slow, window.total, slow.ratio) ? 'slow' : null
  }

  /** Of one that is open nothing is learned; of one that is half-open, by those that were let through. */
  #judgeOut(server: Guarded, state: number, isBad: boolean): void {
    const { circuits } = this.#board
    if (state !== HALF_OPEN) return this.#isEnforced ? undefined : circuits.countShadow(server.slot)
    if (isBad && this.#isTrial(server)) this.#openAgain(server)
  }

  /** Whether what it comes to says whether to close the breaker. */
  #isTrial({ slot, permit }: Guarded): boolean {
    return !this.#isEnforced || permit?.serial === this.#board.circuits.serial(slot)
  }

  #wentWell(server: Guarded): void {
    const { circuits } = this.#board
    const { slot, permit } = server
    if (circuits.state(slot) !== HALF_OPEN || !this.#isTrial(server) || permit?.prove() === false) return
    const isEnough = circuits.wentWell(slot) >= this.#options.half_open_successes
    if (isEnough && circuits.close(slot, HALF_OPEN, this.#now())) this.#board.bumpEpoch(this.#slot)
  }

  /**
   * 1 Nobody else opens it. 2 It is still so: a person may have closed it meanwhile. 3 Not too many are out.
   * 4 The figures. 5 All workers see it.
   */
  #mayOpen(server: Guarded, slice: number): void {
    const { circuits } = this.#board
    const { slot } = server
    if (this.#whyOpen(slot, slice) === null || circuits.forced(slot) === FORCED_CLOSED) return
    if (!circuits.beginOpening(slot, CLOSED)) return
    const reason = this.#whyOpen(slot, slice)
    if (reason === null || circuits.forced(slot) === FORCED_CLOSED) return circuits.leftClosed(slot)
    if (!this.#hasRoom(server)) return circuits.heldBack(slot)
    const nowMs = this.#now()
    const closedMs = ((nowMs | 0) - circuits.sinceMs(slot)) | 0
    const isLately = closedMs >= 0 && closedMs < this.#options.open_for_max
    const times = isLately ? circuits.opening(slot).times + 1 : 1
    this.#opened(server, { reason, ...this.#window, times }, nowMs)
  }

  /**
   * Of two workers that open two servers at once each sees the other's. The one of the later server gives
   * way; the other looks again until that has decided, which takes it less than a microsecond.
   */
  #hasRoom({ slot, weight }: Guarded): boolean {
    const { circuits, passive } = this.#board
    const by = { passive, circuitIs: (one: number) => circuits.state(one) }
    for (let look = 0; look < DECIDING_LOOKS; look++) {
      const servers = this.#servers()
      // Before they are counted: who is found to be deciding may have decided by then.
      const isAnyDeciding = servers.some((one) => one.slot > slot && circuits.isOpening(one.slot))
      if (mayTakeOut(servers, { slot, weight }, this.#options.max_out, by)) return true
      if (!isAnyDeciding) return false
    }
    return false
  }

  #openAgain(server: Guarded): void {
    const { circuits } = this.#board
    const { slot } = server
    if (!circuits.beginOpening(slot, HALF_OPEN)) return
    const times = circuits.opening(slot).times + 1
    this.#opened(server, { reason: 'half_open', total: 1, failed: 1, slow: 0, times }, this.#now())
  }

  #opened(
    { slot }: Guarded,
    opening: Window & { reason: OpeningReason; times: number },
    nowMs: number,
  ): void {
    const { circuits } = this.#board
    const inARow = circuits.row.length(slot)
    circuits.opened(slot, { ...opening, inARow, openMs: openMsOf(this.#options, opening.times) }, nowMs)
    this.#board.bumpEpoch(this.#slot)
  }

  #slice(): number {
    return Math.floor(this.#now() / this.#sliceMs) + 1
  }
}

interface Owner {
  readonly slot: number
  readonly servers: readonly Guarded[]
}

/** The breaker of a backend; null: it has none. */
export function breakerOf(
  backend: Owner,
  { circuit_breaker: options }: { readonly circuit_breaker?: CircuitBreakerConfig },
  board: Scoreboard,
  now?: () => number,
): Breaker | null {
  if (options === undefined || options.mode === 'off') return null
  return new Breaker({ options, slot: backend.slot, board, servers: () => backend.servers, now })
}

interface Configured {
  readonly slot: number
  readonly options: { readonly circuit_breaker?: Pick<CircuitBreakerConfig, 'mode'> | undefined }
}

/** What a server's breaker is as far as it decides who gets work: one that only watches is closed. */
export const circuitOf = (
  { options, slot }: Configured,
  { circuits }: Pick<Scoreboard, 'circuits'>,
): number => (options.circuit_breaker?.mode === 'enforce' ? circuits.state(slot) : CLOSED)

/** How long it stays open the n-th time in a row. */
export const openMsOf = (
  { open_for, open_for_max }: Pick<CircuitBreakerConfig, 'open_for' | 'open_for_max'>,
  times: number,
): number => Math.min(open_for * 2 ** (times - 1), Math.max(open_for, open_for_max))

/** More than this share; of a share of 1 all. */
const isAbove = (part: number, all: number, share: number): boolean =>
  share === 1 ? part >= all : part > share * all
