// What a request says to a cache: found in one pass over its fields, as most say nothing.
import { equalsFolded } from '../head/bytes.ts'
import { FIELD_INTS } from '../head/fields.ts'
import { KNOWN } from '../head/known-fields.ts'
import type { RequestHead } from '../head/request-head.ts'
import { Directives } from './directives.ts'
import { type Conditions, NO_CONDITIONS } from './preconditions.ts'

export interface Asked {
  /** Null: nothing is said, or it is not heeded. */
  readonly directives: Directives | null
  readonly conditions: Conditions
  readonly hasCredentials: boolean
  /** Why it goes past the cache, a word; null: it does not. */
  readonly bypass: 'body' | 'upgrade' | 'precondition' | 'host' | null
}

const PLAIN: Asked = { directives: null, conditions: NO_CONDITIONS, hasCredentials: false, bypass: null }

const NAMES = [
  'range',
  'pragma',
  'if-range',
  'if-match',
  'cache-control',
  'authorization',
  'if-none-match',
  'if-modified-since',
  'if-unmodified-since',
].map((name) => Buffer.from(name))
const LONGEST = 19
const BY_LENGTH: readonly (readonly Buffer[])[] = Array.from({ length: LONGEST + 1 }, (_, length) =>
  NAMES.filter((name) => name.length === length),
)

/** `obeys`: whether Cache-Control of requests is heeded. */
export function askedOf(request: RequestHead, obeys: boolean): Asked {
  if (request.edits === null && !saysMore(request)) return PLAIN
  const noneMatch = joined(request, 'if-none-match')
  const since = request.get('if-modified-since')
  const range = request.get('range')
  const hasConditions = noneMatch !== null || since !== null || range !== null
  return {
    directives: obeys ? directivesOf(request) : null,
    conditions: hasConditions
      ? { ifNoneMatch: noneMatch, ifModifiedSince: since, range, ifRange: request.get('if-range') }
      : NO_CONDITIONS,
    hasCredentials: request.get('authorization') !== null,
    bypass: bypassOf(request),
  }
}

const joined = (request: RequestHead, lower: string): string | null => {
  const first = request.get(lower)
  if (first === null) return null
  const all = request.values(lower)
  return all.length > 1 ? all.join(', ') : first
}

/** RFC 9111 §5.4: Pragma counts where there is no Cache-Control. */
function directivesOf(request: RequestHead): Directives | null {
  const control = request.values('cache-control')
  if (control.length > 0) return new Directives(control)
  const pragma = request.values('pragma')
  return pragma.some((value) => /(?:^|,)\s*no-cache\s*(?:,|$)/i.test(value)) ? NO_CACHE : null
}

const NO_CACHE = new Directives(['no-cache'])

/** What a server sees that is not part of the key, and conditions that only a server can judge. */
function bypassOf(request: RequestHead): Asked['bypass'] {
  const { fields } = request
  if (request.host === '') return 'host'
  if (fields.has(KNOWN.transferEncoding) || (request.get('content-length') ?? '0') !== '0') return 'body'
  if (fields.has(KNOWN.upgrade)) return 'upgrade'
  const isForServer = request.get('if-match') !== null || request.get('if-unmodified-since') !== null
  return isForServer ? 'precondition' : null
}

const FRAMED = (1 << KNOWN.transferEncoding) | (1 << KNOWN.contentLength) | (1 << KNOWN.upgrade)

/** Whether anything of it is of account here. */
function saysMore(request: RequestHead): boolean {
  const { bytes, at, count, seen } = request.fields
  if ((seen & FRAMED) !== 0 || request.host === '') return true
  for (let f = 0; f < count; f++) {
    const place = f * FIELD_INTS
    const start = at[place]!
    const end = at[place + 1]!
    if (end - start > LONGEST) continue
    const names = BY_LENGTH[end - start]!
    for (let n = 0; n < names.length; n++) if (equalsFolded(bytes, start, end, names[n]!)) return true
  }
  return false
}
