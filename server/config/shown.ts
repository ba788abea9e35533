// A config as people may see it: durations and sizes as they are written, secrets hidden.
import { formatDuration } from '../lib/durations.ts'
import { checkTypeOf, familyOf } from '../lib/server-url.ts'
import { formatSize } from '../lib/sizes.ts'
import { HIDDEN } from './hidden.ts'
import { wordOf } from './map-by.ts'
import { plainOf } from './tree.ts'
import { type Config, ConfigOptions } from './schema.ts'
import type { SchemaNode } from './schema-node.ts'
import { isSecretField, mayHoldSecrets } from './secret-field.ts'
import { isExtension, type Path, type Tree } from './tree.ts'
import {
  UNUSED_BY_CHECK,
  UNUSED_BY_FAMILY,
  UNUSED_WITH_LEARN,
  UNUSED_WITHOUT_COOKIE,
} from './unused-words.ts'

/**
 * The same config for people. `written`: its tree, of which texts that hold ${…} are shown as they stand
 * there; undefined: texts are shown as they were filled in, which may be secrets.
 */
export function shownConfig(config: Config, written: Tree | undefined): unknown {
  const listeners = mapped(config.listeners, usedOfListener)
  const backends = mapped(config.backends, usedOfBackend)
  return shown(ConfigOptions as SchemaNode, { ...config, listeners, backends }, written)
}

/** A config as it is written, in the long form and with its secrets hidden. */
export function shownAsWritten(written: Tree): unknown {
  const all = shown(ConfigOptions as SchemaNode, plainOf(written), written)
  if (typeof all !== 'object' || all === null) return all
  // Of what is the user's own nobody knows which part is a secret, as one that is used by an alias.
  const entries = Object.entries(all).map(([key, value]: [string, unknown]) => [
    key,
    isExtension(key) ? hidden(value) : value,
  ])
  return Object.fromEntries(entries)
}

const mapped = <T>(map: Readonly<Record<string, T>>, used: (item: T) => unknown): Record<string, unknown> =>
  Object.fromEntries(Object.entries(map).map(([name, item]) => [name, used(item)]))

/** A listener without the defaults of TLS where none is ended. */
const usedOfListener = (words: Config['listeners'][string]): unknown =>
  endsNone(words) ? without(words, [['tls'], ['timeouts', 'handshake']]) : words

const endsNone = (words: Config['listeners'][string]): boolean =>
  (words.protocol === 'tcp' && words.certificates.length === 0) ||
  (words.protocol === 'turn' && words.tls === undefined)

/** A backend without the defaults of what means nothing to its servers: nobody could have written those. */
function usedOfBackend(words: Config['backends'][string]): unknown {
  const { servers, health_check } = words
  const used = without(words, [...UNUSED_BY_FAMILY[familyOf(servers)], ...unusedOfSticky(words)])
  if (health_check === undefined) return used
  const checks = health_check.map((check) => without(check, UNUSED_BY_CHECK[checkTypeOf(check, servers)]))
  return { ...used, health_check: checks }
}

/** Where sessions are known by no cookie of ours, what is said of that. */
function unusedOfSticky({ sticky }: Config['backends'][string]): readonly Path[] {
  if (typeof sticky !== 'object') return []
  const isByKey = sticky.header !== undefined || sticky.client_ip === true
  const unused = isByKey ? UNUSED_WITHOUT_COOKIE : sticky.learn === undefined ? [] : UNUSED_WITH_LEARN
  return unused.map((key) => ['sticky', key])
}

/** Maps of which nothing is left go as well. */
function without(map: object, paths: readonly Path[]): Readonly<Record<string, unknown>> {
  const entries = Object.entries(map).flatMap(([key, item]: [string, unknown]) => {
    const below = paths.flatMap(([first, ...rest]) => (first === key ? [rest] : []))
    if (below.length === 0) return [[key, item] as const]
    if (below.some((path) => path.length === 0) || typeof item !== 'object' || item === null) return []
    const left = without(item, below)
    return Object.values(left).every((one) => one === undefined) ? [] : [[key, left] as const]
  })
  return Object.fromEntries(entries)
}

