// Where on the scoreboard the cells of backends and servers are.

/**
 * Where a backend's or server's cells are on the scoreboard: a record's index, and which use of it this is.
 */
export interface Slot {
  readonly index: number
  readonly generation: number
}

export interface BackendSlots {
  readonly slot: Slot
  readonly servers: Readonly<Record<string, Slot>>
}
