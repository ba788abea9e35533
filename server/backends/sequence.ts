// A sequence of places that gives each server its weight, as evenly spread as can be: the smooth weighted
// round robin of nginx, computed once. All workers walk the same sequence by one cursor, so that each whole
// period is exact over all. Servers of one weight form a class that takes turns within its places: the work
// grows with the weights that differ.

/** Longest sequence for weights that differ; beyond it shares are rounded to what fits. */
export const PLACES_MAX = 16_384

interface Class {
  /** Of one member. */
  readonly weight: number
  readonly members: number[]
  /** Of all members together. */
  readonly share: number
  current: number
  turn: number
}

/** Indexes of `weights` in their order of service. Weights are above 0. */
export function smoothSequence(weights: readonly number[]): Uint16Array {
  const places = placesOf(weights)
  const classes = classesOf(places)
  const total = places.reduce((sum, count) => sum + count, 0)
  const sequence = new Uint16Array(total)
  for (let at = 0; at < total; at++) {
    let best = classes[0]!
    for (const one of classes) {
      one.current += one.share
      if (one.current > best.current) best = one
    }
    best.current -= total
    sequence[at] = best.members[best.turn]!
    best.turn = (best.turn + 1) % best.members.length
  }
  return sequence
}

function classesOf(places: readonly number[]): Class[] {
  const byWeight = new Map<number, number[]>()
  for (const [index, weight] of places.entries()) {
    const members = byWeight.get(weight)
    if (members) members.push(index)
    else byWeight.set(weight, [index])
  }
  return Array.from(byWeight, ([weight, members]) => ({
    weight,
    members,
    share: weight * members.length,
    current: 0,
    turn: 0,
  }))
}

/**
 * How many places each gets: its weight over the greatest common divisor, or in proportion where that is too
 * many.
 */
function placesOf(weights: readonly number[]): number[] {
  const divisor = weights.reduce(commonDivisor, 0)
  const exact = weights.map((weight) => weight / divisor)
  const total = exact.reduce((sum, weight) => sum + weight, 0)
  // Thousands of servers need a longer sequence, or their weights would have no room to differ.
  const most = Math.max(PLACES_MAX, 4 * weights.length)
  if (total <= most) return exact
  const scale = (most - weights.length) / total
  return exact.map((weight) => Math.max(1, Math.round(weight * scale)))
}

const commonDivisor = (a: number, b: number): number => (b === 0 ? a : commonDivisor(b, a % b))
