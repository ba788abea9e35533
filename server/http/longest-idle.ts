// Which clients' connections are worth least while others wait to be accepted.
import type { ClientConnection } from './ends.ts'

/** At most `count` of those that are idle, the one that has been so longest first. */
export function longestIdle(
  connections: Iterable<ClientConnection>,
  count: number,
): readonly ClientConnection[] {
  const found: ClientConnection[] = []
  for (const one of connections) {
    const { idleSinceMs } = one
    if (Number.isNaN(idleSinceMs)) continue
    if (found.length === count && !(idleSinceMs < (found.at(-1)?.idleSinceMs ?? -Infinity))) continue
    // Few are wanted of many: each has its place among those found so far.
    const behind = found.findIndex((other) => other.idleSinceMs > idleSinceMs)
    found.splice(behind < 0 ? found.length : behind, 0, one)
    if (found.length > count) found.pop()
  }
  return found
}
