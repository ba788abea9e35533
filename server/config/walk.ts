// Tree → checked words, along the schema: decodes, fills in defaults, and collects every problem on the way.
// Never throws. Where a value is wrong, something harmless of its type stands in for it, so that the rest can
// still be checked.
import { decodeScalar, isNumeric } from './decode-scalar.ts'
import type { Refused } from './format.ts'
import { Hints } from './hints.ts'
import { likestSchema, schemaByWord, wordsOf } from './map-by.ts'
import { isNothing, misplacedKey, misplacedKeys } from './misplaced.ts'
import { type Finding, Problems } from './problem.ts'
import { readBoolean } from './scalars.ts'
import { propertiesOf, type SchemaNode } from './schema-node.ts'
import { isSecretField, mayHoldSecrets } from './secret-field.ts'
import type { Plain } from './spell.ts'
import { describe, kindOf } from './spoken.ts'
import { type ShapeFinding, secondOnes, wrongCountOfItems, wrongCountOfKeys, wrongKey } from './shape.ts'
import { StandIns } from './stand-in.ts'
import { pathOf, type Trail } from './trail.ts'
import {
  type Entry,
  isExtension,
  Lines,
  type MapTree,
  type Offset,
  type Scalar,
  scalarAt,
  type Span,
  type Tree,
  treeOf,
  plainOf,
} from './tree.ts'
import { explainKey, homesOf } from './unknown-key.ts'

/**
 * Decodes a tree along a schema; relative paths start at `folder`. The result is of the schema's type, also
 * after problems.
 */
export function walk(root: SchemaNode, tree: MapTree, folder: string, problems: Problems): unknown {
  const ground = { root, folder, defaults: new WeakMap<SchemaNode, unknown>() }
  return new Walker(ground, problems, new Hints(accepts, problems.syntax)).value(root, tree, null, tree.at)
}

/** Whether a schema takes a value, as if it had been written. */
const accepts = (schema: SchemaNode, value: Plain): boolean => fits(schema, treeOf(value, 0))

/** Whether a schema takes what was written. */
function fits(root: SchemaNode, tree: Tree): boolean {
  const problems = new Problems(NO_LINES)
  new Walker({ root, ...NOWHERE }, problems, null).value(root, tree, null, tree.at)
  return !problems.hasErrors
}
const NOWHERE = { folder: '/', defaults: new WeakMap<SchemaNode, unknown>() }
const NO_LINES = new Lines('', '')

/** What a walk stands on. */
interface Ground {
  readonly root: SchemaNode
  /** Where relative paths start. */
  readonly folder: string
  /** What defaults mean, which is asked for once for each item of long lists. */
  readonly defaults: WeakMap<SchemaNode, unknown>
}

interface UnknownKey {
  readonly entry: Entry
  readonly path: Trail
  /** The schemas that the one in question is among. */
  readonly by: SchemaNode | undefined
}

/** The schema of a map; `by`: those that it is among. */
interface Chosen {
  readonly schema: SchemaNode
  readonly by?: SchemaNode | undefined
}

class Walker {
  readonly #ground: Ground
  readonly #problems: Problems
  /** Null: nobody will read what is found. */
  readonly #hints: Hints | null
  readonly #standIns = new StandIns()
  /** Whose defaults stand in at this moment. */
  readonly #standing = new Set<SchemaNode>()

  constructor(ground: Ground, problems: Problems, hints: Hints | null) {
    this.#ground = ground
    this.#problems = problems
    this.#hints = hints
  }

  /** `at`: the place of its key. */
  value(schema: SchemaNode, tree: Tree, path: Trail, at: Offset): unknown {
    if (tree.is === 'scalar' && tree.value === undefined) return this.#standIn(schema, tree.at)
    if (schema.format === 'any') return plainOf(tree)
    if (schema.format === 'one-or-more') return this.#oneOrMore(schema, tree, path, at)
    if (schema.format === 'or-word') return this.#orWord(schema, tree, path, at)
    if (schema.format === 'value-or-map') return this.#valueOrMap(schema, tree, path, at)
    if (schema.format === 'map-by') return this.#mapBy(schema, tree, path, at)
    if (schema.additionalProperties) return this.#mapOf(schema, schema.additionalProperties, tree, path)
    if (schema.type === 'object') return this.#object({ schema }, tree, path, at)
    if (schema.type === 'array') return this.#list(schema, tree, path)
    return tree.is === 'scalar' ? this.#scalar(schema, tree, path) : this.#wrong(schema, tree, path)
  }

