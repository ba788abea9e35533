// Tree → checked words, along the schema: decodes, fills in defaults, and collects every problem on the way.
// Never throws. Where a value is wrong, something harmless of its type stands in for it, so that the rest can
// still be checked.
import { FORMATS } from './formats.ts'
import { likestSchema, schemaByWord, wordFor, wordsOf } from './map-by.ts'
import { isNothing, misplacedKeys } from './misplaced.ts'
import { nearest } from './nearest.ts'
import { type Finding, Problems } from './problem.ts'
import { readBoolean, readNumber } from './scalars.ts'
import type { SchemaNode } from './schema-node.ts'
import { no, type Refused } from './format.ts'
import { Hints } from './hints.ts'
import { isStandIn, STAND_IN } from './stand-in.ts'
import type { Plain } from './spell.ts'
import { describe, kindOf } from './spoken.ts'
import {
  type Entry,
  isExtension,
  Lines,
  type List,
  type MapTree,
  type Offset,
  type Path,
  type Scalar,
  scalarAt,
  type Tree,
  treeOf,
} from './tree.ts'
import { homesOf } from './unknown-key.ts'

/** Decodes a tree along a schema. The result is of the schema's type, also after problems. */
export function walk(schema: SchemaNode, tree: MapTree, problems: Problems): unknown {
  return new Walker(schema, problems, new Hints(accepts, problems.syntax)).value(schema, tree, null, tree.at)
}

/** Whether a schema takes a value, as if it had been written. */
const accepts = (schema: SchemaNode, value: Plain): boolean => fits(schema, treeOf(value, 0))

/** Whether a schema takes what was written. */
function fits(schema: SchemaNode, tree: Tree): boolean {
  const problems = new Problems('', NO_LINES)
  new Walker(schema, problems, null).value(schema, tree, null, tree.at)
  return !problems.hasErrors
}
const NO_LINES = new Lines('')

/**
 * Where we are, from the end: most places are passed without a word, so that a path is made only for a
 * problem.
 */
type Trail = { readonly up: Trail; readonly step: string | number } | null

function pathOf(trail: Trail): Path {
  const path: (string | number)[] = []
  for (let at = trail; at !== null; at = at.up) path.push(at.step)
  return path.reverse()
}

/**
 * The properties of each schema, and what their defaults mean: asked for once for each item of long lists.
 */
const known = new WeakMap<SchemaNode, readonly (readonly [string, SchemaNode])[]>()

function propertiesOf(schema: SchemaNode): readonly (readonly [string, SchemaNode])[] {
  let properties = known.get(schema)
  if (properties === undefined) {
    properties = Object.entries(schema.properties ?? {})
    known.set(schema, properties)
  }
  return properties
}

const defaults = new WeakMap<SchemaNode, unknown>()

interface UnknownKey {
  readonly entry: Entry
  readonly path: Trail
  /** The schemas that the one in question is among. */
  readonly by: SchemaNode | undefined
}

class Walker {
  readonly #root: SchemaNode
  readonly #problems: Problems
  /** Null: nobody will read what is found. */
  readonly #hints: Hints | null
  #standIns = 0

  constructor(root: SchemaNode, problems: Problems, hints: Hints | null) {
    this.#root = root
    this.#problems = problems
    this.#hints = hints
  }

  /** `at`: the place of its key. */
  value(schema: SchemaNode, tree: Tree, path: Trail, at: Offset): unknown {
    if (tree.is === 'scalar' && tree.value === undefined) return this.#standIn(schema, tree.at)
    if (schema.format === 'one-or-more') return this.#oneOrMore(schema, tree, path, at)
    if (schema.format === 'or-word') return this.#orWord(schema, tree, path, at)
    if (schema.format === 'value-or-map') return this.#valueOrMap(schema, tree, path, at)
    if (schema.format === 'map-by') return this.#mapBy(schema, tree, path, at)
    if (schema.additionalProperties) return this.#mapOf(schema, schema.additionalProperties, tree, path)
    if (schema.type === 'object') return this.#object(schema, tree, path, at)
    if (schema.type === 'array') return this.#list(schema, tree, path)
    if (tree.is !== 'scalar') return this.#wrong(schema, tree, path)
    if (schema.type === 'boolean') return readBoolean(tree) ?? this.#wrong(schema, tree, path)
    if (schema.type === 'integer' || schema.type === 'number') return this.#number(schema, tree, path)
    return this.#text(schema, tree, path)
  }

