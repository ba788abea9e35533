// A process of its own that is the worker of its row: it takes and gives back whatever has a limit, in the
// order of its seed, until it is told to end, or dies: between any two steps on shared memory. Descriptors:
// 3 the scoreboard, 4 leases, 5 what it tells its test.
import { Permit } from '../../../server/backends/permit.ts'
import { mapFile } from '../../../server/scoreboard/file.ts'
import { CARRIED, type Gauge, PERMITS, RETRIES } from '../../../server/scoreboard/layout.ts'
import { Leases } from '../../../server/scoreboard/leases.ts'
import { mapRegion, scoreboardOn } from '../../../server/scoreboard/region.ts'
import { sendSignal } from '../../support/processes.ts'
import { seededRandom } from '../../support/random.ts'
import { pause, waitFor } from '../../support/wait.ts'
import { ENDING, HELD, KEYS, LIMITS, LIVES, ROUNDS, TOO_MANY } from './mortals.ts'

const [row = 0, rows = 0, seed = 0] = process.argv.slice(2).map(Number)
const dies = process.argv[5] === 'dies'
const told = new Int32Array(mapFile(5).buffer)
const board = scoreboardOn(mapRegion(3), row)
const leases = Leases.shared(4, rows, row)
const names = leases.names('rules.r')
const random = seededRandom(seed)
/** As they are before it is to die: what it tells is no step. */
const { add, sub, load } = Atomics

/** What it holds: how each is given back. */
const held: (() => void)[] = []
/** Those that come back by themselves among it. */
let permits = 0

/** It has one of this limit. The numbers of all rows stand in one cell: their sum is of one moment. */
function holds(limit: keyof typeof LIMITS, give: () => void): void {
  const [at, most] = LIMITS[limit]
  const one = 1 << (8 * row)
  const before = add(told, HELD + at, one)
  let sum = 1
  for (let shift = 0; shift < 32; shift += 8) sum += (before >>> shift) & 255
  if (sum > most) add(told, TOO_MANY + at, 1)
  held.push(() => {
    sub(told, HELD + at, one)
    give()
  })
}

function gauge(limit: 'retries' | 'carried', cell: Gauge): void {
  if (!board.gauges.enter(1, cell, LIMITS[limit][1])) return
  holds(limit, () => board.gauges.leave(1, cell))
}

function key(limit: 'lease a' | 'lease b'): void {
  const at = leases.take(names, limit, LIMITS[limit][1], performance.timeOrigin + performance.now())
  if (at >= 0) holds(limit, () => leases.giveBack(at))
}

/** A permit that comes back by itself where nobody gives it back before. */
class Brief extends Permit {
  #give: (() => void) | null = null

  holds(): void {
    holds('permits', () => super.free())
    this.#give = held.pop() ?? null
    permits++
  }

  override free(): void {
    if (this.#give === null) return
    this.#give()
    this.#give = null
    permits--
  }
}

const takes: readonly (() => void)[] = [
  () => board.enter(2, LIMITS.places[1]) && holds('places', () => board.leave(2)),
  () => gauge('retries', RETRIES),
  () => gauge('carried', CARRIED),
  () => key('lease a'),
  () => key('lease b'),
  () => {
    if (!board.gauges.enter(2, PERMITS, LIMITS.permits[1])) return
    const permit = new Brief(board, 2, board.circuits.serial(2), 1 + random.below(3))
    permit.holds()
    if (random.below(2) === 0) held.push(() => permit.free())
  },
  // Keys that come and go: cells change hands.
  () => {
    const at = leases.take(names, `k${random.below(KEYS)}`, 1, performance.timeOrigin + performance.now())
    if (at >= 0) held.push(() => leases.giveBack(at))
  },
]

const STEPS = ['add', 'sub', 'load', 'store', 'exchange', 'compareExchange'] as const

/** From now on one of its steps is its last. */
function willDie(): void {
  let left = 1 + random.below(2000)
  for (const name of STEPS) {
    const step = Atomics[name] as (...args: unknown[]) => unknown
    Object.assign(Atomics, {
      [name]: (...args: unknown[]) => {
        if (--left === 0) sendSignal(process.pid, 'SIGKILL')
        return step.apply(Atomics, args)
      },
    })
  }
}

async function live(): Promise<void> {
  add(told, LIVES + row, 1)
  const until = dies ? 500 + random.below(3000) : Infinity
  for (let round = 0; load(told, ENDING) === 0; round++) {
    if (round === until) willDie()
    if (held.length < 6 && random.below(2) === 0) random.pick(takes)()
    else held.splice(random.below(held.length), 1)[0]?.()
    add(told, ROUNDS, 1)
    // Those that come back by themselves do.
    if (round % 256 === 0) await pause(0)
  }
  for (const give of held.splice(0)) give()
  await waitFor(() => permits === 0)
}

await live()
