// What an algorithm is given, and what it gives.
import type { Chance } from '../lib/random.ts'
import type { Scoreboard } from '../scoreboard/scoreboard.ts'
import type { Server } from './server.ts'

/** Picks a server and takes a place at it; null: none is usable, untried and has room. */
export type Pick = (key: number, tried: number) => Server | null

/** What an algorithm is prepared for. */
export interface Usable {
  /** At least one; each has a weight above 0. */
  readonly servers: readonly Server[]
  readonly board: Scoreboard
  /** The backend's own slot: its cursor is shared by all workers. */
  readonly slot: number
  readonly chance: Chance
  /** The time, in ms of a clock that only goes on. */
  readonly now: () => number
  /** For `hash`: most requests in flight at a server, as a multiple of the mean. */
  readonly loadFactor: number
}

/** Prepares an algorithm for the servers usable now. */
export type Algorithm = (usable: Usable) => Pick
