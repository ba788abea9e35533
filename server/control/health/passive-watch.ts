// The supervisor's half of passive health: by what workers counted of attempts it takes a server out for a
// while, and brings it back by time, by its checks, or by hand.
//
//   in ──▶ out: 1 a rule is broken  2 not too many are out  3 the cell  4 one state with its checks  5 it is told
//   out ─▶ in:  1 its time is over  2 the window begins anew  3 the cell  4 its state  5 it is told
import { circuitOf } from '../../backends/circuit-breaker.ts'
import type { CircuitBreakerConfig } from '../../backends/circuit-breaker.options.ts'
import { mayTakeOut, mostOut } from '../../backends/may-take-out.ts'
import type { PassiveHealthConfig } from '../../backends/passive-health.options.ts'
import { CLOSED } from '../../scoreboard/circuits.ts'
import type { PassiveCounts } from '../../scoreboard/passive.ts'
import type { Scoreboard } from '../../scoreboard/scoreboard.ts'
import { ADMIN_READY, adminOf, STATE_UP } from '../../scoreboard/states.ts'
import { slotKey } from '../orders/places.ts'
import type { PlanBody } from '../processes/worker.ts'
import { PassiveWindow, type Peers, peersOf, STEPS, successOf } from './passive-rules.ts'
import { type OutRule, type PassiveFigures, type PassiveOut, passiveReason } from './passive-words.ts'

/** cooldown: its time is over; checks: they found it down, and up again; config: it is judged so no more. */
export type BackWhy = 'cooldown' | 'checks' | 'ordered' | 'config'

export type PassiveNews = PassivePlace & { readonly mode: string } & (
    | { readonly is: 'out'; readonly out: PassiveOut }
    | { readonly is: 'back'; readonly why: BackWhy; readonly by: string | null }
    /** It would be out, but too many others are, or no other is in use. */
    | { readonly is: 'held'; readonly rule: OutRule; readonly isLast: boolean; readonly isTold: boolean }
  )

export interface PassivePlace {
  readonly backend: string
  readonly server: string
}

export interface WatchedPassive extends PassivePlace {
  readonly options: PassiveHealthConfig
  readonly slot: number
  readonly weight: number
  readonly window: PassiveWindow
  out: PassiveOut | null
  /** How often it was out, and since when it is in again. */
  times: number
  backMs: number
  /** Until then being held back is no news. */
  quietMs: number
}

interface Group {
  readonly options: PassiveHealthConfig
  /** Of the backend: a breaker that only watches has nobody out. */
  readonly breaker: { readonly circuit_breaker?: CircuitBreakerConfig | undefined }
  readonly all: readonly WatchedPassive[]
  /** When the next step of the window begins. */
  nextMs: number
}

export interface PassiveWatchParts {
  readonly board: () => Pick<Scoreboard, 'passive' | 'circuits' | 'state' | 'order' | 'generation'>
  /** Of this process, in ms. */
  readonly now: () => number
  /** It is out, and why; null: it is in again. Told again as long as it is out. */
  readonly onState: (place: PassivePlace, why: string | null) => void
  readonly onNews: (news: PassiveNews) => void
}

/** One that is held back all the time is told once in this time. */
const HELD_QUIET_MS = 60_000
/** An outlier has so many errors where `failures` says nothing: one in a thousand is no difference. */
const ERRORS_MIN = 5

export class PassiveWatch {
  readonly #parts: PassiveWatchParts
  /** By record and which of its uses. */
  #watched = new Map<string, WatchedPassive>()
  #places: ReadonlyMap<string, WatchedPassive> = new Map()
  #groups: readonly Group[] = []
  readonly #counts: PassiveCounts = { failures: 0, errors: 0, attempts: 0 }

  constructor(parts: PassiveWatchParts) {
    this.#parts = parts
  }

  get watched(): ReadonlyMap<string, WatchedPassive> {
    return this.#watched
  }

