// What a form makes of a JSON Schema: which control each field has, and what a change of one field is as a
// merge patch (RFC 7396), so that nothing is sent that was not touched.

import type { Schema } from '../data/config-schema.ts'

export type { Schema } from '../data/config-schema.ts'

export type Fields = Readonly<Record<string, unknown>>

/** How a value is edited. */
export type Kind =
  | { readonly is: 'object'; readonly schema: Schema }
  | { readonly is: 'choice'; readonly words: readonly string[] }
  | { readonly is: 'variants'; readonly schemas: readonly Schema[] }
  | { readonly is: 'number'; readonly isInteger: boolean }
  | { readonly is: 'switch' }
  | { readonly is: 'text' }
  /** A duration or a size, written with its unit. */
  | { readonly is: 'amount'; readonly of: 'duration' | 'size' }
  | { readonly is: 'texts'; readonly hasNumbers?: true }
  /** Names and texts: headers, labels. */
  | { readonly is: 'pairs' }
  /** Objects of one shape, in an order. */
  | { readonly is: 'objects'; readonly item: Schema }
  /** What no control fits: edited as JSON, so that nothing of it is lost. */
  | { readonly is: 'json' }

/** The control for this schema, as long as the value fits it: what does not is edited as JSON. */
export function kindOf(schema: Schema, value: unknown): Kind {
  const kind = kindOfSchema(schema)
  return value === undefined || value === null || fits(kind, value) ? kind : { is: 'json' }
}

function kindOfSchema(schema: Schema): Kind {
  const variants = schema.anyOf ?? schema.oneOf
  if (variants !== undefined) return kindOfVariants(variants)
  const words = wordsOf(schema)
  if (words !== null) return { is: 'choice', words }
  switch (schema.type) {
    case 'boolean':
      return { is: 'switch' }
    case 'integer':
    case 'number':
      return { is: 'number', isInteger: schema.type === 'integer' }
    case 'string':
      return schema.format === 'duration' || schema.format === 'size'
        ? { is: 'amount', of: schema.format }
        : { is: 'text' }
    case 'array':
      return kindOfItems(schema.items ?? {})
    case 'object':
      return kindOfObject(schema)
    default:
      return { is: 'json' }
  }
}

/** Its words, where it is one of a few. */
function wordsOf(schema: Schema): readonly string[] | null {
  const values = schema.enum ?? (schema.const === undefined ? undefined : [schema.const])
  return values?.every((value) => typeof value === 'string') === true ? (values as string[]) : null
}

function kindOfVariants(schemas: readonly Schema[]): Kind {
  const words = schemas.map(wordsOf)
  if (words.every((some) => some !== null)) return { is: 'choice', words: words.flat() as string[] }
  return { is: 'variants', schemas }
}

function kindOfItems(item: Schema): Kind {
  const kind = kindOfSchema(item)
  if (kind.is === 'object') return { is: 'objects', item }
  if (kind.is !== 'text' && kind.is !== 'amount' && kind.is !== 'choice') return { is: 'json' }
  return { is: 'texts', ...(item.hasNumbers === true && { hasNumbers: true as const }) }
}

function kindOfObject(schema: Schema): Kind {
  if (schema.properties !== undefined && Object.keys(schema.properties).length > 0)
    return { is: 'object', schema }
  const patterns = Object.values(schema.patternProperties ?? {})
  const of = typeof schema.additionalProperties === 'object' ? schema.additionalProperties : patterns[0]
  return of?.type === 'string' ? { is: 'pairs' } : { is: 'json' }
}

const isObject = (value: unknown): value is Fields =>
  typeof value === 'object' && value !== null && !Array.isArray(value)

function fits(kind: Kind, value: unknown): boolean {
  switch (kind.is) {
    case 'object':
      return isObject(value)
    case 'pairs':
      return isObject(value) && Object.values(value).every((one) => typeof one === 'string')
    case 'number':
      return typeof value === 'number'
    case 'switch':
      return typeof value === 'boolean'
    case 'text':
      return typeof value === 'string'
    case 'amount':
      return typeof value === 'string' || typeof value === 'number'
    case 'choice':
      return typeof value === 'string'
    case 'texts':
      // One alone may stand for a list of one.
      return [value]
        .flat()
        .every((one) => typeof one === 'string' || (kind.hasNumbers === true && typeof one === 'number'))
    case 'objects':
      return Array.isArray(value) && value.every(isObject)
    default:
      return true
  }
}

/** The variant that a value is of: the first whose kind it fits and whose fixed words it has. */
export function variantOf(schemas: readonly Schema[], value: unknown): number {
  const at = schemas.findIndex((schema) => isOf(schema, value))
  return at < 0 ? 0 : at
}

