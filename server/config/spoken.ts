// Values and kinds of value in words, for problems.
import { FORMATS } from './formats.ts'
import { nearest } from './nearest.ts'
import type { SchemaNode } from './schema-node.ts'
import type { Tree } from './tree.ts'

const SHOWN_MAX = 80

/** What stands there. Never what was put in place of ${…}: that may be a secret, as what `isSecret` says so of. */
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
  const clean = text.replace(/\/\/[^/@\s]*@/g, '//…@')
  return JSON.stringify(clean.length > SHOWN_MAX ? `${clean.slice(0, SHOWN_MAX)}…` : clean)
}

/** What a schema allows. */
export function kindOf(schema: SchemaNode): string {
  const { minimum, maximum, pattern, minLength = 0, maxLength } = schema
  if (schema.format === 'one-or-more') return `${kindOf(schema.anyOf?.[0] ?? {})}, or a list of them`
  if (schema.format === 'or-word') return `${String(schema.anyOf?.[0]?.const)} or a map`
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

const isNo = (value: unknown): boolean =>
  value === false || (typeof value === 'string' && /^(?:false|no|off)$/i.test(value))
const isYes = (value: unknown): boolean =>
  value === true || (typeof value === 'string' && /^(?:true|yes|on)$/i.test(value))

/** A value where a map is wanted that could hold it: the map, in short. Null: there is no such. */
function asMap({ properties = {}, required = [] }: SchemaNode, value: unknown): string | null {
  if (properties['enabled'] && (isNo(value) || isYes(value))) return `{ enabled: ${isYes(value)} }`
  // TypeBox requires what has a default as well.
  const needed = required.filter((one) => properties[one]?.default === undefined)
  const [key] = needed
  if (key === undefined || needed.length > 1 || (typeof value !== 'string' && typeof value !== 'number'))
    return null
  const text = typeof value === 'number' || /^[A-Za-z0-9.]{1,40}$/.test(value) ? value : shown(value)
  return `{ ${key}: ${text} }`
}

/** How to mend a value of the wrong type. */
export function hintFor(schema: SchemaNode, tree: Tree): string | null {
  const value = tree.is === 'scalar' ? tree.value : undefined
  if (schema.format === 'or-word') return hintForWord(schema, value)
  const isList = schema.type === 'array' && tree.is === 'scalar'
  const map = schema.secret ? null : asMap((isList ? schema.items : schema) ?? {}, value)
  if (map !== null) return `write ${isList ? `[${map}]` : map}`

  if (tree.is === 'scalar' && tree.value === null) {
    if (schema.type === 'object' && !schema.additionalProperties)
      return 'write {} for the defaults, or remove the key'
    return 'write a value, or remove the key'
  }
  if (schema.type === 'array' && tree.is === 'scalar') return 'write it as a list: [ … ]'
  if (schema.type === 'array' && schema.items?.type === 'object') return 'begin each item with "- "'
  if (schema.additionalProperties && tree.is === 'list') return 'write "name:" in place of "- " before each'
  if (tree.is !== 'scalar') return null
  if (schema.type === 'boolean' && typeof value === 'string')
    return isYes(value) ? 'write true' : isNo(value) ? 'write false' : null
  const isNumber = schema.type === 'integer' || schema.type === 'number'
  if (isNumber && typeof value === 'string' && /^[0-9.]+$/.test(value)) return 'write it without quotes'
  if (schema.type !== 'string' || value === undefined) return null
  const hint = typeof value === 'number' ? FORMATS[schema.format ?? '']?.hintForNumber?.(value) : undefined
  if (hint !== undefined) return hint
  if (typeof value === 'string' || schema.enum) return null
  return schema.secret ? 'put it in quotes' : `put it in quotes: "${value}"`
}

/** How to mend what is neither the one word nor a map. */
function hintForWord(schema: SchemaNode, value: unknown): string | null {
  const word = schema.anyOf?.[0]?.const
  if (isNo(value)) return `write ${String(word)}`
  const needed = schema.whenMissing ?? 'write {} for the defaults, or remove the key'
  if (isYes(value) || value === null) return needed
  const near = typeof value === 'string' && typeof word === 'string' ? nearest(value, [word]) : null
  return near === null ? (schema.whenMissing ?? null) : `did you mean "${near}"?`
}
