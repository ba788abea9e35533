// Whether each host, or each path, of one pattern is one of another: told only where it is sure.
import type { Segment } from '../lib/path-template.ts'
import { type HostPattern, hostPattern } from './host.ts'
import type { Condition } from './match.options.ts'
import { capturedIn, type PathPattern, pathHolds, pathPattern } from './path.ts'
import { NO, YES } from './verdict.ts'

type HostWords = Condition['host'][number]
type PathWords = Condition['path'][number]

export type ReadHost = HostPattern & { readonly source: string }
export type ReadPath = PathPattern & { readonly source: string }

const sourceOf = (words: HostWords | PathWords): string => (typeof words === 'string' ? '' : words.regex)

/** Read once: many rules name the same. */
export class ReadPatterns {
  /** How far the question that is asked at this moment may still go. */
  stepsLeft = 0
  readonly #hosts = new Map<string, ReadHost>()
  readonly #paths = new Map<string, ReadPath>()

  host(words: HostWords): ReadHost {
    return known(this.#hosts, keyOf(words), () => ({ ...hostPattern(words), source: sourceOf(words) }))
  }

  path(words: PathWords): ReadPath {
    return known(this.#paths, keyOf(words), () => ({ ...pathPattern(words), source: sourceOf(words) }))
  }
}

const keyOf = (words: HostWords | PathWords): string =>
  typeof words === 'string' ? words : `\0${words.regex}`

function known<T>(all: Map<string, T>, key: string, make: () => T): T {
  let one = all.get(key)
  if (one === undefined) all.set(key, (one = make()))
  return one
}

export function hostCovers(wide: ReadHost, narrow: ReadHost): boolean {
  if (wide.is === 'regex')
    return narrow.is === 'regex'
      ? wide.source === narrow.source
      : narrow.is === 'exact' && wide.test(narrow.text) === YES
  if (narrow.is === 'regex') return false
  if (wide.is === 'exact') return narrow.is === 'exact' && wide.text === narrow.text
  // ".a.example" is below ".example" and itself; "a.example" is below ".example".
  return narrow.is === 'below'
    ? narrow.text.endsWith(wide.text)
    : narrow.text.length > wide.text.length && narrow.text.endsWith(wide.text)
}

/** Whether no host is of both. */
export function hostsExclude(one: ReadHost, other: ReadHost): boolean {
  if (one.is === 'exact' && other.is === 'exact') return one.text !== other.text
  if (one.is === 'exact') return other.is === 'regex' ? other.test(one.text) === NO : !hostCovers(other, one)
  if (other.is === 'exact') return hostsExclude(other, one)
  return (
    one.is === 'below' &&
    other.is === 'below' &&
    !one.text.endsWith(other.text) &&
    !other.text.endsWith(one.text)
  )
}

export function pathCovers(wide: ReadPath, narrow: ReadPath): boolean {
  if (narrow.is === 'exact') return pathHolds(wide, narrow.text) === YES
  if (wide.is === 'exact') return false
  if (wide.is === 'regex') return narrow.is === 'regex' && wide.source === narrow.source
  if (wide.is === 'prefix') return beginOfAll(narrow).startsWith(wide.text)
  if (wide.is !== 'template') return false
  if (narrow.is === 'template') return templateCovers(wide.segments, narrow.segments)
  return narrow.is === 'prefix' && templateTakes(wide.segments, narrow.text)
}

/** Whether no path is of both. */
export function pathsExclude(one: ReadPath, other: ReadPath): boolean {
  if (one.is === 'exact') return pathHolds(other, one.text) === NO
  if (other.is === 'exact') return pathHolds(one, other.text) === NO
  const [a, b] = [beginOfAll(one), beginOfAll(other)]
  return !a.startsWith(b) && !b.startsWith(a)
}

/** What each path of it begins with. */
export function beginOfAll(pattern: ReadPath): string {
  if (pattern.is === 'regex') return pattern.begin
  if (pattern.is !== 'template') return pattern.text
  let begin = '/'
  for (const segment of pattern.segments) {
    if (segment.is !== 'text') return begin
    begin += `${segment.text}/`
  }
  return begin.slice(0, -1)
}

function templateCovers(wide: readonly Segment[], narrow: readonly Segment[]): boolean {
  for (const [place, segment] of wide.entries()) {
    const other = narrow[place]
    if (segment.is === 'rest') return other !== undefined
    if (other === undefined || other.is === 'rest') return false
    // A parameter is never empty; a text may be.
    const isTaken = segment.is === 'text' ? isText(other, segment.text) : !isText(other, '')
    if (!isTaken) return false
  }
  return wide.length === narrow.length
}

const isText = (segment: Segment, text: string): boolean => segment.is === 'text' && segment.text === text

/** Whether it takes all that begins with this: what is left of it has to be for the rest of the template. */
function templateTakes(segments: readonly Segment[], begin: string): boolean {
  const last = segments.at(-1)
  if (last?.is !== 'rest') return false
  const whole = begin.slice(0, begin.lastIndexOf('/'))
  const count = whole === '' ? 0 : whole.split('/').length - 1
  if (segments.length - 1 > count) return false
  return capturedIn(segments, begin) !== null
}
