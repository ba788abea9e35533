// Workers with the same backend, whose servers have breakers, by a clock of their own.
import { expect } from 'bun:test'
import type { Backend } from '../../../server/backends/backend.ts'
import type { BackendConfig } from '../../../server/backends/backend.options.ts'
import type { CircuitBreakerConfig } from '../../../server/backends/circuit-breaker.options.ts'
import { ANSWERED, type Outcome } from '../../../server/backends/outcome.ts'
import { SERVER_FAULTS } from '../../../server/backends/server-fault.options.ts'
import type { Server } from '../../../server/backends/server.ts'
import { PERMITS } from '../../../server/scoreboard/layout.ts'
import { type FaultCode } from '../../../server/tables/faults.ts'
import { backendConfig, Bench } from './backends.ts'

export const BREAKER: CircuitBreakerConfig = {
  mode: 'enforce',
  failure_ratio: 0.5,
  min_requests: 10,
  window: 10_000,
  counts: { statuses: ['500-599'], faults: [...SERVER_FAULTS] },
  open_for: 30_000,
  open_for_max: 300_000,
  half_open_requests: 2,
  half_open_successes: 3,
  max_out: 0.5,
}

export const lost = (code: FaultCode, more: Partial<Outcome & { is: 'lost' }> = {}): Outcome => ({
  is: 'lost',
  loss: { code, reached: 'request', isStale: false, detail: null },
  waitedMs: 5,
  wasAnswered: false,
  ...more,
})
export const GIVEN_UP: Outcome = { is: 'given_up', waitedMs: 5 }

/** Workers with the same backend of servers a, b (and more) on one scoreboard. */
export class World {
  readonly bench = new Bench()
  nowMs = 1_000_000
  readonly options: BackendConfig
  readonly workers: Backend[]

  constructor(change: Partial<CircuitBreakerConfig> = {}, more: Partial<BackendConfig> = {}, names = 'ab') {
    const servers = [...names].map((name) => ({ name, backup: name === 'z' }))
    this.options = backendConfig(servers, { circuit_breaker: { ...BREAKER, ...change }, ...more })
    this.workers = [0, 1, 2, 3].map((row) => this.backend(row))
  }

  backend(row: number, options = this.options, previous?: Backend): Backend {
    return this.bench.backend(options, { row, shared: () => this.nowMs, ...(previous && { previous }) })
  }

  get circuits() {
    return this.bench.board.circuits
  }

  state(name = 'a'): number {
    return this.circuits.state(this.bench.slotOf(name))
  }

  /** An attempt at a server by worker `row`, whoever would be picked. */
  attempt(end: number | Outcome, { row = 0, name = 'a', ms = 1 } = {}): void {
    const worker = this.workers[row]!
    const server = worker.servers.find((one) => one.name === name)!
    this.bench.board.enter(server.slot, Infinity)
    if (typeof end === 'number') {
      worker.answered(server, end, ms)
      worker.whole(server, end)
    }
    worker.release(server, typeof end === 'number' ? ANSWERED : end)
  }

  attempts(
    times: number,
    end: number | Outcome,
    more: { row?: number; name?: string; ms?: number } = {},
  ): this {
    for (let i = 0; i < times; i++) this.attempt(end, more)
    return this
  }

  /** As the supervisor does it once the time is over. */
  halfOpen(name = 'a'): this {
    const slot = this.bench.slotOf(name)
    this.nowMs += this.circuits.opening(slot).openMs
    expect(this.circuits.halfOpen(slot, this.nowMs)).toBe(true)
    this.bench.board.bumpEpoch(1)
    return this
  }

  /** Picks whom worker `row` lets through. */
  probe(row = 0): Server {
    const server = this.workers[row]!.pick(0, null)!
    expect([server.name, server.permit === null]).toEqual(['a', false])
    return server
  }

  end(server: Server, end: number | Outcome, row = 0): void {
    const worker = this.workers[row]!
    if (typeof end === 'number') {
      worker.answered(server, end, 1)
      worker.whole(server, end)
    }
    worker.release(server, typeof end === 'number' ? ANSWERED : end)
  }

  get permits(): number {
    return this.bench.board.gauges.held(this.bench.slotOf('a'), PERMITS)
  }
}
