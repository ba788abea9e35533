// The algorithm that goes by how long servers take. Times and failures are this worker's own
// (track-record.ts); what is in flight is that of all.
import type { Pick, Usable } from './algorithm.ts'
import { choosing, COMPARED_MAX } from './by-load.ts'
import { smoothSequence } from './sequence.ts'
import type { Server } from './server.ts'
import { type Tried, isTried } from './tried.ts'

/** A trial of a server that is passed over costs one request in so many at most. */
const PICKS_PER_TRIAL = 16
/** Where one is due for it is looked for among so many with each pick. */
const LOOKS = 8
/**
 * Of many servers few are compared, and the fastest may be few: so many of those that were best lately are
 * compared with them each time.
 */
const LEADERS = 8

/**
 * Where several priority groups carry a part each, the group is taken whose turn it is, however fast another
 * one is, and one with room where that has none.
 */
export function leastResponseTime(usable: Usable): Pick {
  const { board, slot } = usable
  const groups = [...Map.groupBy(usable.servers, ({ group }) => group).values()]
  if (groups.length === 1) return fastestOf(usable, () => board.nextCursor(slot))
  const picks = groups.map((servers) => {
    let turn = 0
    return fastestOf({ ...usable, servers }, () => turn++)
  })
  const sequence = smoothSequence(
    groups.map((servers) => servers.reduce((sum, { weight }) => sum + weight, 0)),
  )
  return (key, tried) => {
    const first = sequence[(board.nextCursor(slot) & 0x7fffffff) % sequence.length]!
    for (let i = 0; i < picks.length; i++) {
      const server = picks[(first + i) % picks.length]!(key, tried)
      if (server !== null) return server
    }
    return null
  }
}

/**
 * Takes the one with the least mean time to the first byte, times what it would have in flight, for its
 * weight. A server without a time yet counts as fast as the fastest. One that has a part of its weight only
 * takes its turns, and what no other has room for: by its time it would hardly ever win, or always, as it has
 * nothing else to do. Up to 48 servers are all compared, of more those that stand behind the one whose turn
 * it is, and those that were best lately. `turn` counts turns.
 */
function fastestOf(usable: Usable, turn: () => number): Pick {
  const { servers, board } = usable
  const sequence = smoothSequence(servers.map((server) => server.weight))
  const comparison = new Comparison(usable)
  const trials = new Trials(usable)
  return choosing(usable, (tried) => {
    const at = sequence[(turn() & 0x7fffffff) % sequence.length]!
    const next = servers[at]!
    if (next.hasTurns && !isTried(tried, next) && board.inFlight(next.slot) < next.maxConnections) return next
    const best = comparison.best(at, tried)
    return tried === null && best !== null ? trials.insteadOf(best, comparison.fastestMs) : best
  })
}

/** Who is best of those that are looked at. One for all picks, as none of them may allocate. */
class Comparison {
  /** Of those that were looked at last. */
  fastestMs = 1
  readonly #usable: Usable
  readonly #leaders: Server[]
  /** Some have a part of their weight: they are compared only where no other has room. */
  readonly #hasPartial: boolean
  #isOfPartial = false
  #nowMs = 0
  #fastest = Infinity
  #best: Server | null = null
  #bestScore = Infinity
  #bestAt = 0
  /** The best of those without a time: they are as fast as whoever is the fastest in the end. */
  #untimed: Server | null = null
  #untimedLoad = Infinity
  #untimedAt = 0
  /** The place of the leader that fared worst. */
  #last = 0

  constructor(usable: Usable) {
    this.#usable = usable
    this.#leaders = usable.servers.length > COMPARED_MAX ? usable.servers.slice(0, LEADERS) : []
    this.#hasPartial = usable.servers.some(({ hasTurns }) => hasTurns)
  }