  /** A plan is about to be served. What is known of servers that stay, stays. */
  commit({ config, slots }: Pick<PlanBody, 'config' | 'slots'>): void {
    const before = this.#watched
    const known = new Map(this.#groups.map((group) => [group.all[0]?.backend, group]))
    this.#watched = new Map()
    const groups: Group[] = []
    for (const [backend, { servers, passive_health: options, circuit_breaker }] of Object.entries(
      config.backends,
    )) {
      if (options === undefined || options.mode === 'off') continue
      const all: WatchedPassive[] = []
      for (const { name, url, weight } of servers) {
        const server = name ?? url
        const slot = slots[backend]?.servers[server]
        if (slot === undefined) continue
        const key = slotKey(slot)
        const place = { backend, server, options, slot: slot.index, weight }
        const one = this.#goesOn(before.get(key), options) ?? this.#begun(slot.index)
        const watched = { ...one, ...place }
        all.push(watched)
        this.#watched.set(key, watched)
      }
      const stepMs = options.window / STEPS
      const nextMs = Math.min(known.get(backend)?.nextMs ?? Infinity, this.#parts.now() + stepMs)
      groups.push({ options, breaker: { circuit_breaker }, all, nextMs })
    }
    this.#groups = groups
    this.#places = new Map([...this.#watched.values()].map((one) => [`${one.backend}\n${one.server}`, one]))
    for (const [key, one] of before) if (!this.#watched.has(key)) this.#leave(key, one)
  }

  /** The same with other words; out under another mode it is in again. */
  #goesOn(one: WatchedPassive | undefined, options: PassiveHealthConfig): WatchedPassive | undefined {
    if (one === undefined) return undefined
    if (one.out !== null && one.options.mode !== options.mode) this.#back(one, 'config', null)
    // Steps of another length hold other times.
    if (one.options.window !== options.window) this.#beginWindow(one)
    return one
  }

  #begun(slot: number): Omit<WatchedPassive, 'backend' | 'server' | 'options' | 'slot' | 'weight'> {
    const one = { window: new PassiveWindow(), out: null, times: 0, backMs: -Infinity, quietMs: -Infinity }
    this.#beginWindow({ ...one, slot })
    return one
  }

  #beginWindow({ slot, window }: Pick<WatchedPassive, 'slot' | 'window'>): void {
    const { passive } = this.#parts.board()
    passive.read(slot, this.#counts)
    window.begin(this.#counts)
    passive.forgetRow(slot)
  }

  /** It is judged no more; its record may be another server's already. */
  #leave(key: string, one: WatchedPassive): void {
    const isOwn = key.endsWith(`.${this.#parts.board().generation(one.slot)}`)
    if (one.out !== null && isOwn) this.#back(one, 'config', null)
  }

  /** Judges all. Says whether any is out. */
  look(): boolean {
    const nowMs = this.#parts.now()
    let isAnyOut = false
    for (const group of this.#groups) {
      const isStep = this.#step(group, nowMs)
      for (const one of group.all) {
        if (one.out !== null) this.#lookAtOut(one, one.out, nowMs)
        else this.#judge(group, one)
        if (one.out !== null) isAnyOut = true
      }
      if (isStep) this.#compare(group)
    }
    return isAnyOut
  }

  /** Moves the windows on; whether they have moved. */
  #step(group: Group, nowMs: number): boolean {
    if (nowMs < group.nextMs) return false
    const stepMs = group.options.window / STEPS
    const steps = Math.min(STEPS, 1 + Math.floor((nowMs - group.nextMs) / stepMs))
    for (const { slot, window } of group.all) {
      this.#parts.board().passive.read(slot, this.#counts)
      for (let step = 0; step < steps; step++) window.step(this.#counts)
    }
    group.nextMs = Math.max(group.nextMs + steps * stepMs, nowMs)
    return true
  }

  #lookAtOut(one: WatchedPassive, out: PassiveOut, nowMs: number): void {
    if (nowMs >= out.untilMs) this.#back(one, 'cooldown', null)
    else if (one.options.mode === 'enforce') this.#parts.onState(one, out.reason)
  }

