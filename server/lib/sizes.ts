// Sizes as people write them: 512, 64KiB, 10MiB, 1GiB; KB, MB, GB count in thousands. Whole bytes in the
// code.

const UNITS: readonly (readonly [unit: string, bytes: number])[] = [
  ['TiB', 2 ** 40],
  ['GiB', 2 ** 30],
  ['MiB', 2 ** 20],
  ['KiB', 2 ** 10],
  ['TB', 1e12],
  ['GB', 1e9],
  ['MB', 1e6],
  ['KB', 1e3],
  ['B', 1],
]
const BYTES_BY_UNIT: ReadonlyMap<string, number> = new Map([...UNITS, ['', 1], ['kB', 1e3]])

/**
 * Reads a size into whole bytes; null for what is none, or a fraction of a byte, or beyond what a number
 * holds exactly.
 */
export function parseSize(text: string): number | null {
  const match = /^([0-9]{1,16}(?:\.[0-9]{1,6})?) ?([A-Za-z]*)$/.exec(text)
  const unit = BYTES_BY_UNIT.get(match?.[2] ?? '')
  if (match === null || unit === undefined) return null
  const bytes = Number(match[1]) * unit
  return Number.isSafeInteger(bytes) ? bytes : null
}

/** Writes bytes in the largest unit that divides them: 65536 is "64KiB", 1000 is "1KB". */
export function formatSize(bytes: number): string {
  if (bytes === 0) return '0'
  for (const [unit, unitBytes] of UNITS)
    if (unit !== 'B' && bytes % unitBytes === 0) return `${bytes / unitBytes}${unit}`
  return `${bytes}`
}
