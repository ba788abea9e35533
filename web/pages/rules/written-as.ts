// A list of one may be written as a text: what somebody wrote so stays so, and what is empty goes.

/** Null takes the field away. */
export function listAs(written: unknown, next: readonly string[]): string | readonly string[] | null {
  const [first] = next
  if (first === undefined) return null
  return next.length === 1 && !Array.isArray(written) ? first : next
}
