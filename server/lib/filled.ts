/** A list with the same in each place: at once, where a function for each is interpreted as we start. */
export function filled<T>(length: number, what: T): T[] {
  const list: T[] = []
  list.length = length
  return list.fill(what)
}
