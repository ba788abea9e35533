// Patterns of media types: "text/html", "text/*", "*+json".

/** Whether a type is among these; it is in lower case and without parameters. */
export function mediaTypes(patterns: readonly string[]): (type: string) => boolean {
  const whole = new Set<string>()
  const begins: string[] = []
  const ends: string[] = []
  for (const pattern of patterns) {
    if (pattern.endsWith('/*')) begins.push(pattern.slice(0, -1))
    else if (pattern.startsWith('*')) ends.push(pattern.slice(1))
    else whole.add(pattern)
  }
  return (type) =>
    whole.has(type) ||
    begins.some((start) => type.startsWith(start)) ||
    ends.some((end) => type.endsWith(end))
}
