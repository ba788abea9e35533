// The short form: one listener, one backend, one rule, all named "default". It becomes the long form, with
// its places kept.
import { BackendOptions } from '../backends/backend.options.ts'
import { HttpListenerOptions } from '../http/listener.options.ts'
import { MiddlewareOptions } from '../middleware/middleware.options.ts'
import { nearest } from './nearest.ts'
import type { Problems } from './problem.ts'
import { ConfigOptions } from './schema.ts'
import {
  type Entry,
  isExtension,
  listAt,
  mapAt,
  type MapTree,
  type Offset,
  type Path,
  scalarAt,
  type Span,
  type Tree,
} from './tree.ts'

/** The name of all three. */
export const DEFAULT_NAME = 'default'

const LONG_ONLY = ['listeners', 'certificates', 'rules', 'backends']
const GLOBAL_KEYS = Object.keys(ConfigOptions.properties).filter((key) => !LONG_ONLY.includes(key))
/** "tls" beside "listen" would be taken for that of the listener. */
const LONG_OF_BACKENDS = ['servers', 'tls']
const BACKEND_KEYS = Object.keys(BackendOptions.properties).filter((key) => !LONG_OF_BACKENDS.includes(key))
const STEPS = Object.keys(MiddlewareOptions.properties)
/** What a rule may hold beside its name and destination, its middleware also by name. */
const RULE_KEYS = ['match', 'middleware', ...STEPS]

/**
 * The one key of a listener that may stand at the top, as the listener has it there even when it is not
 * written.
 */
const LISTENER_KEYS = ['status_endpoints']
const USUAL_ENDPOINTS = { health: '/_health', metrics: '/_metrics' }

/** Every key that the short form knows at the top, by what it belongs to. */
export const SHORT_KEYS = {
  listener: LISTENER_KEYS,
  backend: BACKEND_KEYS,
  steps: STEPS,
  global: GLOBAL_KEYS,
} as const
const KNOWN = ['listen', 'backends', ...LISTENER_KEYS, ...BACKEND_KEYS, ...RULE_KEYS, ...GLOBAL_KEYS]

/** Whether a file is in the short form, perhaps with a slip in its two words. */
export function isShort({ entries }: MapTree): boolean {
  if (entries.has('listen') || entries.get('backends')?.value.is === 'list') return true
  if (['listeners', 'rules', 'backends'].some((key) => entries.has(key))) return false
  return meantFor('listen', entries) !== undefined && meantFor('backends', entries) !== undefined
}

/** What stands under the word, or under one that was meant for it. */
function meantFor(word: 'listen' | 'backends', entries: MapTree['entries']): Entry | undefined {
  const known = entries.get(word)
  if (known !== undefined) return known
  const isMeant = ([key, { value }]: [string, Entry]): boolean =>
    !KNOWN.includes(key) &&
    value.is === (word === 'listen' ? 'scalar' : 'list') &&
    nearest(key, ['listen', 'listeners', 'backends', 'rules']) === word
  return [...entries].find(isMeant)?.[1]
}

/** Makes a long form of a short one; null when it is mixed with the long form. */
export function toLong(root: MapTree, problems: Problems): MapTree | null {
  const { entries } = root
  if (reportMixed(root, problems)) return null
  for (const [key, span] of entries)
    if (!KNOWN.includes(key) && !isExtension(key)) reportUnknown(key, span, entries, problems)
  const listen = meantFor('listen', entries)
  const servers = meantFor('backends', entries)
  if (listen === undefined) reportMissing('listen', 'an address such as "0.0.0.0:8080"', root.at, problems)
  if (servers === undefined)
    reportMissing('backends', 'a list of "- url: http://…"', listen?.at ?? root.at, problems)

  const at = root.at
  const nowhere = entryAt(root, scalarAt(at, undefined))
  const endpoints = entries.get('status_endpoints') ?? usualEndpoints(at)
  const listener = mapOf(listen?.at ?? at, [
    ['bind', listen ?? nowhere],
    ['status_endpoints', endpoints],
  ])
  const policies = pick(entries, BACKEND_KEYS)
  const backend = mapOf(servers?.at ?? at, [['servers', servers ?? nowhere], ...policies])
  const name = entryAt(backend, scalarAt(backend.at, DEFAULT_NAME))
  const steps = entryAt(root, stepsOf(root))
  const rule = mapOf(at, [
    ['name', name],
    ['backend', name],
    ['middleware', steps],
    ...pick(entries, ['match']),
  ])
  return mapOf(at, [
    ['listeners', named(listener)],
    ['backends', named(backend)],
    ['rules', entryAt(root, listAt(at, [rule]))],
    ...pick(entries, GLOBAL_KEYS),
  ])
}