  /** Null: none is untried and has room. */
  best(from: number, tried: Tried): Server | null {
    this.#isOfPartial = false
    const best = this.#bestFrom(from, tried)
    if (best !== null || !this.#hasPartial) return best
    this.#isOfPartial = true
    return this.#bestFrom(from, tried)
  }

  #bestFrom(from: number, tried: Tried): Server | null {
    this.#begin()
    this.#compareFrom(from, tried)
    const found = this.#winner()
    if (this.#leaders.length === 0) return found
    this.#compareLeaders(tried)
    const best = this.#winner()
    if (best !== null && best === found && !this.#leaders.includes(best)) this.#leaders[this.#last] = best
    return best
  }

  #begin(): void {
    this.#nowMs = this.#usable.now()
    this.#fastest = this.#bestScore = this.#untimedLoad = Infinity
    this.#best = this.#untimed = null
  }

  #compareFrom(from: number, tried: Tried): void {
    const { servers, board } = this.#usable
    let compared = 0
    for (let i = 0, at = from; i < servers.length; i++, at++) {
      if (at === servers.length) at = 0
      const server = servers[at]!
      if (server.hasTurns !== this.#isOfPartial || isTried(tried, server)) continue
      const inFlight = board.inFlight(server.slot)
      if (inFlight >= server.maxConnections) continue
      this.#compare(server, inFlight, i)
      if (++compared === COMPARED_MAX) break
    }
  }

  /** Behind all others: of equals the one whose turn it is comes first. */
  #compareLeaders(tried: Tried): void {
    const { servers, board } = this.#usable
    let worst = -1
    for (let i = 0; i < this.#leaders.length; i++) {
      const server = this.#leaders[i]!
      const inFlight = board.inFlight(server.slot)
      const isIn =
        server.hasTurns === this.#isOfPartial && !isTried(tried, server) && inFlight < server.maxConnections
      const score = isIn ? this.#compare(server, inFlight, servers.length + i) : Infinity
      if (score <= worst) continue
      worst = score
      this.#last = i
    }
  }

  /** Its score; of one without a time by the fastest so far. */
  #compare(server: Server, inFlight: number, at: number): number {
    const { record } = server.live
    const { meanMs } = record
    const load = (inFlight + record.burden(this.#nowMs) + 1) / server.weight
    if (meanMs === 0) {
      if (load < this.#untimedLoad) {
        this.#untimed = server
        this.#untimedLoad = load
        this.#untimedAt = at
      }
      return (this.#fastest === Infinity ? 1 : this.#fastest) * load
    }
    const score = meanMs * load
    if (meanMs < this.#fastest) this.#fastest = meanMs
    if (score < this.#bestScore) {
      this.#best = server
      this.#bestScore = score
      this.#bestAt = at
    }
    return score
  }

  #winner(): Server | null {
    this.fastestMs = this.#fastest === Infinity ? 1 : this.#fastest
    if (this.#untimed === null) return this.#best
    const score = this.fastestMs * this.#untimedLoad
    const isFirst = score < this.#bestScore || (score === this.#bestScore && this.#untimedAt < this.#bestAt)
    return isFirst ? this.#untimed : this.#best
  }
}

/** Who is passed over as it was slow, or failed, is tried with a request now and then. */
class Trials {
  readonly #usable: Usable
  #picks = 0
  /** Where the last look has ended: the next one goes on there, so that each has its turn. */
  #at = 0

  constructor(usable: Usable) {
    this.#usable = usable
  }

  /** The server that takes the request of `best`; mostly that. */
  insteadOf(best: Server, fastestMs: number): Server {
    if (++this.#picks < PICKS_PER_TRIAL) return best
    const { servers, board, now } = this.#usable
    const nowMs = now()
    for (let looks = Math.min(LOOKS, servers.length); looks > 0; looks--) {
      const server = servers[this.#at]!
      if (++this.#at === servers.length) this.#at = 0
      const { record } = server.live
      if (!record.isDue(nowMs) || board.inFlight(server.slot) !== 0) continue
      this.#picks = 0
      record.beginTrial(fastestMs, nowMs)
      return server
    }
    return best
  }
}
