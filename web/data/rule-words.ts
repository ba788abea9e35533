// What a rule says, in the parts that are shown and compared: what it matches, where it leads.
import type { Change } from './change.ts'
import { isMap, type JsonMap } from './merge.ts'
import { inOne, timeText, tlsText } from './condition-words.ts'
import { valueText } from './value-words.ts'

/** One thing that must hold: `host | api.example.com`. Of several values one will do. */
export interface MatchPart {
  /** As the config calls it: host, path, header, client, any and so on. */
  readonly part: string
  /** Of a header field, a part of the query, a cookie. */
  readonly name: string | null
  readonly values: readonly string[]
}

export type Destination =
  | { readonly kind: 'backend'; readonly name: string }
  | { readonly kind: 'split'; readonly parts: readonly SplitPart[] }
  | { readonly kind: 'nearest'; readonly backends: readonly string[] }
  | { readonly kind: 'listener'; readonly name: string }
  | { readonly kind: 'redirect'; readonly to: string; readonly status: number }
  | { readonly kind: 'respond'; readonly status: number }
  | { readonly kind: 'maintenance' }
  | { readonly kind: 'none' }

/** A part of a split. */
export interface SplitPart {
  readonly name: string
  readonly backend: string
  readonly weight: number
}

const splitParts = (split: JsonMap): readonly SplitPart[] =>
  (Array.isArray(split['to']) ? split['to'] : [])
    .filter(isMap)
    .map(({ backend, weight = 1, name = backend }) => ({
      name: String(name ?? ''),
      backend: String(backend ?? ''),
      weight: Number(weight),
    }))

/** A list, or the text that stands for a list of one. */
export const listOf = (value: unknown): readonly string[] =>
  Array.isArray(value) ? value.map(String) : value === undefined || value === null ? [] : [String(value)]

/** Before a regular expression where a list shows texts: no host and no path begins so. */
const REGEX_SIGN = '~'

/** Hosts or paths as texts: regular expressions with a sign before them. */
export const patternTexts = (value: unknown): readonly string[] =>
  (Array.isArray(value) ? value : value === undefined || value === null ? [] : [value]).map((one: unknown) =>
    isMap(one) ? `${REGEX_SIGN}${String(one['regex'] ?? '')}` : String(one),
  )

/** What is written for such a text. */
export const writtenPattern = (text: string): string | { readonly regex: string } =>
  text.startsWith(REGEX_SIGN) ? { regex: text.slice(REGEX_SIGN.length).trim() } : text

/** In the order in which they are told: what decides most comes first. */
const PARTS = ['host', 'server_name', 'path', 'method', 'alpn'] as const

/** The parts of a rule's `match`, without its listeners; what stands below "all" stands beside the others. */
export const matchParts = (rule: JsonMap): readonly MatchPart[] => partsOf(rule['match'])

function partsOf(match: unknown): MatchPart[] {
  if (!isMap(match)) return []
  const one = (part: string, values: readonly string[]): MatchPart[] =>
    values.length === 0 || values[0] === '' ? [] : [{ part, name: null, values }]
  const parts = PARTS.flatMap((part) => one(part, patternTexts(match[part])))
  for (const part of ['header', 'query', 'cookie', 'claims'] as const) {
    const named = isMap(match[part]) ? match[part] : {}
    for (const [name, value] of Object.entries(named)) parts.push({ part, name, values: [valueText(value)] })
  }
  const { scheme, client, tls, time, all, any, not } = match
  return [
    ...parts,
    ...one('jwt', listOf(match['jwt'])),
    ...one('scheme', listOf(scheme)),
    ...one('client', listOf(client)),
    ...(['country', 'continent', 'asn'] as const).flatMap((part) => one(part, listOf(match[part]))),
    ...one('tls', tls === undefined ? [] : [tlsText(tls)]),
    ...one('time', time === undefined ? [] : [timeText(time)]),
    ...(Array.isArray(all) ? all.flatMap(partsOf) : []),
    ...one('any', Array.isArray(any) ? any.map(inOne) : []),
    ...one('not', not === undefined ? [] : [inOne(not)]),
  ]
}

/** A part as the two halves of a chip. */
export function chipOf({ part, name, values }: MatchPart): { readonly k: string; readonly v: string } {
  const words = values.join(', ')
  if (name !== null) return { k: part, v: words === '*' ? `${name}: any` : `${name}: ${words}` }
  if (part === 'any') return { k: part, v: values.join(' or ') }
  return { k: part === 'server_name' ? 'name' : part, v: words }
}

/** The backends that its requests go to. */
export function backendsOf(rule: JsonMap): readonly string[] {
  const to = destinationOf(rule)
  if (to.kind === 'nearest') return to.backends
  if (to.kind === 'split') return to.parts.map(({ backend }) => backend)
  return to.kind === 'backend' ? [to.name] : []
}

