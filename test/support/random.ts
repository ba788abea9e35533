// Chance that can be repeated: a failing run names its seed, SLUICE_SEED=… runs it again.

export interface Random {
  readonly seed: number
  /** In [0, 1). */
  next(): number
  /** An integer in [0, below). */
  below(below: number): number
  pick<T>(list: readonly T[]): T
  bytes(length: number): Uint8Array
}

/** The seed of this run: SLUICE_SEED, or a new one. */
export function seedOfRun(): number {
  const named = Number(process.env['SLUICE_SEED'])
  return Number.isInteger(named) && named > 0
    ? named
    : (crypto.getRandomValues(new Uint32Array(1))[0]! >>> 1) + 1
}

/** A generator (mulberry32) that gives the same values for the same seed. */
export function seededRandom(seed: number): Random {
  let state = seed >>> 0
  const next = (): number => {
    state = (state + 0x6d2b79f5) >>> 0
    let t = state
    t = Math.imul(t ^ (t >>> 15), t | 1)
    t ^= t + Math.imul(t ^ (t >>> 7), t | 61)
    return ((t ^ (t >>> 14)) >>> 0) / 4_294_967_296
  }
  const below = (limit: number): number => Math.floor(next() * limit)
  return {
    seed,
    next,
    below,
    pick: (list) => list[below(list.length)]!,
    bytes: (length) => Uint8Array.from({ length }, () => below(256)),
  }
}
