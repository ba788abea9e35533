/** Places of a longest rising part of a list. */
export function rising(list: readonly number[]): ReadonlySet<number> {
  const ends: number[] = []
  const previous: number[] = []
  list.forEach((value, index) => {
    let [low, high] = [0, ends.length]
    while (low < high) {
      const middle = (low + high) >> 1
      if ((list[ends[middle] ?? 0] ?? 0) < value) low = middle + 1
      else high = middle
    }
    previous[index] = ends[low - 1] ?? -1
    ends[low] = index
  })
  const places = new Set<number>()
  for (let at = ends.at(-1) ?? -1; at >= 0; at = previous[at] ?? -1) places.add(at)
  return places
}