  /** `by`: the schemas that this one is among. */
  #object(schema: SchemaNode, tree: Tree, path: Trail, at: Offset, by?: SchemaNode): unknown {
    if (tree.is !== 'map') return this.#wrong(schema, tree, path)
    const properties = schema.properties ?? {}
    // What a wrong key was meant to be: its value is looked at as well, and nothing is missing.
    let meant: Map<string, Entry> | null = null
    for (const [key, entry] of tree.entries) {
      if (Object.hasOwn(properties, key) || isExtension(key)) continue
      const name = this.#unknownKey(schema, tree, { entry, path: { up: path, step: key }, by })
      if (name !== null) (meant ??= new Map()).set(name, entry)
    }
    this.#countKeys(schema, tree, path, at)
    const result: Record<string, unknown> = {}
    for (const [key, property] of propertiesOf(schema)) {
      const entry = tree.entries.get(key) ?? meant?.get(key)
      if (entry !== undefined)
        result[key] = this.value(property, entry.value, { up: path, step: key }, entry.at)
      else if (property.default !== undefined)
        result[key] = this.#default(property, { up: path, step: key }, at)
      else if (schema.required?.includes(key))
        result[key] = this.#notGiven(property, { up: path, step: key }, at)
    }
    return result
  }

  #mapBy(schema: SchemaNode, tree: Tree, path: Trail, at: Offset): unknown {
    if (tree.is !== 'map') return this.#wrong(schema.anyOf?.[0] ?? {}, tree, path)
    const told = schemaByWord(schema, tree)
    const { by = '' } = schema
    const entry = tree.entries.get(by)
    if (told !== null || entry === undefined) return this.#object(told ?? {}, tree, path, at, schema)
    this.value(
      { type: 'string', enum: wordsOf(schema), ...(schema.said && { said: schema.said }) },
      entry.value,
      { up: path, step: by },
      entry.at,
    )
    const entries = new Map(tree.entries).set(by, { at: entry.at, value: scalarAt(entry.at, undefined) })
    return this.#object(likestSchema(schema, tree), { ...tree, entries }, path, at, schema)
  }

  /** A key without a default: lists and maps are empty then, anything else is missing. */
  #notGiven(schema: SchemaNode, path: Trail, at: Offset): unknown {
    if (schema.format === 'one-or-more') return []
    if (schema.additionalProperties) return {}
    const key = JSON.stringify(path?.step)
    const allowed = `${key}, ${kindOf(schema)}`
    const hint = schema.whenMissing ?? null
    this.#report({
      code: 'missing-key',
      at,
      path: path?.up ?? null,
      found: `no ${key}`,
      allowed,
      hint,
    })
    return this.#standIn(schema, at)
  }

  #report({ path, ...finding }: Omit<Finding, 'path'> & { readonly path: Trail }): void {
    this.#problems.add({ ...finding, path: pathOf(path) })
  }

  /** What a default means. It is the same value everywhere: configs are not changed. */
  #default(schema: SchemaNode, path: Trail, at: Offset): unknown {
    let value = defaults.get(schema)
    if (value === undefined) {
      value = this.value(schema, treeOf(schema.default, at), path, at)
      defaults.set(schema, value)
    }
    return value
  }

  #countKeys({ minProperties = 0, maxProperties }: SchemaNode, tree: MapTree, path: Trail, at: Offset): void {
    if (minProperties === 0 && maxProperties === undefined) return
    const count = [...tree.entries.keys()].filter((key) => !isExtension(key)).length
    if (count >= minProperties && count <= (maxProperties ?? count)) return
    const found = count === 0 ? 'an empty map' : `${count} keys`
    const hint = count > 1 ? 'begin a list item ("- ") for each' : null
    this.#report({ code: 'wrong-value', at, path, found, allowed: 'exactly one key', hint })
  }

  #mapOf(schema: SchemaNode, item: SchemaNode, tree: Tree, path: Trail): unknown {
    if (tree.is !== 'map') return this.#wrong(schema, tree, path)
    const result: Record<string, unknown> = {}
    const seen = new Set<string>()
    const format = FORMATS[schema.keys ?? 'name']
    const misplaced = misplacedKeys(item, tree)
    for (const [key, entry] of tree.entries) {
      const here = { up: path, step: key }
      const above = misplaced.get(key)
      if (above !== undefined) {
        this.#misplaced(key, above, entry.at, path)
        continue
      }
      const decoded = format?.decode(key, {})
      const found = `the key ${JSON.stringify(key.slice(0, 80))}`
      if (decoded && 'allowed' in decoded)
        this.#report({ code: 'wrong-value', at: entry.at, path: here, found, ...decoded })
      // Field names differ in case only for people.
      else if (schema.keys === 'field-name' && seen.has(key.toLowerCase()))
        this.#report({
          code: 'duplicate',
          at: entry.at,
          path: here,
          found: `${found} a second time`,
          allowed: 'each field once, in upper or lower case',
        })
      seen.add(key.toLowerCase())
      const isEmptied = isNothing(entry.value) && [...misplaced.values()].includes(key)
      const value = isEmptied ? this.#standIn(item, entry.at) : this.value(item, entry.value, here, entry.at)
      if (key !== '__proto__') result[key] = value
    }
    return result
  }

  #misplaced(key: string, above: string, at: Offset, path: Trail): void {
    this.#report({
      code: 'wrong-value',
      at,
      path: { up: path, step: key },
      found: `the key ${JSON.stringify(key)} beside ${JSON.stringify(above)}`,
      allowed: `it below ${JSON.stringify(above)}`,
      hint: `indent "${key}" further than "${above}"`,
    })
  }

  #list(schema: SchemaNode, tree: Tree, path: Trail): unknown {
    const { items = {}, minItems = 0, maxItems = Number.POSITIVE_INFINITY } = schema
    if (tree.is !== 'list') return this.#wrong(schema, tree, path)
    const count = tree.items.length
    if (count < minItems || count > maxItems) {
      const allowed = count < minItems ? `at least ${minItems}` : `at most ${maxItems}`
      const found = count === 0 ? 'an empty list' : `${count} items`
      this.#report({ code: 'wrong-value', at: tree.at, path, found, allowed })
    }
    const values = tree.items.map((item, index) =>
      this.value(items, item, { up: path, step: index }, item.at),
    )
    if (schema.uniqueItems) this.#reportTwice(values, tree, path)
    return values
  }

  #reportTwice(values: readonly unknown[], { items }: List, path: Trail): void {
    // What stands in for a wrong value was not written, and is no other's double.
    const isWritten = (tree: Tree | undefined, value: unknown): boolean =>
      tree?.is === 'scalar' && tree.value === value && !isStandIn(String(value))
    const seen = new Set<unknown>()
    for (const [index, value] of values.entries()) {
      const tree = items[index]
      if (tree === undefined || !isWritten(tree, value)) continue
      if (!seen.has(value)) {
        seen.add(value)
        continue
      }
      const found = `${describe(tree)} a second time`
      this.#report({
        code: 'duplicate',
        at: tree.at,
        path: { up: path, step: index },
        found,
        allowed: 'each once',
      })
    }
  }

  #oneOrMore(schema: SchemaNode, tree: Tree, path: Trail, at: Offset): unknown {
    const [item = {}, list = {}] = schema.anyOf ?? []
    const isOwn = tree.is === 'scalar' && tree.written === null
    const parts = isOwn ? this.#hints?.parts(item, tree.value) : null
    if (parts) return this.#wrong(schema, tree, path)
    return tree.is === 'list' ? this.#list(list, tree, path) : [this.value(item, tree, path, at)]
  }

  #orWord(schema: SchemaNode, tree: Tree, path: Trail, at: Offset): unknown {
    const [word = {}, object = {}] = schema.anyOf ?? []
    if (tree.is === 'scalar' && (word.const === false ? readBoolean(tree) : tree.value) === word.const)
      return word.const
    return tree.is === 'map' ? this.#object(object, tree, path, at) : this.#wrong(schema, tree, path)
  }

  #valueOrMap(
    { anyOf: [value = {}, map = {}] = [] }: SchemaNode,
    tree: Tree,
    path: Trail,
    at: Offset,
  ): unknown {
    return this.value(tree.is === 'map' ? map : value, tree, path, at)
  }

  #number(schema: SchemaNode, tree: Scalar, path: Trail): unknown {
    const number = readNumber(tree)
    const { minimum = Number.NEGATIVE_INFINITY, maximum = Number.POSITIVE_INFINITY } = schema
    const isWhole = schema.type === 'number' || Number.isSafeInteger(number)
    const isAllowed = schema.enum === undefined || schema.enum.includes(number ?? '')
    const isGood = number !== null && Number.isFinite(number) && isWhole && isAllowed
    return isGood && number >= minimum && number <= maximum ? number : this.#wrong(schema, tree, path)
  }

  #text(schema: SchemaNode, tree: Scalar, path: Trail): unknown {
    const format = FORMATS[schema.format ?? '']
    const isText = typeof tree.value === 'string' || (typeof tree.value === 'number' && format?.takesNumbers)
    if (!isText) return this.#wrong(schema, tree, path)
    const text = String(tree.value)
    if (format !== undefined) {
      const decoded = format.decode(text, schema)
      return 'value' in decoded ? decoded.value : this.#wrong(schema, tree, path, decoded)
    }
    const { enum: words, pattern, minLength = 0, maxLength = Number.POSITIVE_INFINITY } = schema
    const isGood = words?.includes(text) ?? (pattern === undefined || new RegExp(pattern).test(text))
    if (isGood && text.length >= minLength && text.length <= maxLength) return text
    return this.#wrong(schema, tree, path, no(kindOf(schema)))
  }

  #wrong(schema: SchemaNode, tree: Tree, path: Trail, refused: Refused | null = null): unknown {
    const isOfType =
      refused !== null || (tree.is === 'scalar' && typeof tree.value === 'number' && readsNumber(schema))
    const allowed = refused?.allowed ?? kindOf(schema)
    // A hint may repeat the value, and what was put in place may be a secret.
    const isPut = tree.is === 'scalar' && tree.written !== null
    const hint =
      isPut || this.#problems.isFull ? null : (this.#hints?.of(schema, tree, pathOf(path), refused) ?? null)
    const found = describe(tree, schema.secret)
    const code = isOfType ? 'wrong-value' : 'wrong-type'
    this.#report({ code, at: tree.at, path, found, allowed, hint })
    return this.#standIn(schema, tree.at)
  }

  /** Reports a key that a schema does not know; gives the one that was meant, or null. */
  #unknownKey(schema: SchemaNode, tree: MapTree, { entry, path, by = {} }: UnknownKey): string | null {
    const key = String(path?.step)
    const keys = Object.keys(schema.properties ?? {})
    const found = `the unknown key ${JSON.stringify(key.slice(0, 80))}`
    const finding = { code: 'unknown-key', at: entry.at, path, found, allowed: keys.join(', ') } as const
    if (this.#problems.isFull || this.#hints === null) {
      this.#report(finding)
      return null
    }
    const meant = schema.also?.[key] ?? null
    const isFree = (one: string): boolean => !tree.entries.has(one)
    const lacking = meant === null ? (schema.lacks?.[key] ?? null) : null
    const needed = meant === null && lacking === null ? wordFor(by, key) : null
    const near = (meant ?? lacking ?? needed) === null ? nearest(key, keys.filter(isFree)) : null
    const homes =
      (meant ?? lacking ?? needed ?? near)
        ? null
        : homesOf(this.#root, key, (home) => fits(home, entry.value))
    const hint =
      meant !== null
        ? `it is called ${JSON.stringify(meant)}`
        : lacking !== null
          ? lacking
          : needed !== null
            ? `it needs "${needed}"`
            : near !== null
              ? `did you mean "${near}"?`
              : homes && `it belongs to ${homes}`
    this.#report({ ...finding, hint })
    const known = meant ?? near
    return known !== null && isFree(known) ? known : null
  }

  /** Something of the schema's type for a value that a problem was reported of. */
  #standIn(schema: SchemaNode, at: Offset): unknown {
    if (schema.default !== undefined) return this.value(schema, treeOf(schema.default, at), null, at)
    if (schema.format === 'or-word') return schema.anyOf?.[0]?.const
    if (schema.format === 'map-by') return this.#standIn(schema.anyOf?.[0] ?? {}, at)
    if (schema.type === 'array' || schema.format === 'one-or-more') return []
    if (schema.additionalProperties) return {}
    if (schema.type === 'object') return this.#standInObject(schema, at)
    if (schema.type === 'boolean') return false
    if (readsNumber(schema)) return schema.minimum ?? schema.enum?.[0] ?? 1
    if (schema.format === 'duration' || schema.format === 'size') return 1
    return schema.enum?.[0] ?? `${STAND_IN}${++this.#standIns}`
  }

  #standInObject(schema: SchemaNode, at: Offset): unknown {
    const required = Object.entries(schema.properties ?? {}).filter(([key]) => schema.required?.includes(key))
    return Object.fromEntries(required.map(([key, property]) => [key, this.#standIn(property, at)]))
  }
}

const readsNumber = (schema: SchemaNode): boolean => schema.type === 'integer' || schema.type === 'number'
