// Chance is passed in, so that what depends on it can be tested exactly.

/** Gives numbers in [0, 1). */
export type Chance = () => number

/** `value` changed by up to ± `share` of it. */
export function jitter(value: number, share: number, chance: Chance): number {
  return value * (1 + share * (2 * chance() - 1))
}
