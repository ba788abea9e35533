// Servers of a backend with passive health, whose attempts and time are in the test's hand.
import { Value } from '@sinclair/typebox/value'
import { PassiveCounter } from '../../../../server/backends/passive-health.ts'
import {
  type PassiveHealthConfig,
  PassiveHealthOptions,
} from '../../../../server/backends/passive-health.options.ts'
import { type PassiveNews, PassiveWatch } from '../../../../server/control/health/passive-watch.ts'
import type { Scoreboard } from '../../../../server/scoreboard/scoreboard.ts'
import { privateRegion, scoreboardOn } from '../../../../server/scoreboard/region.ts'
import { STATE_DOWN, STATE_UP } from '../../../../server/scoreboard/states.ts'
import { type FaultCode, faultPlace } from '../../../../server/tables/faults.ts'
import { backendConfig } from '../../backends/backends.ts'
import { slotsOf } from './checks.ts'

const NUMBERS = { window: 30_000, cooldown: 30_000, cooldown_max: 300_000, statuses: ['502-504'] }
export const optionsOf = (change: Partial<PassiveHealthConfig> = {}): PassiveHealthConfig => ({
  ...(Value.Default(PassiveHealthOptions, {}) as PassiveHealthConfig),
  ...NUMBERS,
  success_rate: false,
  ...change,
})

export class Scene {
  readonly region = privateRegion(64, 4)
  /** The supervisor reads; workers of these rows write. */
  readonly board = scoreboardOn(this.region, -1)
  readonly workers = [0, 1, 2, 3].map((row) => scoreboardOn(this.region, row))
  readonly news: PassiveNews[] = []
  readonly states = new Map<string, string | null>()
  nowMs = 1_000_000
  options: PassiveHealthConfig
  counter: PassiveCounter
  names: readonly string[]
  readonly watch = new PassiveWatch({
    board: () => this.board,
    now: () => this.nowMs,
    onState: ({ server }, why) => {
      this.states.set(server, why)
      this.board.setState(this.slot(server), why === null ? STATE_UP : STATE_DOWN)
    },
    onNews: (news) => void this.news.push(news),
  })

  constructor(change: Partial<PassiveHealthConfig> = {}, servers = 4) {
    this.options = optionsOf(change)
    this.counter = new PassiveCounter(this.options, () => this.nowMs)
    this.names = Array.from({ length: servers }, (_, i) => `s${i}`)
    for (const name of this.names) this.board.setState(this.slot(name), STATE_UP)
    this.apply()
  }

  slot(name: string): number {
    return 2 + this.names.indexOf(name)
  }

  apply(change: object = {}, generation = 0): void {
    const backend = backendConfig(
      this.names.map((name) => ({ name })),
      { passive_health: this.options, ...change },
    )
    const config = { backends: { api: backend } } as never
    this.watch.commit({ config, slots: slotsOf(config, generation) })
  }

  answer(name: string, status = 200, times = 1, worker = 0): void {
    const board = this.workers[worker]!
    for (let i = 0; i < times; i++) {
      board.attemptAnswered(this.slot(name))
      this.counter.answered(board, this.slot(name), status)
      this.counter.whole(board, this.slot(name), status)
    }
  }

  /** Answers that begin well and break off. */
  breakOff(name: string, times = 1, status = 200): void {
    const [board] = this.workers as [Scoreboard]
    for (let i = 0; i < times; i++) {
      board.attemptAnswered(this.slot(name))
      this.counter.answered(board, this.slot(name), status)
      this.counter.lost(board, this.slot(name), {
        loss: { code: 'server_truncated' },
        wasAnswered: true,
        status,
      })
    }
  }

  /** The head of an answer, of which nobody knows yet how it ends. */
  begin(name: string): void {
    this.counter.answered(this.workers[0]!, this.slot(name), 200)
  }

  fail(name: string, times = 1, code: FaultCode = 'connect_refused', worker = 0): void {
    const board = this.workers[worker]!
    for (let i = 0; i < times; i++) {
      board.attemptFailed(this.slot(name), faultPlace(code), false, 0)
      this.counter.lost(board, this.slot(name), { loss: { code }, wasAnswered: false })
    }
  }

  /** Looks each 100 ms until so much later. */
  pass(ms: number): void {
    const untilMs = this.nowMs + ms
    while (this.nowMs < untilMs) {
      this.nowMs += Math.min(100, untilMs - this.nowMs)
      this.watch.look()
    }
  }

  out(): string[] {
    return this.names.filter((name) => this.board.passive.isOut(this.slot(name)))
  }

  reason(name: string): string | null {
    return this.states.get(name) ?? null
  }
}