function shown(schema: SchemaNode, value: unknown, tree: Tree | undefined): unknown {
  // Of what is secret as a whole, the parts tell which of them are.
  if (schema.secret === true && !schema.properties && !schema.anyOf) return hidden(value)
  if (schema.format === 'value-or-map' && typeof value !== 'object')
    return shown(schema.anyOf?.[0] ?? {}, value, tree)
  // One address, or one map, is shown as it is mostly written.
  if (Array.isArray(value) && value.length === 1 && (schema.isNeeded || isMap(schema.anyOf?.[0])))
    return shown(itemsOf(schema), value[0], itemOf(tree, 0))
  if (Array.isArray(value))
    return value.map((item: unknown, index) => shown(itemsOf(schema), item, itemOf(tree, index)))
  if (typeof value === 'object' && value !== null) return shownMap(holderOf(schema, value), value, tree)
  if (typeof value === 'string') return shownText(schema, value, tree)
  if (typeof value !== 'number') return value
  const format = schema.format ?? ''
  return format === 'duration' ? formatDuration(value) : format === 'size' ? formatSize(value) : value
}

function shownMap(schema: SchemaNode, value: object, tree: Tree | undefined): Record<string, unknown> {
  const isFields = schema.additionalProperties ? mayHoldSecrets(schema.additionalProperties) : false
  const entries = Object.entries(value).flatMap(([key, item]: [string, unknown]) => {
    if (item === undefined) return []
    const of = schema.properties?.[key] ?? (schema.additionalProperties || {})
    // None of "one or more" was written: that is no list in a file.
    if (of.format === 'one-or-more' && Array.isArray(item) && item.length === 0) return []
    const written = tree?.is === 'map' ? tree.entries.get(key)?.value : undefined
    const isSecret = isFields && isSecretField(key) && !isFilledIn(written)
    return [[key, isSecret ? hidden(item) : shown(of, item, written)] as const]
  })
  return Object.fromEntries(entries)
}

/** Of texts that may be anything, what was filled in may be a secret; an address or a name is none. */
function shownText({ format }: SchemaNode, value: string, tree: Tree | undefined): string {
  const mayBeSecret = format === undefined || mayHoldSecrets({ format })
  return mayBeSecret && tree?.is === 'scalar' && tree.written !== null ? tree.written : value
}

const isFilledIn = (tree: Tree | undefined): boolean => tree?.is === 'scalar' && tree.written !== null

function hidden(value: unknown): unknown {
  if (Array.isArray(value)) return value.map(hidden)
  if (typeof value === 'object' && value !== null)
    return Object.fromEntries(
      Object.entries(value).map(([key, item]: [string, unknown]) => [key, hidden(item)]),
    )
  return typeof value === 'string' && value !== '' ? HIDDEN : value
}

/**
 * One schema of those that a value may follow: by a word in it, or the map that may stand in place of a word.
 */
export function holderOf(schema: SchemaNode, value: object): SchemaNode {
  const { by, anyOf } = schema
  if (anyOf === undefined) return schema
  if (by === undefined) return anyOf.find((one) => one.properties ?? one.additionalProperties) ?? schema
  const word = (value as Readonly<Record<string, unknown>>)[by]
  return anyOf.find((one) => wordOf(one, by) === word) ?? schema
}

const isMap = (schema: SchemaNode | undefined): boolean => schema?.type === 'object'

export const itemsOf = (schema: SchemaNode): SchemaNode =>
  schema.items ?? (schema.format === 'one-or-more' ? schema.anyOf?.[0] : undefined) ?? {}

/** What "one or more" are may stand alone. */
const itemOf = (tree: Tree | undefined, index: number): Tree | undefined =>
  tree?.is === 'list' ? tree.items[index] : index === 0 ? tree : undefined
