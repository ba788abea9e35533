// A TOML text in its sections: a header with the pairs below it, each with its path. What a value holds in
// brackets is laid out as in YAML.
import { scanTomlPairs, type TomlKey, type TomlPlace } from '../toml-places.ts'
import type { Offset, Path } from '../tree.ts'
import { LazyPiece, lineEnd, lineStart, type Member, type Piece } from './piece.ts'

export interface Pair {
  readonly keys: readonly TomlKey[]
  /** From the root. */
  readonly path: Path
  readonly value: Piece
}

export interface Section {
  /** Null: what stands before the first header. */
  readonly keys: readonly TomlKey[] | null
  /** From the root, with places in lists. */
  readonly path: Path
  /** `[[a]]` */
  readonly isItem: boolean
  readonly at: Offset
  readonly headerEnd: Offset
  readonly pairs: readonly Pair[]
}

/** The sections of a valid text, in its order. */
export function sectionsOf(text: string): Section[] {
  const counts = new Map<string, number>()
  const sections: Section[] = []
  for (const { header, pairs } of scanTomlPairs(text)) {
    const path = header === null ? [] : pathOf(header, counts)
    sections.push({
      keys: header?.keys ?? null,
      path,
      isItem: header?.isList ?? false,
      at: header?.at ?? 0,
      headerEnd: header?.end ?? 0,
      pairs: pairs.map(({ keys, place }) => ({
        keys,
        path: [...path, ...keys.map(({ name }) => name)],
        value: pieceOf(place, text),
      })),
    })
  }
  return sections
}

/** Each list of tables that a header goes through is in its last item; `[[a]]` begins another. */
function pathOf(
  { keys, isList }: { readonly keys: readonly TomlKey[]; readonly isList: boolean },
  counts: Map<string, number>,
): Path {
  const path: (string | number)[] = []
  for (const [index, { name }] of keys.entries()) {
    path.push(name)
    const list = JSON.stringify(path)
    const isOwn = isList && index === keys.length - 1
    if (isOwn) counts.set(list, (counts.get(list) ?? -1) + 1)
    const count = counts.get(list)
    if (count !== undefined) path.push(count)
  }
  return path
}

function pieceOf(place: TomlPlace, text: string): Piece {
  const { valueAt: at, valueEnd: end } = place
  const first = text[at]
  const is = first === '[' ? 'list' : first === '{' ? 'map' : 'scalar'
  return new LazyPiece({ is, at, end, from: at, isFlow: is !== 'scalar' }, () => {
    if (is === 'scalar') return []
    return [...place.below].map(([key, below]): Member => {
      const value = pieceOf(below, text)
      return is === 'list'
        ? { key: null, at: value.at, end: value.at, value }
        : { key, at: below.keyAt, end: below.keyEnd, value }
    })
  })
}

/** Whole lines that belong together, with the comments right above them. */
export interface Lines {
  readonly from: Offset
  readonly to: Offset
}

/** Of a pair, from the comments right above it to its own at the end of the line; null: it has none above. */
export function linesOfPair(text: string, { keys, value }: Pair, limit: Offset | null): Lines {
  const at = keys[0]?.at ?? value.at
  const from = limit === null ? lineStart(text, at) : leadOf(text, at, limit)
  return { from, to: lineEnd(text, value.end) }
}

/** Of a section, with its pairs; `next`: where the one behind it begins, with its comments. */
export function linesOfSection(text: string, section: Section, limit: Offset): Lines {
  const last = section.pairs.at(-1)
  let to = lineEnd(text, last?.value.end ?? section.headerEnd)
  const next = nextHeader(text, to)
  const lead = next === null ? text.length : leadOf(text, next, to)
  // Comments right below its last pair are its own, unless a header follows on them.
  while (to < lead && /^[ \t]*#/.test(text.slice(to, lineEnd(text, to)))) to = lineEnd(text, to)
  const from =
    section.keys === null
      ? lineStart(text, section.pairs[0]?.keys[0]?.at ?? 0)
      : leadOf(text, section.at, limit)
  return { from, to }
}

function nextHeader(text: string, from: Offset): Offset | null {
  for (let at = from; at < text.length; at = lineEnd(text, at)) {
    const line = text.slice(at, lineEnd(text, at)).trim()
    if (line !== '' && !line.startsWith('#')) return at
  }
  return null
}

/** Where the comments right above a line begin; a pair that is commented out is nobody's comment. */
export function leadOf(text: string, at: Offset, limit: Offset): Offset {
  let from = lineStart(text, at)
  for (let line = from; line > limit;) {
    line = lineStart(text, line - 1)
    const said = text.slice(line, from)
    if (line < limit || !/^[ \t]*#/.test(said) || /^[ \t]*# ?(?:[a-z_.]+ ?=|\[)/.test(said)) break
    from = line
  }
  return from
}

/** Without these lines; of the blank lines on both sides of them one side stays. */
export function cut(text: string, lines: readonly Lines[]): string {
  let made = text
  for (const { from, to } of lines.toReversed()) {
    const [before, behind] = [made.slice(0, from), made.slice(to)]
    const isBlankBehind = /^[ \t]*\r?\n/.test(behind) || behind.trim() === ''
    const kept =
      isBlankBehind && /\n[ \t]*\r?\n$/.test(before)
        ? before.replace(/(?:[ \t]*\r?\n)+$/, (blank) => /^[ \t]*\r?\n/.exec(blank)?.[0] ?? '')
        : before
    made = kept + (kept === '' ? behind.replace(/^(?:[ \t]*\r?\n)+/, '') : behind)
  }
  return made
}

/** Whether a path is this one or leads on from it. */
export function isWithin(path: Path, above: Path): boolean {
  return path.length >= above.length && above.every((step, index) => step === path[index])
}

export const isEqual = (a: Path, b: Path): boolean => a.length === b.length && isWithin(a, b)
