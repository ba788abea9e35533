// Statuses and ranges of them, as config writes them.

/** Both are in it. */
export type StatusRange = readonly [from: number, to: number]

/** Reads one: 200, 200-399, 2xx. Throws a TypeError where it is none of these. */
export function statusRange(text: string): StatusRange {
  const [from = '', to = from] = text.split('-')
  const [first, last] = [Number(from.replaceAll(/x/gi, '0')), Number(to.replaceAll(/x/gi, '9'))]
  if (Number.isNaN(first + last)) throw new TypeError(`"${text}" is neither a status nor a range of them`)
  return [first, last]
}

const STATUSES = 600

/** By status: 1 for those that are named. */
export function statusTable(words: readonly (string | number)[]): Uint8Array {
  const table = new Uint8Array(STATUSES)
  for (const word of words) {
    const [from, to] = statusRange(String(word))
    table.fill(1, from, to + 1)
  }
  return table
}
