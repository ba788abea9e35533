// What an algorithm is: prepared for the servers that are usable now, it picks without allocating.
import type { Chance } from '../lib/random.ts'
import type { Scoreboard } from '../scoreboard/scoreboard.ts'
import type { BackendConfig } from './backend.options.ts'
import type { Server } from './server.ts'
import type { Tried } from './tried.ts'

/** Picks a server and takes a place at it; null: none is usable, untried and has room. */
export type Pick = (key: number, tried: Tried) => Server | null

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
}

/**
 * Prepares an algorithm for the servers usable now. Of the backend's options it names those that are its own.
 */
export type Algorithm = (usable: Usable, options: BackendConfig) => Pick