/** Turns a path of the long form that `toLong` made into the path as written. */
export function shortPath(root: MapTree): (path: Path) => Path {
  const steps = placesOfSteps(root)
  return (path) => {
    const [first, name, key, ...rest] = path
    if (first === 'listeners' && LISTENER_KEYS.includes(String(key))) return [String(key), ...rest]
    if (first === 'listeners')
      return key === 'bind' || key === undefined ? ['listen', ...rest] : ['listen', key, ...rest]
    if (first === 'backends')
      return key === undefined || key === 'servers' ? ['backends', ...rest] : [key, ...rest]
    if (first !== 'rules' || name === undefined || key === undefined) return first === 'rules' ? [] : path
    if (key !== 'middleware') return [key, ...rest]
    const [index, ...below] = rest
    const place = steps[typeof index === 'number' ? index : -1]
    // A step by its name: "[0].ip.allow" was written as "ip.allow".
    if (place === undefined) return ['middleware', ...rest]
    return place.length === 1 ? [...place, ...below.slice(1)] : [...place, ...below]
  }
}

/** Those who wrote the short form first found our documents on their one listener. */
function usualEndpoints(at: Offset): Entry {
  const entries = Object.entries(USUAL_ENDPOINTS).map(
    ([key, path]) => [key, { at, end: at, value: scalarAt(at, path) }] as const,
  )
  return { at, end: at, value: mapOf(at, entries) }
}

/** Middleware in the order of the file, whether listed or by name. */
function stepsOf(root: MapTree): Tree {
  const items: Tree[] = []
  for (const [key, entry] of root.entries) {
    if (STEPS.includes(key)) items.push(mapOf(entry.at, [[key, entry]]))
    else if (key === 'middleware' && entry.value.is === 'list') items.push(...entry.value.items)
    else if (key === 'middleware') return entry.value
  }
  return listAt(root.at, items)
}

function placesOfSteps({ entries }: MapTree): Path[] {
  const places: Path[] = []
  for (const [key, { value }] of entries) {
    if (STEPS.includes(key)) places.push([key])
    else if (key === 'middleware' && value.is === 'list')
      places.push(...value.items.map((_, index) => ['middleware', index]))
  }
  return places
}

const mapOf = (at: Offset, entries: Iterable<readonly [string, Entry]>): MapTree =>
  mapAt(at, new Map(entries))

/** A value that is not written in this place: all that can be said is what it was made of. */
const entryAt = ({ at }: Tree, value: Tree): Entry => ({ at, end: at, value })

const named = (value: MapTree): Entry =>
  entryAt(value, mapOf(value.at, [[DEFAULT_NAME, entryAt(value, value)]]))

const pick = (entries: MapTree['entries'], keys: readonly string[]): (readonly [string, Entry])[] =>
  [...entries].filter(([key]) => keys.includes(key))

const SPELLED = 'listeners: { default: { bind: … } }, backends: { default: { servers: […] } }'

function reportMixed({ entries }: MapTree, problems: Problems): boolean {
  const isListed = entries.get('backends')?.value.is === 'list'
  const sign = entries.has('listen') ? '"listen"' : '"backends" as a list'
  const long = ['listeners', 'rules'].filter((key) => entries.has(key))
  if (!isListed && entries.get('backends')?.value.is === 'map') long.push('backends')
  for (const key of long)
    problems.add({
      code: 'mixed-forms',
      at: entries.get(key)?.at ?? 0,
      path: [key],
      found: `${key === 'backends' ? '"backends" as a map' : `"${key}"`} beside ${sign}`,
      allowed: 'either the short form or the long one',
      hint: `in the long form it is ${SPELLED}`,
    })
  return long.length > 0
}

function reportUnknown(
  key: string,
  { at, end }: Span,
  entries: MapTree['entries'],
  problems: Problems,
): void {
  const near = problems.isFull ? null : nearest(key, KNOWN)
  const lacks: Readonly<Record<string, string>> = HttpListenerOptions.lacks
  const lacking = (Object.hasOwn(lacks, key) ? lacks[key] : null) ?? null
  const isListeners = Object.hasOwn(HttpListenerOptions.properties, key)
  // A listener's key as well.
  const isSlip = key === 'backend' && !entries.has('backends')
  const isLonger = (isListeners && !isSlip) || ['respond', 'redirect', 'certificates'].includes(key)
  const longer = isLonger ? `it needs the long form: ${SPELLED}` : null
  problems.add({
    code: 'unknown-key',
    at,
    end,
    path: [key],
    found: `the unknown key ${JSON.stringify(key.slice(0, 80))}`,
    allowed: KNOWN.join(', '),
    hint: longer ?? lacking ?? (near === null ? null : `did you mean "${near}"?`),
  })
}

function reportMissing(key: string, allowed: string, at: Offset, problems: Problems): void {
  problems.add({ code: 'missing-key', at, path: [], found: `no "${key}"`, allowed: `"${key}", ${allowed}` })
}
