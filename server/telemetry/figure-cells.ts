// Numbers that were counted in a time, in the order of tables/figures.ts.
import { ACTIVE, CELLS } from '../tables/figures.ts'

/** Adds what was counted in one time to that of another. */
export function addCells(to: Float64Array, from: Float64Array): void {
  for (let i = 0; i < CELLS; i++) to[i] = i === ACTIVE ? Math.max(to[i]!, from[i]!) : to[i]! + from[i]!
}
