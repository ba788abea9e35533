// Durations as people write them: 250ms, 10s, 1m30s, 1h, 1d. Whole milliseconds in the code.

const UNITS: readonly (readonly [unit: string, ms: number])[] = [
  ['d', 86_400_000],
  ['h', 3_600_000],
  ['m', 60_000],
  ['s', 1000],
  ['ms', 1],
]
const MS_BY_UNIT: ReadonlyMap<string, number> = new Map(UNITS)

/** Longest duration: timers count in 31 bits of milliseconds, which is not quite 25 days. */
export const DURATION_MS_MAX = 24 * 86_400_000

/**
 * Reads a duration into whole milliseconds; null for what is none, a fraction of a millisecond, or more than
 * 24 days, where no other limit is given.
 */
export function parseDuration(text: string, maxMs = DURATION_MS_MAX): number | null {
  if (text.length > 64 || !/^(?:[0-9]+(?:\.[0-9]+)?(?:ms|[smhd]))+$/.test(text)) return null
  let total = 0
  let before = Number.POSITIVE_INFINITY
  for (const [, number, unit] of text.matchAll(/([0-9.]+)(ms|[smhd])/g)) {
    const unitMs = MS_BY_UNIT.get(unit ?? '') ?? 0
    // Larger units first, each once: "1m1h" is more likely a slip than a wish.
    if (unitMs >= before) return null
    before = unitMs
    total += Number(number) * unitMs
  }
  const rounded = Math.round(total)
  return Math.abs(total - rounded) < 1e-6 && rounded <= maxMs ? rounded : null
}

/** Writes milliseconds in the largest unit that divides them: 60000 is "1m", 90000 is "90s". */
export function formatDuration(ms: number): string {
  if (ms === 0) return '0s'
  for (const [unit, unitMs] of UNITS) if (ms % unitMs === 0) return `${ms / unitMs}${unit}`
  return `${ms}ms`
}
