// A list of one may be written as a text: what somebody wrote so stays so, and what is empty goes.

/** Null takes the field away. */
export function listAs<T>(written: unknown, next: readonly T[]): T | readonly T[] | null {
  const [first] = next
  if (first === undefined) return null
  return next.length === 1 && !Array.isArray(written) ? first : next
}
