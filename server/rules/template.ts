// Text with variables, compiled once: what is fixed is joined, and each value is escaped for where it goes,
// so that none breaks a line, a URL, a page or a document.
import { readText, splitName, type TextPart, VARIABLES_MAX } from '../lib/template-text.ts'
import { placesIn, type UrlPlace } from '../lib/url-template.ts'
import { component, escapeFor, type Sink } from './template-escapes.ts'
import { type Read, type Told, type ValueKind, variable, type Variable } from './variables.ts'

export interface Template {
  /** The text, where it has no variables; null: it has some. */
  readonly fixed: string | null
  /** Null: one of its variables has no value, and nothing stands in for that. */
  whole(x: Told): string | null
  /** Variables without a value are nothing. */
  filled(x: Told): string
}

/** The value of a variable that is longer counts as none: a part of it would say something else. */
export const VALUE_CHARS_MAX = 8192

/** A URL or a path. */
export interface UrlTemplate extends Template {
  /** Variables without a value are nothing; null: of one that names the host that cannot be. */
  url(x: Told): string | null
}

/**
 * Compiles text; throws a RangeError on a variable that is not known. For fields the text is one character a
 * byte, as heads have it.
 */
export function template(text: string, sink: Exclude<Sink, UrlPlace>): Template {
  const parts = readText(text)
  return new Compiled(
    parts,
    parts.map(() => sink),
  )
}

/** Values are percent-encoded for the place where they stand. */
export function urlTemplate(text: string): UrlTemplate {
  const parts = readText(text)
  return new Compiled(parts, placesIn(parts))
}

/** The path that comes of what a regular expression has found: {group.1}, {group.NAME} are its groups. */
export function groupTemplate(text: string): (x: Told, found: RegExpExecArray) => string {
  let now: RegExpExecArray | null = null
  const parts = readText(text)
  const made = new Compiled(parts, placesIn(parts), (name) => {
    const [family, of] = splitName(name)
    if (family !== 'group' || of === null) return variable(name)
    const read = /^[0-9]+$/.test(of)
      ? (): string | null => now?.[Number(of)] ?? null
      : (): string | null => now?.groups?.[of] ?? null
    return { kind: 'target', read }
  })
  return (x, found) => {
    now = found
    return made.filled(x)
  }
}

/** A variable, and the text behind it. */
interface Piece {
  readonly read: Read
  /** Something was said to stand in for no value, be it nothing. */
  readonly isSettled: boolean
  readonly isHost: boolean
  readonly text: string
}

class Compiled implements UrlTemplate {
  readonly fixed: string | null
  readonly #first: string
  readonly #pieces: readonly Piece[]

  constructor(
    parts: readonly TextPart[],
    sinks: readonly Sink[],
    known: (name: string) => Variable = variable,
  ) {
    let first = ''
    const pieces: Piece[] = []
    for (const [place, part] of parts.entries()) {
      const sink = sinks[place] ?? 'text'
      if (part.is === 'variable') pieces.push(pieceOf(part, sink, { before: parts[place - 1], known }))
      else {
        const text = literal(part.text, sink)
        const last = pieces.pop()
        if (last === undefined) first = text
        else pieces.push({ ...last, text })
      }
    }
    if (pieces.length > VARIABLES_MAX) throw new RangeError(`it has more than ${VARIABLES_MAX} variables`)
    this.#first = first
    this.#pieces = pieces
    this.fixed = pieces.length === 0 ? first : null
  }

  whole(x: Told): string | null {
    let made = this.#first
    for (const { read, isSettled, text } of this.#pieces) {
      const value = read(x)
      if (value === null || (value === '' && !isSettled)) return null
      made += value + text
    }
    return made
  }

  filled(x: Told): string {
    let made = this.#first
    for (const { read, text } of this.#pieces) made += (read(x) ?? '') + text
    return made
  }

  url(x: Told): string | null {
    let made = this.#first
    for (const { read, isHost, text } of this.#pieces) {
      const value = read(x) ?? ''
      if (isHost && value === '') return null
      made += value + text
    }
    return made
  }
}

interface Around {
  readonly before: TextPart | undefined
  readonly known: (name: string) => Variable
}

const pieceOf = (part: TextPart & { is: 'variable' }, sink: Sink, around: Around): Piece => ({
  read: readerOf(part, sink, around),
  isSettled: part.instead !== null,
  isHost: sink === 'authority',
  text: '',
})

const endOf = (part: TextPart | undefined): string => (part?.is === 'text' ? part.text.slice(-1) : '')

/** What is written in config is one character a letter. */
function literal(text: string, sink: Sink): string {
  if (sink === 'field') return Buffer.from(text.toWellFormed()).latin1Slice()
  if (sink === 'part') return component(text)
  if (sink === 'html' || sink === 'json' || sink === 'text') return text
  return text.toWellFormed().replace(/[^!-~]+/gu, encodeURIComponent)
}

function readerOf(part: TextPart & { is: 'variable' }, sink: Sink, around: Around): Read {
  const read = escaped(variableIn(part.name, sink, around), sink)
  if (part.instead === null) return read
  const instead = literal(part.instead, sink)
  return (x) => read(x) || instead
}

/** Beside other parts of a query, a query is all of its parts: without its "?". */
function variableIn(name: string, sink: Sink, { before, known }: Around): Variable {
  const behind = endOf(before)
  if (name === 'query' && sink === 'query' && (behind === '?' || behind === '&'))
    return { kind: 'plain', read: ({ request }) => request.query }
  return known(name)
}

function escaped({ kind, read }: Variable, sink: Sink): Read {
  const escape = escapeFor(sink, kind)
  if (kind === 'plain') return escape === null ? read : (x) => escapedOr(read(x), escape)
  if (isBounded(kind, sink)) return escape === null ? read : (x) => escapedOr(read(x), escape)
  return (x) => {
    const value = read(x)
    if (value === null || value.length > VALUE_CHARS_MAX) return null
    return escape === null ? value : escape(value)
  }
}

/** A path and a query are as long as limits.target lets them be: without one a redirect leads elsewhere. */
const isBounded = (kind: ValueKind, sink: Sink): boolean => kind === 'target' && sink === 'path'

const escapedOr = (value: string | null, escape: (value: string) => string | null): string | null =>
  value === null ? null : escape(value)