  #object({ schema, by }: Chosen, tree: Tree, path: Trail, at: Offset): unknown {
    if (tree.is !== 'map') return this.#wrong(schema, tree, path)
    const properties = schema.properties ?? {}
    // What a wrong key was meant to be: its value is looked at as well, and nothing is missing.
    let meant: Map<string, Entry> | null = null
    for (const [key, entry] of tree.entries) {
      if (Object.hasOwn(properties, key) || isExtension(key)) continue
      const name = this.#unknownKey(schema, tree, { entry, path: { up: path, step: key }, by })
      if (name !== null) (meant ??= new Map()).set(name, entry)
    }
    this.#tell(wrongCountOfKeys(schema, tree), path, { at, end: at })
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
    if (told !== null || entry === undefined)
      return this.#object({ schema: told ?? {}, by: schema }, tree, path, at)
    this.value(
      { type: 'string', enum: wordsOf(schema), ...(schema.said && { said: schema.said }) },
      entry.value,
      { up: path, step: by },
      entry.at,
    )
    const entries = new Map(tree.entries).set(by, { ...entry, value: scalarAt(entry.at, undefined) })
    const likest = { schema: likestSchema(schema, tree), by: schema }
    return this.#object(likest, { ...tree, entries }, path, at)
  }

  /** A key without a default: lists and maps are empty then, anything else is missing. */
  #notGiven(schema: SchemaNode, path: Trail, at: Offset): unknown {
    if (schema.format === 'one-or-more' && !schema.isNeeded) return []
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

  #tell(shape: ShapeFinding | null, path: Trail, { at, end }: Span): void {
    if (shape !== null) this.#report({ ...shape, path, at, end })
  }

  #report({ path, ...finding }: Omit<Finding, 'path'> & { readonly path: Trail }): void {
    this.#problems.add({ ...finding, path: pathOf(path) })
  }

  /** What a default means. It is the same value everywhere: configs are not changed. */
  #default(schema: SchemaNode, path: Trail, at: Offset): unknown {
    const { defaults } = this.#ground
    let value = defaults.get(schema)
    if (value === undefined)
      defaults.set(schema, (value = this.value(schema, treeOf(schema.default, at), path, at)))
    return value
  }

  #mapOf(schema: SchemaNode, item: SchemaNode, tree: Tree, path: Trail): unknown {
    if (tree.is !== 'map') return this.#wrong(schema, tree, path)
    const result: Record<string, unknown> = {}
    const seen = new Set<string>()
    const misplaced = misplacedKeys(item, tree)
    const emptied = new Set(misplaced.values())
    for (const [key, entry] of tree.entries) {
      const here = { up: path, step: key }
      const above = misplaced.get(key)
      if (above !== undefined) {
        this.#tell(misplacedKey(key, above), here, entry)
        continue
      }
      this.#tell(wrongKey(schema, key, seen), here, entry)
      seen.add(key.toLowerCase())
      const isEmptied = isNothing(entry.value) && emptied.has(key)
      const value = isEmptied ? this.#standIn(item, entry.at) : this.value(item, entry.value, here, entry.at)
      if (key !== '__proto__') result[key] = value
    }
    return result
  }

  #list(schema: SchemaNode, tree: Tree, path: Trail): unknown {
    const { items = {} } = schema
    if (tree.is !== 'list') return this.#wrong(schema, tree, path)
    this.#tell(wrongCountOfItems(schema, tree), path, tree)
    const values = tree.items.map((item, index) =>
      this.value(items, item, { up: path, step: index }, item.at),
    )
    if (schema.uniqueItems)
      for (const index of secondOnes(values, tree)) {
        const item = tree.items[index] ?? tree
        const found = `${describe(item)} a second time`
        this.#tell({ code: 'duplicate', found, allowed: 'each once' }, { up: path, step: index }, item)
      }
    return values
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
    return tree.is === 'map'
      ? this.#object({ schema: object }, tree, path, at)
      : this.#wrong(schema, tree, path)
  }

  #valueOrMap(
    { anyOf: [value = {}, map = {}] = [] }: SchemaNode,
    tree: Tree,
    path: Trail,
    at: Offset,
  ): unknown {
    return this.value(tree.is === 'map' ? map : { ...value, isOrMap: true }, tree, path, at)
  }

  #scalar(schema: SchemaNode, tree: Scalar, path: Trail): unknown {
    const decoded = decodeScalar(schema, tree, this.#ground.folder)
    return decoded !== null && 'value' in decoded ? decoded.value : this.#wrong(schema, tree, path, decoded)
  }

  #wrong(wanted: SchemaNode, tree: Tree, path: Trail, refused: Refused | null = null): unknown {
    const isSecret = mayHoldSecrets(wanted) && [path?.step, path?.up?.step].map(String).some(isSecretField)
    const schema = isSecret ? { ...wanted, secret: true } : wanted
    const isOfType =
      refused !== null || (tree.is === 'scalar' && typeof tree.value === 'number' && isNumeric(schema))
    const allowed = `${refused?.allowed ?? kindOf(schema)}${schema.isOrMap ? ', or a map' : ''}`
    // A hint may repeat the value, and what was put in place may be a secret.
    const isPut = tree.is === 'scalar' && tree.written !== null
    const hint =
      isPut || this.#problems.isFull ? null : (this.#hints?.of(schema, tree, pathOf(path), refused) ?? null)
    const found = describe(tree, schema.secret)
    const code = isOfType ? 'wrong-value' : 'wrong-type'
    this.#report({ code, at: tree.at, end: tree.end, path, found, allowed, hint })
    return this.#standIn(schema, tree.at)
  }

  /** Reports a key that a schema does not know; gives the one that was meant, or null. */
  #unknownKey(schema: SchemaNode, tree: MapTree, { entry, path, by }: UnknownKey): string | null {
    const key = String(path?.step)
    const found = `the unknown key ${JSON.stringify(key.slice(0, 80))}`
    const allowed = Object.keys(schema.properties ?? {}).join(', ')
    const { at, end } = entry
    const finding = { code: 'unknown-key', at, end, path, found, allowed } as const
    if (this.#problems.isFull || this.#hints === null) {
      this.#report(finding)
      return null
    }
    const { root } = this.#ground
    const { hint, meant } = explainKey(key, schema, {
      by,
      isFree: (one) => !tree.entries.has(one),
      homes: () => homesOf(root, key, (home) => fits(home, entry.value)),
    })
    this.#report({ ...finding, hint })
    return meant
  }

  /** Something of the schema's type for a value that a problem was reported of. */
  #standIn(schema: SchemaNode, at: Offset): unknown {
    return this.#standIns.of(schema, (own) => {
      // A default of ours that its own schema refuses would stand in for itself, without end.
      if (this.#standing.has(own))
        throw new Error(`no default for its schema: ${JSON.stringify(own.default)}`)
      this.#standing.add(own)
      const value = this.value(own, treeOf(own.default, at), null, at)
      this.#standing.delete(own)
      return value
    })
  }
}
