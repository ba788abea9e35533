// Patterns of media types: "text/html", "text/*", "*+json"; and what heads say of their bodies.
import type { ResponseHead } from '../head/response-head.ts'

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

/** In lower case, without parameters; '' for none. */
export function mediaTypeOf(head: ResponseHead): string {
  const value = head.get('content-type') ?? ''
  const end = value.indexOf(';')
  return (end < 0 ? value : value.slice(0, end)).trim().toLowerCase()
}

/** What is announced; -1: nothing is. */
export function lengthOf(head: ResponseHead): number {
  const value = head.get('content-length')
  return value === null ? -1 : Number(value)
}
