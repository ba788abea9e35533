// What to write in place of a wrong value. Each proposal is held against the schema before it is shown, so
// that none is refused in turn.
import { FORMATS } from './formats.ts'
import type { Refused } from './format.ts'
import { nearest } from './nearest.ts'
import { percentHint, shareOfPercent } from './percent.ts'
import { mustBeWritten, type SchemaNode } from './schema-node.ts'
import { type Plain, spell, type Syntax } from './spell.ts'
import { shown } from './spoken.ts'
import type { Path, Tree } from './tree.ts'

/** Longer ones are shortened when they are shown, and would not be what is meant. */
const MEND_LENGTH_MAX = 80
/** So many may be listed. */
const MENDS_MAX = 5

export class Hints {
  /** Whether a schema takes a value. */
  readonly #accepts: (schema: SchemaNode, value: Plain) => boolean
  readonly #syntax: Syntax
  /** Whose maps are being tried: what holds itself is nobody's short form. */
  readonly #open = new Set<object>()

  constructor(accepts: (schema: SchemaNode, value: Plain) => boolean, syntax: Syntax) {
    this.#accepts = accepts
    this.#syntax = syntax
  }

  /** How to mend what stands at `path`; null: nobody knows. */
  of(schema: SchemaNode, tree: Tree, path: Path, refused: Refused | null): string | null {
    if (tree.is !== 'scalar') return this.#ofShape(schema, tree, path)
    const { value } = tree
    if (value === null || value === undefined) return this.#ofNothing(schema)
    if (schema.secret) return this.#ofSecret(schema, value, refused)
    const { said = {} } = schema
    if (Object.hasOwn(said, String(value))) return said[String(value)] ?? null
    if (typeof value === 'string') {
      const slip = this.#glued(schema, value) ?? slipIn(value)
      if (slip !== null) return slip
    }
    const isOne = refused !== null || schema.type === 'string' || schema.enum !== undefined
    return isOne ? this.#ofText(schema, value, refused) : this.#ofScalar(schema, value, path)
  }

