// A config that is not served yet, with its servers as they are now: those that there are not yet are taken
// to be up.
import type { Config } from '../../config/schema.ts'
import { ANSWERING, CARRIED, RETRIES } from '../../scoreboard/layout.ts'
import type { Scoreboard } from '../../scoreboard/scoreboard.ts'
import type { Ground } from './explained.ts'
import { offlineGround } from './offline.ts'

/** More are not counted one by one. */
const IN_FLIGHT_MAX = 10_000

export function draftGround(config: Config, running: Ground): Ground {
  const ground = offlineGround(config)
  const [{ board, slots }, now] = [ground.states, running.states]
  for (const [backend, { slot, servers }] of Object.entries(slots)) {
    copyLimits(now.board, now.slots[backend]?.slot.index, board, slot.index)
    for (const [name, { index }] of Object.entries(servers)) {
      const known = now.slots[backend]?.servers[name]
      if (known === undefined || urlOf(config, backend, name) !== urlOf(running.config, backend, name))
        continue
      board.setState(index, now.board.state(known.index))
      board.setOrder(index, now.board.order(known.index))
      for (let left = Math.min(now.board.inFlight(known.index), IN_FLIGHT_MAX); left > 0; left--)
        board.enter(index, IN_FLIGHT_MAX)
    }
  }
  const { reasonOf, stickySecret, leases, counts, waitingOf } = now
  const states = { ...ground.states, reasonOf, stickySecret, leases, counts, waitingOf }
  return { config, states, portsOf: running.portsOf }
}

/** What a backend that there is carries, and has found of what it may. */
function copyLimits(now: Scoreboard, known: number | undefined, board: Scoreboard, slot: number): void {
  if (known === undefined) return
  board.adaptive.setLimit(slot, now.adaptive.limit(known))
  for (const gauge of [RETRIES, CARRIED, ANSWERING])
    for (let left = Math.min(now.gauges.held(known, gauge), IN_FLIGHT_MAX); left > 0; left--)
      board.gauges.enter(slot, gauge, Infinity)
}

const urlOf = ({ backends }: Config, backend: string, server: string): string | undefined =>
  backends[backend]?.servers.find(({ name, url }) => (name ?? url) === server)?.url
