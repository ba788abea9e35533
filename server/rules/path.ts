// Paths as they are compared. The bytes forwarded are always the original; these copies only choose the rule.
import { isTemplate, readTemplate, type Segment } from '../lib/path-template.ts'
import { beginOf } from '../lib/regex-begin.ts'
import { regexTest } from './value-pattern.ts'
import { type Verdict, verdictOf } from './verdict.ts'

/**
 * The path in its normal form (RFC 3986 §6.2.2): needless escapes decoded, the others in upper case, no dot
 * segments; "//" stays. Null when no form of it is safe: a broken escape, %00, or a backslash.
 */
export function normalise(path: string): string | null {
  if (path.includes('\\')) return null
  if (!path.includes('%')) return removeDotSegments(path)
  return UNSAFE.test(path) ? null : removeDotSegments(decodeNeedless(path))
}

/**
 * A path that `normalise` takes, as the most lenient servers read it: escaped slashes and backslashes are
 * slashes, parameters (";x") are nothing, several slashes are one, and all that before dot segments go. nginx
 * merges slashes first, servlet containers drop parameters first.
 */
export const loosen = (path: string): string => removeDotSegments(looseText(path))

function looseText(path: string): string {
  const slashes = decodeNeedless(path).replace(/%2F|%5C/g, '/')
  const plain = slashes.replace(/;[^/]*/g, '')
  return plain.replace(/\/{2,}/g, '/')
}

/** Whether some server could read a path that was made as one that leads up: it has dot segments. */
export const mayLeadUp = (path: string): boolean => {
  if (!path.includes('.') && !path.includes('%')) return false
  const [strict, loose] = [decodeNeedless(path), looseText(path)]
  return removeDotSegments(strict) !== strict || removeDotSegments(loose) !== loose
}

/** A prefix as it is written, in normal form and without a slash at its end; throws as pathPattern does. */
export function prefixText(written: string): string {
  const pattern = pathPattern(written)
  if (pattern.is !== 'exact') throw new RangeError(`"${written}" is no plain path`)
  return pattern.text.replace(/\/+$/, '')
}

/** The path as received but for the case of its escapes, which no server tells apart. */
export function upperEscapes(path: string): string {
  return path.replace(/%[0-9A-Fa-f]{2}/g, (escape) => escape.toUpperCase())
}

export type PathPattern =
  /** The path, or how it begins; in normal form. */
  | { readonly is: 'exact' | 'prefix'; readonly text: string }
  | { readonly is: 'template'; readonly segments: readonly Segment[] }
  | {
      readonly is: 'regex'
      readonly test: (path: string) => Verdict
      /** Each path that it is found in begins with this. */
      readonly begin: string
    }

/**
 * Reads a rule's path: "/a", "/a*" or "/a/*", "/a/{name}", or a regular expression; throws a RangeError on
 * one that no request could match.
 */
export function pathPattern(pattern: string | { readonly regex: string }): PathPattern {
  if (typeof pattern !== 'string')
    return { is: 'regex', test: regexTest(pattern.regex), begin: beginOf(pattern.regex) }
  if (isTemplate(pattern)) return templateOf(pattern)
  const isPrefix = pattern.endsWith('*')
  const written = isPrefix ? pattern.slice(0, -1) : pattern
  if (!written.startsWith('/') || written.includes('*'))
    throw new RangeError(`"${pattern}" is no path: it begins with "/", and "*" stands only at its end`)
  const text = normalText(written, pattern)
  // The last segment of a prefix is only begun: "/.*" stands for hidden files.
  const whole = isPrefix ? text.slice(0, text.lastIndexOf('/') + 1) : text
  if (removeDotSegments(whole) !== whole)
    throw new RangeError(`"${pattern}" has dot segments, which requests have lost when they are compared`)
  return { is: isPrefix ? 'prefix' : 'exact', text }
}

/** Whether a path is one of these, as it is read at this moment. */
export function pathHolds(pattern: PathPattern, path: string): Verdict {
  if (pattern.is === 'regex') return pattern.test(path)
  if (pattern.is === 'template') return verdictOf(capturedIn(pattern.segments, path) !== null)
  return verdictOf(pattern.is === 'exact' ? path === pattern.text : path.startsWith(pattern.text))
}

/** What parameters stand for; null: the template does not match. */
export function capturedIn(
  segments: readonly Segment[],
  path: string,
): Readonly<Record<string, string>> | null {
  if (!path.startsWith('/')) return null
  const texts = path.split('/').slice(1)
  const captures: Record<string, string> = {}
  for (const [place, segment] of segments.entries()) {
    const text = texts[place]
    if (text === undefined) return null
    if (segment.is === 'rest') {
      if (segment.name !== null) captures[segment.name] = texts.slice(place).join('/')
      return captures
    }
    if (segment.is === 'text' ? text !== segment.text : text === '') return null
    if (segment.is === 'one') captures[segment.name] = text
  }
  return texts.length === segments.length ? captures : null
}

function templateOf(pattern: string): PathPattern {
  const read = pattern.startsWith('/') ? readTemplate(pattern) : { problem: 'it begins with "/"' }
  if ('problem' in read) throw new RangeError(`"${pattern}" is no path: ${read.problem}`)
  const segments = read.map((segment): Segment => {
    if (segment.is !== 'text') return segment
    if (/^(?:\.|%2e){1,2}$/i.test(segment.text))
      throw new RangeError(`"${pattern}" has dot segments, which requests have lost when they are compared`)
    return { is: 'text', text: normalText(segment.text, pattern) }
  })
  return { is: 'template', segments }
}

function normalText(written: string, pattern: string): string {
  const escaped = written.toWellFormed().replace(/[^!-~]+/gu, encodeURIComponent)
  if (UNSAFE.test(escaped) || /[\\?#]/.test(escaped)) throw new RangeError(`"${pattern}" can be no path`)
  return decodeNeedless(escaped)
}

/** A "%" that begins no escape, and NUL. */
const UNSAFE = /%(?![0-9A-Fa-f]{2})|%00/
/** RFC 3986 §2.3: what never needs an escape. */
const UNRESERVED = /[A-Za-z0-9._~-]/

function decodeNeedless(path: string): string {
  return path.replace(/%[0-9A-Fa-f]{2}/g, (escape) => {
    const character = String.fromCharCode(Number.parseInt(escape.slice(1), 16))
    return UNRESERVED.test(character) ? character : escape.toUpperCase()
  })
}

/** RFC 3986 §5.2.4. */
function removeDotSegments(path: string): string {
  if (!path.includes('/.')) return path
  const kept: string[] = []
  const segments = path.split('/').slice(1)
  for (const [place, segment] of segments.entries()) {
    const isDots = segment === '.' || segment === '..'
    if (segment === '..') kept.pop()
    if (!isDots) kept.push(segment)
    else if (place === segments.length - 1) kept.push('') // "/a/." is "/a/"
  }
  return `/${kept.join('/')}`
}