  #judge(group: Group, one: WatchedPassive): void {
    const { options, slot, window } = one
    const { passive } = this.#parts.board()
    const inARow = passive.takePeak(slot)
    const failures = window.failures(passive.failures(slot))
    if (failures === 0) return
    const isRow = options.faults_in_a_row > 0 && inARow >= options.faults_in_a_row
    if (!isRow && (options.failures === 0 || failures < options.failures)) return
    passive.read(slot, this.#counts)
    const { attempts } = window.within(this.#counts)
    const rule = isRow ? 'faults_in_a_row' : 'failures'
    const figures = { rule, failures, attempts, inARow, success: null, mean: null } as const
    this.#takeOut(group, one, { ...figures, last: passive.last(slot) })
  }

  /** Who fails more often than its peers. */
  #compare(group: Group): void {
    const { success_rate: rule, failures: most } = group.options
    if (rule === false) return
    const { passive } = this.#parts.board()
    const found = group.all
      .filter(({ out }) => out === null)
      .map((one) => {
        passive.read(one.slot, this.#counts)
        return { one, counts: one.window.within(this.#counts) }
      })
    const peers = peersOf(
      found.map(({ counts }) => counts),
      rule,
    )
    if (peers === null) return
    for (const { one, counts } of found)
      if (counts.attempts >= rule.min_requests && counts.errors >= (most || ERRORS_MIN))
        this.#judgePeer(group, one, counts, peers)
  }

  #judgePeer(group: Group, one: WatchedPassive, counts: PassiveCounts, peers: Peers): void {
    const success = successOf(counts)
    if (success >= peers.threshold) return
    const { errors: failures, attempts } = counts
    const last = this.#parts.board().passive.last(one.slot)
    const figures = { rule: 'success_rate', failures, attempts, inARow: 0, success, mean: peers.mean, last }
    this.#takeOut(group, one, figures as PassiveFigures)
  }

  #takeOut(group: Group, one: WatchedPassive, figures: PassiveFigures): void {
    const { options } = one
    const nowMs = this.#parts.now()
    const isLast = this.#isLast(group, one)
    if (isLast || !this.#mayTakeOut(group, one)) return this.#hold(one, figures.rule, isLast, nowMs)
    one.times = nowMs - one.backMs < options.cooldown_max ? one.times + 1 : 1
    const forMs = Math.min(options.cooldown * one.times, options.cooldown_max)
    const reason = passiveReason(figures, forMs, one.times, options)
    one.out = { ...figures, reason, forMs, untilMs: nowMs + forMs, times: one.times }
    if (options.mode === 'enforce') this.#parts.onState(one, reason)
    this.#parts.onNews({ ...newsOf(one), is: 'out', out: one.out })
  }

  /** No other server of the backend would be left in use. */
  #isLast({ all, breaker: options }: Group, one: WatchedPassive): boolean {
    const board = this.#parts.board()
    return !all.some(
      ({ slot, out, weight }) =>
        slot !== one.slot &&
        out === null &&
        weight > 0 &&
        board.state(slot) === STATE_UP &&
        circuitOf({ options, slot }, board) === CLOSED &&
        adminOf(board.order(slot)) === ADMIN_READY,
    )
  }

  /** Marked first: a breaker that opens at the same time sees it, or is seen. */
  #mayTakeOut({ all, options, breaker }: Group, one: WatchedPassive): boolean {
    if (options.mode !== 'enforce') {
      const weighted = all.filter(({ weight }) => weight > 0)
      return weighted.filter(({ out }) => out !== null).length < mostOut(weighted.length, options.max_out)
    }
    const board = this.#parts.board()
    const { passive } = board
    passive.setOut(one.slot, true)
    const circuitIs = (slot: number): number => circuitOf({ options: breaker, slot }, board)
    if (mayTakeOut(all, one, options.max_out, { passive, circuitIs })) return true
    passive.setOut(one.slot, false)
    return false
  }

  #hold(one: WatchedPassive, rule: OutRule, isLast: boolean, nowMs: number): void {
    const isTold = nowMs >= one.quietMs
    if (isTold) one.quietMs = nowMs + HELD_QUIET_MS
    // What was found is not found again with each look.
    this.#beginWindow(one)
    this.#parts.onNews({ ...newsOf(one), is: 'held', rule, isLast, isTold })
  }

  /** Brings a server back before its time; false: it is not out. */
  bringBack({ backend, server }: PassivePlace, why: BackWhy, by: string | null = null): boolean {
    const one = this.find(backend, server)
    if (one === null || one.out === null) return false
    this.#back(one, why, by)
    // Whoever says that it is well again says so of all that was before.
    one.times = 0
    return true
  }

  #back(one: WatchedPassive, why: BackWhy, by: string | null): void {
    const isEnforced = one.options.mode === 'enforce'
    one.out = null
    one.backMs = this.#parts.now()
    this.#beginWindow(one)
    if (isEnforced) {
      this.#parts.board().passive.setOut(one.slot, false)
      this.#parts.onState(one, null)
    }
    this.#parts.onNews({ ...newsOf(one), is: 'back', why, by })
  }

  find(backend: string, server: string): WatchedPassive | null {
    return this.#places.get(`${backend}\n${server}`) ?? null
  }
}
const newsOf = ({ backend, server, options: { mode } }: WatchedPassive) => ({ backend, server, mode })
