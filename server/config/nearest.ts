// The known word that was probably meant.

/** The nearest of `known`, or null when none is near. */
export function nearest(word: string, known: Iterable<string>): string | null {
  if (word.length > 64) return null
  const plain = plainOf(word)
  const most = Math.max(1, Math.floor(word.length / 3))
  let best: string | null = null
  let bestDistance = most + 1
  for (const candidate of known) {
    if (plainOf(candidate) === plain) return candidate
    if (best === null && beginsAlike(word, candidate)) best = candidate
    if (Math.abs(candidate.length - word.length) >= bestDistance) continue
    const distance = distanceOf(word.toLowerCase(), candidate.toLowerCase())
    if (distance < bestDistance) [best, bestDistance] = [candidate, distance]
  }
  return best
}

const beginsAlike = (a: string, b: string): boolean =>
  Math.min(a.length, b.length) >= 4 && (a.startsWith(b) || b.startsWith(a))

/** `healthCheck`, `health-check` and `health_check` are one word. */
const plainOf = (word: string): string => word.replace(/[-_ ]/g, '').toLowerCase()

/** Letters to change, insert, drop, or swap with their neighbour (optimal string alignment). */
function distanceOf(a: string, b: string): number {
  let beforeLast: number[] = []
  let last = Array.from({ length: b.length + 1 }, (_, place) => place)
  for (let i = 1; i <= a.length; i++) {
    const row = [i]
    for (let j = 1; j <= b.length; j++) {
      const isSame = a[i - 1] === b[j - 1]
      let cost = Math.min((last[j] ?? 0) + 1, (row[j - 1] ?? 0) + 1, (last[j - 1] ?? 0) + (isSame ? 0 : 1))
      if (i > 1 && j > 1 && a[i - 1] === b[j - 2] && a[i - 2] === b[j - 1])
        cost = Math.min(cost, (beforeLast[j - 2] ?? 0) + 1)
      row.push(cost)
    }
    ;[beforeLast, last] = [last, row]
  }
  return last[b.length] ?? 0
}