  /** Nothing of what was written may be repeated. */
  #ofSecret(schema: SchemaNode, value: string | number | boolean, refused: Refused | null): string | null {
    if (refused?.hint) return refused.hint
    if (schema.format === 'or-word' && !isYes(value)) {
      const word = String(schema.anyOf?.[0]?.const)
      if (isNo(value)) return `write ${word}`
      return typeof value === 'string' && nearest(value, [word])
        ? `did you mean "${word}"?`
        : (schema.whenMissing ?? null)
    }
    if (schema.format === 'or-word') return schema.whenMissing ?? FOR_DEFAULTS
    return schema.type === 'string' && typeof value !== 'string' ? 'put it in quotes' : null
  }

  /** Several values in one text, such as "a, b": each on its own. Null: it is not that. */
  parts(schema: SchemaNode, value: unknown): readonly Plain[] | null {
    if (typeof value !== 'string' || !/[,;\s]/.test(value) || this.#accepts(schema, value)) return null
    const parts = value.split(/[,;\s]+/).filter((part) => part !== '')
    const mends = parts.map((part) => this.#mend(schema, part))
    return parts.length > 1 && mends.every((mend) => mend !== undefined) ? mends : null
  }

  /** A text, number or word where another one belongs. */
  #ofText(schema: SchemaNode, value: string | number | boolean, refused: Refused | null): string | null {
    const mends = this.#mendsOf(schema, value, refused)
    const hint = refused?.hint ?? null
    if (mends.length > 0) {
      const written = `write ${listed(mends.map((mend) => this.#spelled(mend)))}`
      return hint === null ? written : `${hint}: ${written}`
    }
    if (hint !== null || typeof value !== 'string') return hint
    const words = schema.enum?.map(String) ?? []
    const near = nearest(value, words)
    if (near !== null) return `did you mean "${near}"?`
    // "timeout" is a part of several.
    const wholes = words.filter((word) => word.split(/[_-]/).includes(value.toLowerCase()))
    const isFew = wholes.length > 0 && wholes.length <= MENDS_MAX
    return isFew ? `did you mean ${listed(wholes.map((word) => `"${word}"`))}?` : null
  }

  /** A scalar where a list, a map, a number or a truth value belongs. */
  #ofScalar(schema: SchemaNode, value: string | number | boolean, path: Path): string | null {
    if (schema.format === 'or-word' && isYes(value)) return schema.whenMissing ?? FOR_DEFAULTS
    const share = shareOfPercent(schema, value)
    if (share !== null && this.#accepts(schema, share)) return percentHint(share)
    const mends = this.#mendsFor(schema, value)
    if (mends.length > 0) {
      const isPlainNumber = typeof value === 'string' && typeof mends[0] === 'number'
      return isPlainNumber
        ? 'write it without quotes'
        : `write ${listed(mends.map((mend) => this.#spelled(mend)))}`
    }
    if (schema.format === 'or-word') {
      const word = schema.anyOf?.[0]?.const
      const near = typeof value === 'string' && typeof word === 'string' ? nearest(value, [word]) : null
      return near === null ? (schema.whenMissing ?? null) : `did you mean "${near}"?`
    }
    if (schema.type === 'array') return 'write it as a list: [ … ]'
    if (schema.type !== 'object' || schema.additionalProperties) return null
    if (schema.whenMissing !== undefined && !isNo(value)) return schema.whenMissing
    if (isYes(value) && this.#accepts(schema, {})) return FOR_DEFAULTS
    if (isNo(value) && schema.default === undefined && typeof path.at(-1) === 'string')
      return 'remove the key'
    return null
  }

  #ofNothing(schema: SchemaNode): string | null {
    if (schema.format === 'or-word') return schema.whenMissing ?? FOR_DEFAULTS
    if (schema.whenMissing !== undefined) return schema.whenMissing
    return schema.type === 'object' && !schema.additionalProperties && this.#accepts(schema, {})
      ? FOR_DEFAULTS
      : 'write a value, or remove the key'
  }

  /** A map where a list belongs, or the other way round. */
  #ofShape(schema: SchemaNode, tree: Tree, path: Path): string | null {
    const isJson = this.#syntax === 'json'
    if (tree.is === 'map' && schema.type === 'array') {
      if (schema.items?.type !== 'object') return 'write it as a list: [ … ]'
      const isNamed = [...tree.entries.values()].every(({ value }) => value.is === 'map')
      const [first] = tree.entries.keys()
      if (this.#syntax === 'toml') {
        const table = [...path.filter((step) => typeof step === 'string')].join('.')
        return `write [[${table}]] in place of [${table}], or [{ … }]`
      }
      if (schema.items.properties?.['name'] && isNamed && first !== undefined)
        return `write ${isJson ? `[{ "name": ${shown(first)}, … }]` : `"- name: ${first}"`} in place of ${shown(first)}`
      return isJson ? 'put it in [ ]' : 'begin each item with "- ", or put it in [ ]'
    }
    if (tree.is !== 'list') return null
    if (schema.format === 'bind') return 'one address only'
    if (schema.additionalProperties)
      return isJson ? 'write { "NAME": … } in place of [ … ]' : 'write "name:" in place of "- " before each'
    const lists = Object.entries(schema.properties ?? {}).filter(([, { type }]) => type === 'array')
    const [key] = lists[0] ?? []
    return lists.length === 1 ? `put it below ${shown(key ?? '')}` : null
  }

  /** `url:http://a`, which YAML takes for one text. */
  #glued(schema: SchemaNode, value: string): string | null {
    if (this.#syntax !== 'yaml') return null
    const one = schema.format === 'map-by' ? (schema.anyOf?.[0] ?? {}) : schema
    const [, key = ''] = /^([A-Za-z_]+):(?=[^\s/])/.exec(value) ?? []
    return Object.hasOwn(one.properties ?? {}, key) ? `write a blank after "${key}:"` : null
  }

  /** What of the value's own kind may be written in its place. */
  #mendsOf(schema: SchemaNode, value: string | number | boolean, refused: Refused | null): readonly Plain[] {
    const format = FORMATS[schema.format ?? '']
    const mends =
      typeof value === 'number' && refused === null
        ? (format?.mendsOfNumber?.(value, schema) ?? [String(value)])
        : typeof value === 'boolean'
          ? [String(value)]
          : (refused?.mends ?? [])
    return this.#taken(
      schema,
      [...mends].filter((mend) => mend !== value),
    )
  }

  /** What may be written where a value of another kind belongs; several when nobody knows which is meant. */
  #mendsFor(schema: SchemaNode, value: string | number | boolean): readonly Plain[] {
    if (schema.type === 'boolean') return isYes(value) ? [true] : isNo(value) ? [false] : []
    if (schema.type === 'integer' || schema.type === 'number')
      return typeof value === 'string' ? this.#taken(schema, numbersOf(schema, value)) : []
    if (schema.format === 'or-word') {
      const word = schema.anyOf?.[0]?.const
      if (isNo(value)) return [word === false ? false : String(word)]
      return this.#mapsOf(schema.anyOf?.[1] ?? {}, value)
    }
    if (schema.format === 'map-by') return this.#mapsOf(schema.anyOf?.[0] ?? {}, value)
    if (schema.type === 'array' || schema.format === 'one-or-more') {
      const one = schema.items ?? schema.anyOf?.[0] ?? {}
      const items = this.parts(one, value) ?? [this.#mend(one, value)]
      return items.every((item) => item !== undefined) ? this.#taken(schema, [items]) : []
    }
    if (schema.additionalProperties) {
      const item = this.#mend(schema.additionalProperties, value)
      return item === undefined || schema.keys !== 'name' ? [] : this.#taken(schema, [{ NAME: item }])
    }
    return schema.type === 'object' ? this.#mapsOf(schema, value) : []
  }

  /** One value that a schema takes for this one; undefined: none, or nobody knows which. */
  #mend(schema: SchemaNode, value: string | number | boolean): Plain | undefined {
    if (this.#accepts(schema, value)) return value
    const isText = schema.type === 'string' || Array.isArray(schema.type)
    const decoded =
      typeof value === 'string' ? FORMATS[schema.format ?? '']?.decode(value, schema) : undefined
    const refused = decoded && 'allowed' in decoded ? decoded : null
    if (isText) return this.#mendsOf(schema, value, refused)[0]
    if (schema.format === 'one-or-more') return this.#mend(schema.anyOf?.[0] ?? {}, value)
    const mends = this.#mendsFor(schema, value)
    return mends.length === 1 ? mends[0] : undefined
  }

  /** Maps that hold the value under the one key where it belongs. */
  #mapsOf(schema: SchemaNode, value: string | number | boolean): readonly Plain[] {
    const { properties = {} } = schema
    if (this.#open.has(properties)) return []
    this.#open.add(properties)
    const maps = this.#mapsWith(schema, value)
    this.#open.delete(properties)
    return maps
  }

  #mapsWith(schema: SchemaNode, value: string | number | boolean): readonly Plain[] {
    const { properties = {}, required = [] } = schema
    if (properties['enabled'] && (isNo(value) || isYes(value))) return [{ enabled: isYes(value) }]
    if (schema.usual && typeof value === 'string') return [schema.usual]
    // What has a default, or is empty when left out, is required by TypeBox as well.
    const needed = Object.entries(properties).filter(
      ([key, one]) => required.includes(key) && mustBeWritten(one),
    )
    if (needed.length > 1 || (needed.length === 0 && typeof value === 'boolean')) return []
    const among = needed.length === 1 ? needed : Object.entries(properties).filter(([, one]) => isOfOne(one))
    const exact = among.filter(([, one]) => !isAnyText(one) && this.#accepts(one, value))
    const found = exact.length > 0 ? exact : among
    const maps = found.flatMap(([key, one]) => {
      const mend = this.#mend(one, value)
      return mend === undefined ? [] : [{ [key]: mend }]
    })
    const taken = this.#taken(schema, maps.length > 0 ? maps : this.#deeper(schema, value))
    return taken.length > MENDS_MAX ? [] : taken
  }

  /** A file or address that only one map below has a place for. */
  #deeper(schema: SchemaNode, value: string | number | boolean): readonly Plain[] {
    const { properties = {} } = schema
    if (typeof value !== 'string' || !/[/:]/.test(value)) return []
    const all = Object.entries(properties).flatMap(([key, one]) =>
      one.type === 'object' && one.properties ? this.#mapsOf(one, value).map((map) => ({ [key]: map })) : [],
    )
    return all.length === 1 ? all : []
  }

  #taken = (schema: SchemaNode, mends: readonly Plain[]): readonly Plain[] =>
    [...new Set(mends)].filter(
      (mend) => JSON.stringify(mend).length <= MEND_LENGTH_MAX && this.#accepts(schema, mend),
    )

  /** A text alone is quoted, so that what is to be written is told from the words around it. */
  #spelled = (mend: Plain): string => (typeof mend === 'string' ? shown(mend) : spell(mend, this.#syntax))
}

