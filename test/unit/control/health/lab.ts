// A prober whose time, chance and checks are in the test's hand.
import { expect } from 'bun:test'
import type { HealthChange, HealthResult } from '../../../../server/control/health/health-news.ts'
import { Prober, type ProberOptions } from '../../../../server/control/health/prober.ts'
import type { ProbeDone, ProbeTarget } from '../../../../server/control/health/probe.ts'
import { privateRegion, scoreboardOn } from '../../../../server/scoreboard/region.ts'
import { configOf, healthCheck, slotsOf } from './checks.ts'

interface Run {
  readonly target: ProbeTarget
  readonly done: ProbeDone
  isCancelled: boolean
}

export class Lab {
  readonly board = scoreboardOn(privateRegion(64, 1), -1)
  readonly changes: HealthChange[] = []
  readonly results: HealthResult[] = []
  /** Checks that run, by host; those that ever ran, in order. */
  readonly runs: Run[] = []
  readonly started: string[] = []
  readonly prober: Prober
  nowMs = 0
  chance = 0.5
  readonly #timers = new Set<{ atMs: number; act: () => void }>()

  constructor(options: Partial<ProberOptions> = {}) {
    this.prober = new Prober({
      board: this.board,
      resolver: { lookup: () => {} },
      onChange: (change) => void this.changes.push(change),
      onResult: (result) => void this.results.push(result),
      now: () => this.nowMs,
      chance: () => this.chance,
      after: (ms, act) => {
        const timer = { atMs: this.nowMs + ms, act }
        this.#timers.add(timer)
        return () => void this.#timers.delete(timer)
      },
      probe: (target, done) => {
        const run: Run = { target, done, isCancelled: false }
        this.runs.push(run)
        this.started.push(`${target.host}@${this.nowMs}`)
        return () => void (run.isCancelled = true)
      },
      ...options,
    })
  }

  /** Lets time pass up to `nowMs`. */
  until(nowMs: number): void {
    for (;;) {
      const [next] = [...this.#timers].toSorted((a, b) => a.atMs - b.atMs)
      if (!next || next.atMs > nowMs) break
      this.#timers.delete(next)
      this.nowMs = next.atMs
      next.act()
    }
    this.nowMs = nowMs
  }

  /** Ends the running check of a host. */
  end(host: string, reason: string | null): void {
    const at = this.runs.findIndex((run) => run.target.host === host)
    const [run] = this.runs.splice(at, 1)
    expect(run?.isCancelled).toBe(false)
    run!.done(reason)
  }

  get timers(): number {
    return this.#timers.size
  }
}

export const two = { api: { servers: [{ name: 'a' }, { name: 'b' }], check: healthCheck() } }
export const A = 2 // slots: the backend 1, then its servers
export const B = 3

export function started(config = configOf(two), options: Partial<ProberOptions> = {}): Lab {
  const lab = new Lab(options)
  lab.prober.apply(config, slotsOf(config))
  return lab
}