/** How people call the shapes that a value may have: “none”, “off”, “settings”, “a text”; no two alike. */
export function variantNames(schemas: readonly Schema[]): readonly string[] {
  const names = schemas.map(nameOf)
  return names.map((name, at) => {
    const before = names.slice(0, at).filter((other) => other === name).length
    return before === 0 ? name : `${name} (${before + 1})`
  })
}

function nameOf({ title, const: word, enum: words, type }: Schema): string {
  if (title !== undefined) return title
  const [only, ...more] = words ?? [word]
  if (typeof only === 'boolean') return only ? 'on' : 'off'
  if (only !== undefined && more.length === 0) return String(only)
  return NAMES[[type].flat()[0] ?? ''] ?? (words === undefined ? 'something else' : 'one of these words')
}

const NAMES: Readonly<Record<string, string>> = {
  ...{ object: 'settings', array: 'a list', string: 'a text', number: 'a number', integer: 'a number' },
  boolean: 'on or off',
}

/** What a shape begins with: its one word, its default, or nothing of its kind. */
export const beginningOf = ({ const: word, default: preset, type }: Schema): unknown =>
  word ?? preset ?? BLANKS[[type].flat()[0] ?? '']

const BLANKS: Readonly<Record<string, unknown>> = {
  ...{ string: '', number: 0, integer: 0, boolean: false, array: [], object: {} },
}

function isOf(schema: Schema, value: unknown): boolean {
  if (schema.const !== undefined) return schema.const === value
  const kind = kindOfSchema(schema)
  if (kind.is === 'json' || !fits(kind, value)) return false
  if (kind.is === 'choice') return kind.words.includes(value as string)
  if (kind.is !== 'object' || !isObject(value)) return true
  const { properties = {}, required = [] } = schema
  const hasAll = required.every((name) => name in value)
  return hasAll && Object.keys(value).every((name) => isFixed(properties[name], value[name]))
}

/** False for a field that this schema does not have, or that has another of its fixed words. */
function isFixed(schema: Schema | undefined, value: unknown): boolean {
  if (schema === undefined) return false
  return schema.const === undefined || schema.const === value
}

/**
 * A merge patch that sets what is at `path` below an object; undefined takes it away. Only that is in it.
 */
export function patchOf(path: readonly string[], value: unknown): Fields {
  const [name = '', ...rest] = path
  return { [name]: rest.length === 0 ? (value === undefined ? null : value) : patchOf(rest, value) }
}

/** What a merge patch makes of a value (RFC 7396, section 2). */
export function merged(value: unknown, patch: unknown): unknown {
  if (!isObject(patch)) return patch
  const result: Record<string, unknown> = isObject(value) ? { ...value } : {}
  for (const [name, change] of Object.entries(patch)) {
    if (change === null) delete result[name]
    else result[name] = merged(result[name], change)
  }
  return result
}

/** A field's place as a JSON pointer (RFC 6901). */
export const pointerOf = (path: readonly string[]): string =>
  path.map((name) => `/${name.replaceAll('~', '~0').replaceAll('/', '~1')}`).join('')

/** Whether two values of JSON are the same. */
export function isSame(a: unknown, b: unknown): boolean {
  if (a === b) return true
  if (Array.isArray(a) && Array.isArray(b))
    return a.length === b.length && a.every((one, at) => isSame(one, b[at]))
  if (!isObject(a) || !isObject(b)) return false
  const names = Object.keys(a)
  return (
    names.length === Object.keys(b).length && names.every((name) => name in b && isSame(a[name], b[name]))
  )
}

/** A value in a few words: what a field was. */
export function shownAs(value: unknown): string {
  if (value === undefined || value === null) return ''
  if (typeof value === 'boolean') return value ? 'on' : 'off'
  if (typeof value === 'string' || typeof value === 'number') return String(value)
  if (Array.isArray(value) && value.every((one) => typeof one !== 'object')) return value.join(', ')
  return JSON.stringify(value)
}

/** Words that are read letter by letter, and those that the config cuts short. */
const SHORT: Readonly<Record<string, string>> = {
  ...{
    tls: 'TLS',
    url: 'URL',
    ca: 'CA',
    ip: 'IP',
    http: 'HTTP',
    tcp: 'TCP',
    udp: 'UDP',
    id: 'ID',
    dns: 'DNS',
    ttl: 'TTL',
  },
  ...{ min: 'least', max: 'most', regex: 'pattern', cert: 'certificate' },
}

/** `health_check` as the words of a label. */
export function labelOf(name: string, schema: Schema): string {
  const words =
    schema.title ??
    name
      .split('_')
      .map((word) => SHORT[word] ?? word)
      .join(' ')
  return words.charAt(0).toUpperCase() + words.slice(1)
}