export const listenersOf = (rule: JsonMap): readonly string[] =>
  isMap(rule['match']) ? listOf(rule['match']['listener']) : []

export function destinationOf(rule: JsonMap): Destination {
  const { backend, split, nearest, listener, redirect, respond, maintenance } = rule
  if (typeof backend === 'string') return { kind: 'backend', name: backend }
  if (Array.isArray(nearest))
    return { kind: 'nearest', backends: nearest.map((one) => (isMap(one) ? String(one['backend']) : '')) }
  if (isMap(split)) return { kind: 'split', parts: splitParts(split) }
  if (typeof listener === 'string') return { kind: 'listener', name: listener }
  if (isMap(redirect))
    return { kind: 'redirect', to: String(redirect['to'] ?? ''), status: Number(redirect['status'] ?? 308) }
  if (isMap(respond)) return { kind: 'respond', status: Number(respond['status'] ?? 200) }
  return maintenance === true || isMap(maintenance) ? { kind: 'maintenance' } : { kind: 'none' }
}

/** What stands beside its destination: `10 %, copies to next, in maintenance`; '': nothing. */
export function besideWords(rule: JsonMap): string {
  const { weight, mirror, maintenance } = rule
  const isClosed = (maintenance === true || isMap(maintenance)) && destinationOf(rule).kind !== 'maintenance'
  return [
    ...(weight === undefined || weight === null ? [] : [`${String(weight)} %`]),
    ...(isMap(mirror) ? [`copies to ${String(mirror['backend'] ?? '')}`] : []),
    ...(isClosed ? ['in maintenance'] : []),
  ].join(', ')
}

/** Names of its middleware, in order. */
export const stepsOf = (rule: JsonMap): readonly string[] =>
  Array.isArray(rule['middleware'])
    ? rule['middleware'].flatMap((step) => (isMap(step) ? Object.keys(step) : []))
    : []

export interface ListenerRow {
  readonly name: string
  readonly protocol: string
  /** Where it is, as it is written: `:443`. */
  readonly port: string
}

const ruleKindOf = (protocol: string): 'http' | 'tls' | null =>
  protocol === 'http' || protocol === 'https' ? 'http' : protocol === 'tls' ? 'tls' : null

/** Those that have rules. */
export const listenersWithRules = (all: readonly ListenerRow[]): readonly ListenerRow[] =>
  all.filter(({ protocol }) => ruleKindOf(protocol) !== null)

/** What rules need to know of a listener as it is written or means. */
export function listenerRow(name: string, fields: unknown): ListenerRow {
  const { protocol = 'http', bind } = isMap(fields) ? fields : {}
  const [first = ''] = listOf(bind)
  return { name, protocol: String(protocol), port: /:\d+$/.exec(first)?.[0] ?? '' }
}

/** With those that only the draft has. */
export function withDrafted(
  rows: readonly ListenerRow[],
  changes: readonly Change[],
): readonly ListenerRow[] {
  const drafted = changes.flatMap((one) =>
    one.op === 'create' && /^listeners\/[^/]+$/.test(one.resource)
      ? [listenerRow(String(one.value['name']), one.value)]
      : [],
  )
  const isNew = ({ name }: ListenerRow): boolean => rows.every((row) => row.name !== name)
  return [...rows, ...listenersWithRules(drafted).filter(isNew)]
}

/** Whether requests of a listener are asked of this rule: as the gateway decides it. */
export function isOn(rule: JsonMap, listener: ListenerRow, all: readonly ListenerRow[]): boolean {
  const named = listenersOf(rule)
  return (
    ruleKindOf(listener.protocol) === kindOfRule(rule, all) &&
    (named.length === 0 || named.includes(listener.name))
  )
}

function kindOfRule(rule: JsonMap, all: readonly ListenerRow[]): 'http' | 'tls' {
  for (const name of listenersOf(rule)) {
    const kind = ruleKindOf(all.find((one) => one.name === name)?.protocol ?? '')
    if (kind !== null) return kind
  }
  const parts = matchParts(rule)
  if (
    parts.some(({ part }) => part === 'server_name' || part === 'alpn') ||
    typeof rule['listener'] === 'string'
  )
    return 'tls'
  const kinds = all.map(({ protocol }) => ruleKindOf(protocol))
  return kinds.includes('tls') && !kinds.includes('http') ? 'tls' : 'http'
}

/** Whether it takes whatever comes, and leaves nothing of that to others. */
export const takesAll = (rule: JsonMap): boolean =>
  matchParts(rule).length === 0 && Number(rule['weight'] ?? 100) >= 100