/** What number a text is. */
function numbersOf(schema: SchemaNode, text: string): readonly number[] {
  if (/^[0-9.]+$/.test(text)) return [Number(text)]
  const share = shareOfPercent(schema, text)
  return share === null ? [] : [share]
}

/** Slips that no value has for its own sake. */
function slipIn(value: string): string | null {
  if (/\{\{|\{%/.test(value))
    return 'let the template be filled in first, or write ${NAME} for an environment variable'
  return /^[\u201c\u201d\u2018\u2019]/.test(value) ? 'write " in place of the curved quotes' : null
}

const FOR_DEFAULTS = 'write {} for the defaults, or remove the key'

/** Holds one value, not a map of several. */
const isOfOne = ({ type, format }: SchemaNode): boolean =>
  format === 'one-or-more' || format === 'or-word' || (type !== 'object' && type !== undefined)
/** Takes whatever is written, which says nothing of what was meant. */
const isAnyText = ({ type, format, pattern, enum: words }: SchemaNode): boolean =>
  type === 'string' &&
  (format === undefined || format === 'bytes' || format === 'path') &&
  words === undefined &&
  pattern === undefined

const listed = (all: readonly string[]): string =>
  all.length < 3 ? all.join(' or ') : `${all.slice(0, -1).join(', ')} or ${all.at(-1)}`

const isNo = (value: unknown): boolean =>
  value === false || (typeof value === 'string' && /^(?:false|no|off)$/i.test(value))
const isYes = (value: unknown): boolean =>
  value === true || (typeof value === 'string' && /^(?:true|yes|on)$/i.test(value))
