// Filters as words: `status:5xx path:/shop`. They stand in the address by their names, so that what is found
// can be sent to somebody.

export type Filters = Readonly<Record<string, string>>

/** What may be written. */
export interface TokenKind {
  readonly key: string
  /** Such as `5xx`. */
  readonly example: string
  /** What is taken, where not all is. */
  readonly form?: RegExp
  /** Stands without a value. */
  readonly isAlone?: boolean
}

export const REQUEST_TOKENS: readonly TokenKind[] = [
  { key: 'status', example: '5xx', form: /^[1-5](?:\d\d|xx)$/ },
  { key: 'host', example: 'shop.example.com' },
  { key: 'path', example: '/shop' },
  { key: 'backend', example: 'api' },
  { key: 'server', example: 'api-1' },
  { key: 'rule', example: 'api' },
  { key: 'min_ms', example: '250', form: /^\d{1,9}(?:\.\d{1,3})?$/ },
  { key: 'fault', example: '*' },
  { key: 'method', example: 'POST' },
  { key: 'listener', example: 'web' },
  { key: 'client', example: '192.0.2.7' },
  { key: 'user', example: 'anna' },
  { key: 'retried', example: 'true', isAlone: true },
]

export const AUDIT_TOKENS: readonly TokenKind[] = [
  { key: 'actor', example: 'mira' },
  { key: 'action', example: 'users' },
  { key: 'resource', example: 'backends/api' },
  { key: 'since', example: '24h', form: /^(?:\d{1,4}[mhd]|\d{4}-\d\d-\d\d.*)$/ },
  { key: 'until', example: '2026-11-30', form: /^(?:\d{1,4}[mhd]|\d{4}-\d\d-\d\d.*)$/ },
]

/** Those of an address that are filters. */
export function filtersOf(query: Readonly<Record<string, string>>, kinds: readonly TokenKind[]): Filters {
  const found = kinds.flatMap(({ key }) =>
    query[key] === undefined || query[key] === '' ? [] : [[key, query[key]] as const],
  )
  return Object.fromEntries(found)
}

export type Read = { readonly filters: Filters } | { readonly odd: string }

/**
 * What was written: several words, each `key:value` or something that can be nothing else. A value with
 * spaces stands in quotes.
 */
export function readTokens(text: string, kinds: readonly TokenKind[]): Read {
  const filters: Record<string, string> = {}
  for (const word of text.match(/(?:[^\s"]|"[^"]*"?)+/g) ?? []) {
    const read = readToken(word, kinds)
    if ('odd' in read) return read
    filters[read.key] = read.value
  }
  return { filters }
}

function readToken(
  word: string,
  kinds: readonly TokenKind[],
): { readonly key: string; readonly value: string } | { readonly odd: string } {
  const colon = word.search(/[:=]/)
  const key = colon === -1 ? word : word.slice(0, colon)
  const kind = kinds.find((one) => one.key === key.toLowerCase())
  if (kind !== undefined && colon !== -1) {
    const value = normal(kind.key, word.slice(colon + 1).replaceAll('"', ''))
    if (value === '') return { odd: `Write what ${key} is to be, as ${key}:${kind.example}.` }
    if (kind.form?.test(value) === false)
      return { odd: `${key} cannot be “${value}”: write it as ${key}:${kind.example}.` }
    return { key: kind.key, value }
  }
  if (kind?.isAlone === true) return { key: kind.key, value: kind.example }
  const guess = guessOf(word, kinds)
  return guess ?? { odd: `“${word}” is no filter. There are ${kinds.map((one) => one.key).join(', ')}.` }
}

const normal = (key: string, value: string): string =>
  key === 'method' ? value.toUpperCase() : key === 'status' || key === 'host' ? value.toLowerCase() : value

/** Words that say by their form what they are. */
function guessOf(word: string, kinds: readonly TokenKind[]): { key: string; value: string } | null {
  const has = (key: string): boolean => kinds.some((one) => one.key === key)
  if (word.startsWith('/') && has('path')) return { key: 'path', value: word }
  if (/^[1-5](?:\d\d|xx)$/i.test(word) && has('status')) return { key: 'status', value: word.toLowerCase() }
  if (/^(?:GET|HEAD|POST|PUT|PATCH|DELETE|OPTIONS)$/.test(word) && has('method'))
    return { key: 'method', value: word }
  return null
}

const UNIT_MS: Readonly<Record<string, number>> = { m: 60_000, h: 3_600_000, d: 86_400_000 }

/** A time of a filter (`24h` ago, or a date) as RFC 3339; undefined: it is none. */
export function timeOf(word: string | undefined, nowMs: number): string | undefined {
  if (word === undefined) return undefined
  const [, n, unit = ''] = /^(\d+)([mhd])$/.exec(word) ?? []
  const ms = n === undefined ? Date.parse(word) : nowMs - Number(n) * (UNIT_MS[unit] ?? 0)
  return Number.isNaN(ms) ? undefined : new Date(ms).toISOString()
}
