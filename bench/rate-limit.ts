// What a decision of a rate limit costs: bun bench/rate-limit.ts
// Processor time of this thread, the best of several rounds; other work on the machine makes it larger only.
// Then what a million keys take of memory, and how exact the two algorithms are for who asks without a pause.
import { CacheStore } from '../server/cache/store.ts'
import { rateLimit } from '../server/middleware/rate-limit.ts'
import type { RateLimitConfig } from '../server/middleware/rate-limit.options.ts'
import { Buckets } from '../server/scoreboard/buckets.ts'
import { Windows } from '../server/scoreboard/windows.ts'
import { Registry } from '../server/telemetry/registry.ts'
import type { Exchange } from '../server/http/exchange.ts'
import { privateRegion, scoreboardOn } from '../server/scoreboard/region.ts'

const ROUNDS = 8
const DECISIONS = 1_000_000
const MIB = 2 ** 20

const registry = new Registry()
const board = scoreboardOn(privateRegion(1, 1), 0)
let nowMs = 1e6

function step(more: Partial<RateLimitConfig>) {
  const options: RateLimitConfig = {
    mode: 'enforce',
    algorithm: 'token_bucket',
    requests: 1_000_000,
    per: 1000,
    cost: 1,
    costs: [],
    key: ['client_ip'],
    missing: 'client_ip',
    ipv4_prefix: 32,
    ipv6_prefix: 64,
    statuses: [],
    exempt: [],
    status: 429,
    headers: 'refused',
    ...more,
  }
  return rateLimit(options, {
    rule: JSON.stringify(more),
    earlier: [],
    board,
    cache: new CacheStore(0),
    counter: (name, labels) => registry.counter(name, labels),
    limitReached: () => {},
    now: () => nowMs,
    chance: () => 0,
    plugin: () => null,
    previous: null,
    textOf: () => '',
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
  const share = Math.round((refused / DECISIONS) * 100)
  console.log(`${name.padEnd(44)} ${best.toFixed(3)} µs   ${share} % refused`)
}

/** Most that passed in any time of `per`, in shares of the limit, and how many in all, of who always asks. */
function measureGreed(name: string, more: Partial<RateLimitConfig>, gapMs: number): void {
  const [requests, per] = [100, 60_000]
  const { request } = step({ requests, per, ...more })
  const [x] = clients(1, () => `${name} ${gapMs}`)
  const passed: number[] = []
  const fromMs = (nowMs += 10 * per + 12_345)
  for (; nowMs < fromMs + 20 * per; nowMs += gapMs)
    if (x !== undefined && request?.(x, undefined) === undefined) passed.push(nowMs)
  let most = 0
  for (let from = 0, to = 0; from < passed.length; from++) {
    while (to < passed.length && (passed[to] ?? 0) < (passed[from] ?? 0) + per) to++
    most = Math.max(most, to - from)
  }
  const average = passed.length / 20 / requests
  console.log(
    `${name.padEnd(16)} a request each ${gapMs} ms: at most ${(most / requests).toFixed(2)} of the limit in any minute, ${average.toFixed(2)} on average`,
  )
}

const v4 = (i: number): string => `10.${i >> 16}.${(i >> 8) & 255}.${i & 255}`
const v6 = (i: number): string => `2001:db8:${i.toString(16)}::1`
const WINDOW = { algorithm: 'sliding_window', per: 60_000 } as const

board.buckets = Buckets.private(8 * MIB)
board.windows = Windows.private(8 * MIB)
measure('one client', {}, clients(1, v4))
measure('1,000 clients', {}, clients(1000, v4))
measure('60,000 clients', {}, clients(60_000, v4))
measure('1,000 clients of IPv6', {}, clients(1000, v6))
measure('1,000 clients, refused', { requests: 1, per: 3_600_000 }, clients(1000, v4))
measure('sliding window: one client', WINDOW, clients(1, v4))
measure('sliding window: 1,000 clients', WINDOW, clients(1000, v4))
measure('sliding window: 1,000 clients, refused', { ...WINDOW, requests: 1 }, clients(1000, v4))

for (const [name, bytes, more] of [
  ['a million keys', 24 * MIB, { requests: 100, per: 3_600_000 }],
  ['a million keys, sliding window', 80 * MIB, { ...WINDOW, requests: 100, per: 3_600_000 }],
] as const) {
  if (name === 'a million keys') board.buckets = Buckets.private(bytes)
  else board.windows = Windows.private(bytes)
  const table = name === 'a million keys' ? board.buckets : board.windows
  measure(name, more, clients(1_000_000, v4))
  console.log(`  ${(table.bytes / MIB).toFixed(0)} MiB, ${table.evicted} keys had to make room`)
}

for (const gapMs of [1, 500]) {
  measureGreed('token_bucket', {}, gapMs)
  measureGreed('sliding_window', { algorithm: 'sliding_window' }, gapMs)
}
