// What the state cells of a server hold. Two things that are apart: how it is (operational, what checks or a
// person found), and what a person has ordered of it (administrative): whether it gets new work, and a weight
// in place of that of the config. An order is one number, so that both change in one step.

export const STATE_EMPTY = 0
export const STATE_UP = 1
export const STATE_DOWN = 2
/** Not checked yet. */
export const STATE_STARTING = 3

export const ADMIN_READY = 0
/** No new work, but what belongs to it already goes on, and comes back to it. */
export const ADMIN_DRAIN = 1
/** No new work at all. */
export const ADMIN_MAINTENANCE = 2

const WEIGHT_SHIFT = 2

/** An order as its cell has it, 0 for none; `weight` null: that of the config. */
export const packOrder = (admin: number, weight: number | null): number =>
  admin | ((weight === null ? 0 : weight + 1) << WEIGHT_SHIFT)

/** The administrative state of an order. */
export const adminOf = (order: number): number => order & ((1 << WEIGHT_SHIFT) - 1)

/** The weight under an order, where the config says `configured`. */
export function weightOf(order: number, configured: number): number {
  const cell = order >> WEIGHT_SHIFT
  return cell === 0 ? configured : cell - 1
}
