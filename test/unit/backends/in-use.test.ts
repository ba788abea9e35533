// Whatever states servers are in together: who gets work, who stands by, and by which weights.
import { expect, test } from 'bun:test'
import { ALGORITHMS } from '../../../server/backends/algorithm.options.ts'
import { ANSWERED } from '../../../server/backends/outcome.ts'
import type { Server } from '../../../server/backends/server.ts'
import { inUse, isUp } from '../../../server/backends/usable.ts'
import { baseWeights, weigh } from '../../../server/backends/weights.ts'
import { CLOSED } from '../../../server/scoreboard/circuits.ts'
import {
  ADMIN_DRAIN,
  ADMIN_MAINTENANCE,
  ADMIN_READY,
  adminOf,
  STATE_DOWN,
  STATE_STARTING,
  STATE_UP,
} from '../../../server/scoreboard/states.ts'
import { type Random, seededRandom, seedOfRun } from '../../support/random.ts'
import { BREAKER } from './circuits.ts'
import { backendConfig, Bench } from './backends.ts'

const NAMES = ['a', 'b', 'c', 'd', 'e', 'f']
const WORLDS = 400

function openBreaker({ board: { circuits } }: Bench, slot: number, isHalfOpen: boolean): void {
  const figures = { total: 9, failed: 9, slow: 0, inARow: 9, openMs: 1000, times: 1 }
  circuits.beginOpening(slot, CLOSED)
  circuits.opened(slot, { reason: 'manual', ...figures }, 0)
  if (isHalfOpen) circuits.halfOpen(slot, 0)
}

/** A backend of servers in all states at once. */
function world(random: Random) {
  const bench = new Bench()
  const names = NAMES.slice(0, 1 + random.below(NAMES.length))
  const options = backendConfig(
    names.map((name) => ({
      name,
      weight: random.pick([0, 1, 1, 2, 7, 1000]),
      ...(random.below(5) === 0 ? { backup: true } : { group: 1 + random.below(3) }),
      ...(random.below(4) === 0 && { max_connections: 1 + random.below(2) }),
    })),
    {
      algorithm: random.pick(ALGORITHMS),
      hash: { by: 'client_ip', load_factor: 1.25 },
      panic_threshold: random.pick([0, 0, 0.5, 1]),
      failover_below: random.pick([0, 0.7, 1]),
      circuit_breaker: BREAKER,
      slow_start: { over: 30_000, aggression: 1, least: 0.1 },
      dynamic_weights: { mode: 'enforce', least: 0.25, most: 2 },
      ...(random.below(4) === 0 && { max_connections: 2 }),
    },
  )
  const backend = bench.backend(options, { chance: random.next })
  for (const name of names) {
    const slot = bench.slotOf(name)
    bench.set(name, random.pick([STATE_UP, STATE_UP, STATE_DOWN, STATE_STARTING]))
    bench.order(
      name,
      random.pick([ADMIN_READY, ADMIN_READY, ADMIN_READY, ADMIN_DRAIN, ADMIN_MAINTENANCE]),
      random.pick([null, null, 0, 3]),
    )
    if (random.below(4) === 0) openBreaker(bench, slot, random.below(2) === 0)
    bench.board.shares.setWarmth(slot, random.pick([10, 55, 100]))
    bench.board.shares.setMerit(slot, random.pick([25, 100, 200]))
  }
  bench.board.bumpEpoch(1)
  return { bench, backend, options }
}

const namesOf = (servers: readonly Server[]): string => servers.map(({ name }) => name).join('')

test('work goes to who may have it, to the first groups that are up, by whole weights above 0', () => {
  const random = seededRandom(seedOfRun())
  for (let round = 0; round < WORLDS; round++) {
    const { bench, backend, options } = world(random)
    const { servers } = backend
    const where = `seed ${random.seed}, world ${round}`
    baseWeights(servers, bench.board)
    const used = inUse(servers, bench.board, options)
    const base = new Map(servers.map((server) => [server, server.weight]))
    weigh(servers, used, bench.board, options.algorithm === 'random')
    const { usable, bound, standBy, halfOpen } = used

    for (const server of usable) {
      const { name, weight, slot } = server
      expect([name, adminOf(bench.board.order(slot)), bench.board.circuits.state(slot)], where).toEqual([
        name,
        ADMIN_READY,
        CLOSED,
      ])
      expect(base.get(server), where).toBeGreaterThan(0)
      expect(
        Number.isInteger(weight) && weight > 0 && weight <= 1000 * 1000,
        `${where}: ${name} ${weight}`,
      ).toBe(true)
    }
    const mayServe = servers.filter(
      (server) =>
        (base.get(server) ?? 0) > 0 &&
        adminOf(bench.board.order(server.slot)) === ADMIN_READY &&
        isUp(server, bench.board),
    )
    const main = mayServe.filter(({ backup }) => !backup)
    // Who is up and needed serves: the first group that is up always, backups only in place of all others.
    const first = Math.min(...main.map(({ group }) => group))
    for (const server of main.filter(({ group }) => group === first)) expect(usable, where).toContain(server)
    if (main.length > 0)
      expect(
        usable.every(({ backup }) => !backup),
        where,
      ).toBe(true)
    else if (mayServe.length > 0) expect(namesOf(usable), where).toBe(namesOf(mayServe))
    for (const server of standBy)
      expect([usable.includes(server), mayServe.includes(server)], where).toEqual([false, true])
    for (const server of halfOpen) expect(usable.includes(server), where).toBe(false)
    for (const server of bound)
      expect(usable.includes(server) || adminOf(bench.board.order(server.slot)) === ADMIN_DRAIN, where).toBe(
        true,
      )

    // Until all are full, each pick finds one, and the places come back.
    const may = new Set(namesOf([...usable, ...halfOpen, ...bound]))
    const taken: Server[] = []
    for (let pick = 0; pick < 20; pick++) {
      const server = backend.pick(1 + random.below(2 ** 31), null)
      if (server === null) break
      expect(may.has(server.name), `${where}: ${server.name}`).toBe(true)
      taken.push(server)
    }
    if (usable.length > 0) expect(taken.length, where).toBeGreaterThan(0)
    for (const server of taken) backend.release(server, ANSWERED)
    expect(
      servers.map(({ slot }) => bench.board.inFlight(slot)),
      where,
    ).toEqual(servers.map(() => 0))
  }
})
