// Picks among 1,000 servers: one is picked and given back, with so many exchanges in flight at them.
import { type BackendConfig } from '../server/backends/backend.options.ts'
import { Backend } from '../server/backends/backend.ts'
import { ANSWERED } from '../server/backends/outcome.ts'
import { privateRegion, scoreboardOn } from '../server/scoreboard/region.ts'
import { STATE_UP } from '../server/scoreboard/states.ts'
import { backendConfig } from '../test/unit/backends/backends.ts'

const SERVERS = 1000
const PICKS = 2000
const ALGORITHMS = ['round_robin', 'least_connections', 'power_of_two', 'least_response_time'] as const
/** At how many of the servers something is in flight: at none, at half, at each, at each more or less. */
const LOADS = {
  idle: () => 0,
  'half busy': (n: number) => n % 2,
  busy: () => 1,
  uneven: (n: number) => 1 + (n % 7),
}

/** Of all servers together; it is never reached. */
const LIMITS = {
  '': {},
  ', with max_connections': { max_connections: 100_000 },
}

function backendOf(
  algorithm: BackendConfig['algorithm'],
  load: (n: number) => number,
  limits: Partial<BackendConfig>,
): Backend {
  const board = scoreboardOn(privateRegion(SERVERS + 8, 4), 0)
  const names = Array.from({ length: SERVERS }, (_, n) => `s${n}`)
  const servers = Object.fromEntries(names.map((name, n) => [name, { index: n + 2, generation: 0 }]))
  for (const [n, { index }] of Object.values(servers).entries()) {
    board.setState(index, STATE_UP)
    for (let held = 0; held < load(n); held++) board.enter(index, Infinity)
  }
  const words = names.map((name) => ({ name }))
  const slots = { slot: { index: 1, generation: 0 }, servers }
  const options = backendConfig(words, { algorithm, ...limits })
  const backend = new Backend({ name: 'api', options, slots, board, previous: null })
  for (const { live, index } of backend.servers) live.record.answered(1 + (index % 7), performance.now())
  return backend
}

/** Nanoseconds of each pick of a round. */
function round(backend: Backend): number {
  const from = Bun.nanoseconds()
  for (let n = 0; n < PICKS; n++) {
    const server = backend.pick(n, null)
    if (server === null) throw new Error('none was picked')
    backend.release(server, ANSWERED)
  }
  return (Bun.nanoseconds() - from) / PICKS
}

/** Prints what a pick takes, by algorithm and load, in turns. */
export function pickRounds(rounds: number): void {
  const all = ALGORITHMS.flatMap((algorithm) =>
    Object.entries(LOADS).flatMap(([load, of]) =>
      Object.entries(LIMITS).map(([limit, words]) => ({
        name: `${algorithm}, ${load}${limit}`,
        backend: backendOf(algorithm, of, words),
        took: [] as number[],
      })),
    ),
  )
  for (let n = 0; n < rounds; n++) for (const { backend, took } of all) took.push(round(backend))
  for (const { name, took } of all) {
    const sorted = took.toSorted((a, b) => a - b)
    const [least = 0, median = 0] = [sorted[0], sorted[sorted.length >> 1]]
    process.stdout.write(`${name}: ${least.toFixed(0)} ns least, ${median.toFixed(0)} ns median\n`)
  }
}
