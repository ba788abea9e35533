// Values and kinds of value in words, for problems.
import { FORMATS } from './formats.ts'
import type { SchemaNode } from './schema-node.ts'
import type { Tree } from './tree.ts'

const SHOWN_MAX = 80

/**
 * What stands there. Never what was put in place of ${…}: that may be a secret, as what `isSecret` says so
 * of.
 */
export function describe(tree: Tree, isSecret = false): string {
  if (tree.is !== 'scalar') return tree.is === 'map' ? 'a map' : 'a list'
  const { value, written } = tree
  if (isSecret && written !== null) return shown(written)
  if (isSecret && value !== '' && (typeof value === 'string' || typeof value === 'number'))
    return typeof value === 'string' ? 'a text' : 'a number'
  if (written !== null) {
    const what = typeof value === 'string' ? `${value.length} characters` : 'something'
    return `${shown(written)}, which stands for ${what}`
  }
  if (value === null || value === undefined) return 'nothing'
  return typeof value === 'string' ? shown(value) : String(value)
}

/** Quoted and shortened, without the password of a URL. */
export function shown(text: string): string {
  const clean = text.replace(/\/\/[^/@\s]*@/g, '//…@').replace(BARE_PASSWORD, '$1…@')
  return JSON.stringify(clean.length > SHOWN_MAX ? `${clean.slice(0, SHOWN_MAX)}…` : clean)
}

/** "user:password@" of a URL that lacks its beginning. */
const BARE_PASSWORD = /(^|[\s/,])[^/@\s:,]+:[^/@\s,]*@/g

/** What a schema allows. */
export function kindOf(schema: SchemaNode): string {
  const { minimum, maximum, pattern, minLength = 0, maxLength } = schema
  if (schema.format === 'one-or-more') return `${kindOf(schema.anyOf?.[0] ?? {})}, or a list of them`
  if (schema.format === 'or-word') return `${String(schema.anyOf?.[0]?.const)} or a map`
  if (schema.format === 'value-or-map') return `${kindOf(schema.anyOf?.[0] ?? {})}, or a map`
  if (schema.format === 'map-by') return 'a map'
  if (schema.enum)
    return schema.enum.length === 1 ? `only ${schema.enum[0]}` : `one of ${schema.enum.join(', ')}`
  if (schema.type === 'object') return 'a map'
  if (schema.type === 'array') return 'a list'
  if (schema.type === 'boolean') return 'true or false'
  if (schema.type === 'integer' || schema.type === 'number') {
    const kind = schema.type === 'integer' ? 'a whole number' : 'a number'
    return minimum === undefined || maximum === undefined ? kind : `${kind} from ${minimum} to ${maximum}`
  }
  const said = FORMATS[schema.format ?? '']?.decode('', schema)
  if (said && 'allowed' in said) return said.allowed
  if (pattern !== undefined) return schema.allowed ?? `text that matches ${pattern}`
  if (maxLength !== undefined) return `text of ${minLength} to ${maxLength} characters`
  return minLength > 0 ? 'text that is not empty' : 'text'
}
