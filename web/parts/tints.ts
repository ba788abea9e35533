// Keys and comments of a line of a config, so that they are told apart from values: by the look of the line
// alone, as the lines around it may be missing.

export interface Tint {
  readonly from: number
  readonly to: number
  readonly kind: 'key' | 'comment'
}

const QUOTED = /"(?:[^"\\]|\\.)*"|'(?:[^']|'')*'/g
/** A word before a colon, at the beginning or behind what opens a map or an item. */
const KEY = /(?:^\s*(?:- )*|[{,]\s*)("[^"]*"|'[^']*'|[\w$./*-]+)(?=:(?:\s|$))/g

/** From left to right. */
export function tintsOf(line: string): Tint[] {
  const blanked = line.replaceAll(QUOTED, (text) => '_'.repeat(text.length))
  const comment = /(?:^|\s)#/.exec(blanked)
  const end = comment === null ? line.length : comment.index + comment[0].length - 1
  const tints: Tint[] = []
  for (const found of line.matchAll(KEY)) {
    const to = found.index + found[0].length
    const from = to - (found[1]?.length ?? 0)
    // Within a text it is none.
    if (to <= end && (blanked[from] !== '_' || line[from] === '"' || line[from] === "'"))
      tints.push({ from, to, kind: 'key' })
  }
  return end < line.length ? [...tints, { from: end, to: line.length, kind: 'comment' }] : tints
}

/** A part of a line, cut where a tint begins or ends. */
export interface TintedPart {
  readonly text: string
  readonly kind: Tint['kind'] | null
}

/** What stands from `from` to `to` of a line. */
export function tinted(line: string, tints: readonly Tint[], from: number, to: number): TintedPart[] {
  const parts: TintedPart[] = []
  let at = from
  for (const tint of tints) {
    const [start, end] = [Math.max(at, tint.from), Math.min(to, tint.to)]
    if (start >= end) continue
    if (start > at) parts.push({ text: line.slice(at, start), kind: null })
    parts.push({ text: line.slice(start, end), kind: tint.kind })
    at = end
  }
  return at < to ? [...parts, { text: line.slice(at, to), kind: null }] : parts
}
