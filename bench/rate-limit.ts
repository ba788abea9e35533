// What a decision of a rate limit costs: bun bench/rate-limit.ts
// Processor time of this thread, the best of several rounds; other work on the machine makes it larger only.
import { rateLimit } from '../server/middleware/rate-limit.ts'
import type { RateLimitConfig } from '../server/middleware/rate-limit.options.ts'
import { Buckets } from '../server/scoreboard/buckets.ts'
import { Registry } from '../server/telemetry/registry.ts'
import type { Exchange } from '../server/http/exchange.ts'
import { privateRegion, scoreboardOn } from '../server/scoreboard/region.ts'

const ROUNDS = 8
const DECISIONS = 1_000_000

const registry = new Registry()
const board = scoreboardOn(privateRegion(1, 1), 0)
board.buckets = Buckets.private(8 * 2 ** 20)
let nowMs = 1e6

function step(more: Partial<RateLimitConfig>) {
  const options: RateLimitConfig = {
    mode: 'enforce',
    requests: 1_000_000,
    per: 1000,
    key: ['client_ip'],
    ipv6_prefix: 64,
    headers: 'refused',
    ...more,
  }
  return rateLimit(options, {
    rule: JSON.stringify(more),
    earlier: [],
    board,
    counter: (name, labels) => registry.counter(name, labels),
    limitReached: () => {},
    now: () => nowMs,
    chance: () => 0,
    previous: null,
    refuse: (_, answer) => answer,
  })
}

const clients = (count: number, address: (i: number) => string): Exchange[] =>
  Array.from(
    { length: count },
    (_, i) => ({ client: { address: address(i) }, detail: null }) as unknown as Exchange,
  )

function measure(name: string, more: Partial<RateLimitConfig>, exchanges: readonly Exchange[]): void {
  const { request } = step(more)
  let best = Infinity
  let refused = 0
  for (let round = 0; round < ROUNDS; round++) {
    refused = 0
    const before = process.cpuUsage()
    for (let i = 0; i < DECISIONS; i++) {
      nowMs += 0.001
      const x = exchanges[i % exchanges.length]
      if (x !== undefined && request?.(x, undefined) !== undefined) refused++
    }
    const { user, system } = process.cpuUsage(before)
    best = Math.min(best, (user + system) / DECISIONS)
  }
  console.log(
    `${name.padEnd(40)} ${best.toFixed(3)} µs   ${Math.round((refused / DECISIONS) * 100)} % refused`,
  )
}

const v4 = (i: number): string => `10.0.${i >> 8}.${i & 255}`
measure('one client', {}, clients(1, v4))
measure('1,000 clients', {}, clients(1000, v4))
measure('60,000 clients', {}, clients(60_000, v4))
measure(
  '1,000 clients of IPv6',
  {},
  clients(1000, (i) => `2001:db8:${i.toString(16)}::1`),
)
measure('1,000 clients, refused', { requests: 1, per: 3_600_000 }, clients(1000, v4))
