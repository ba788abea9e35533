// Keys that mean the same as ours and are spelt as other programs spell them (`older` of a schema): what is
// written by one of them is read as if it had been written by ours, at the same place of the file.
import { decodeScalar } from './decode-scalar.ts'
import { schemaByWord } from './map-by.ts'
import type { Problems } from './problem.ts'
import type { OlderKey, SchemaNode } from './schema-node.ts'
import { describe, kindOf } from './spoken.ts'
import { type Entry, listAt, mapAt, type MapTree, type Path, scalarAt, type Tree } from './tree.ts'

/** Where one of them was found. */
export interface Respelt {
  /** Of our key. */
  readonly path: Path
  readonly older: string
}

interface Found {
  readonly respelt: Respelt[]
  /** Null: what cannot be read so stays as it is, and nothing is said. */
  readonly problems: Problems | null
}

/** The same tree where nothing is spelt so; else another, of which the rest is the same. */
export function inOwnKeys<T extends Tree>(
  schema: SchemaNode,
  tree: T,
  problems: Problems | null = null,
): { readonly tree: T; readonly respelt: readonly Respelt[] } {
  const found: Found = { respelt: [], problems }
  return { tree: mayHold(schema) ? (own(schema, tree, [], found) as T) : tree, respelt: found.respelt }
}

function own(schema: SchemaNode, tree: Tree, path: Path, found: Found): Tree {
  if (tree.is === 'scalar') return tree
  if (tree.is === 'map') return ownMap(mapSchemaOf(schema, tree), tree, path, found)
  const of = itemSchemaOf(schema)
  if (!mayHold(of)) return tree
  const items = tree.items.map((item, place) => own(of, item, [...path, place], found))
  const isSame = items.every((item, place) => item === tree.items[place])
  return isSame ? tree : { ...listAt(tree.at, items, tree.end), isShared: tree.isShared }
}

function ownMap(schema: SchemaNode, tree: MapTree, path: Path, found: Found): MapTree {
  if (!mayHold(schema)) return tree
  let isSame = true
  const entries = new Map<string, Entry>()
  for (const [key, entry] of tree.entries) {
    const older = olderOf(schema, key)
    const named = older === undefined ? null : respell(older, { key, entry, tree, path }, found)
    const of = schema.properties?.[key] ?? (schema.additionalProperties || null)
    const value = of === null ? entry.value : own(of, entry.value, [...path, key], found)
    if (named !== null) for (const [its, what] of named) entries.set(its, what)
    else entries.set(key, value === entry.value ? entry : { ...entry, value })
    isSame &&= named === null && value === entry.value
  }
  return isSame ? tree : { ...mapAt(tree.at, entries, tree.end), isShared: tree.isShared }
}

interface Written {
  readonly key: string
  readonly entry: Entry
  readonly tree: MapTree
  readonly path: Path
}

/** What is read in its place, nothing after a problem; null: it stays. */
function respell(
  older: OlderKey,
  { key, entry, tree, path }: Written,
  { problems, respelt }: Found,
): readonly (readonly [string, Entry])[] | null {
  const here = { path: [...path, key], at: entry.at, end: entry.end }
  if (tree.entries.has(older.for)) {
    problems?.add({
      ...here,
      code: 'conflict',
      found: `"${key}" beside "${older.for}", which says the same`,
      allowed: 'one of them',
      hint: `leave "${key}" out`,
    })
    return problems === null ? null : []
  }
  const { value } = entry
  const read = value.is === 'scalar' ? decodeScalar(older.value, value, '/') : null
  if (value.is !== 'scalar' || read === null || !('value' in read)) {
    const isTold = value.is !== 'scalar' || value.value !== undefined
    if (isTold)
      problems?.add({
        ...{ ...here, at: value.at, end: value.end },
        code: typeof (value.is === 'scalar' && value.value) === 'number' ? 'wrong-value' : 'wrong-type',
        found: describe(value),
        allowed: kindOf(older.value),
      })
    return problems === null ? null : []
  }
  respelt.push({ path: [...path, older.for], older: key })
  const { written, loose, isShared } = value
  const made = {
    ...scalarAt(value.at, inOurWords(older, Number(read.value)), value.end),
    written,
    loose,
    isShared,
  }
  return [[older.for, { ...entry, value: made }]]
}

/** The value of our key that says the same. */
const inOurWords = ({ plus = 0, unit }: OlderKey, value: number): number | string =>
  unit === undefined ? value + plus : `${value}${unit}`

export const olderOf = ({ older }: SchemaNode, key: string): OlderKey | undefined =>
  older !== undefined && Object.hasOwn(older, key) ? older[key] : undefined

/** Problems of our keys are told by those that stand in the file. */
export function asSpelt(respelt: readonly Respelt[], written: (path: Path) => Path): (path: Path) => Path {
  if (respelt.length === 0) return written
  return (path) => {
    const one = respelt.find((each) => each.path.every((step, at) => step === path[at]))
    return written(one === undefined ? path : path.with(one.path.length - 1, one.older))
  }
}

// ── which schema a part of a tree follows ──

export function mapSchemaOf(schema: SchemaNode, tree: MapTree): SchemaNode {
  if (schema.by !== undefined) return schemaByWord(schema, tree) ?? {}
  const { anyOf } = schema
  if (anyOf === undefined) return schema
  const one = anyOf.find((each) => each.properties ?? each.additionalProperties ?? each.by)
  return one === undefined ? {} : mapSchemaOf(one, tree)
}

export const itemSchemaOf = (schema: SchemaNode): SchemaNode =>
  schema.items ?? (schema.format === 'one-or-more' ? schema.anyOf?.[0] : undefined) ?? {}

/** Whether any of them may stand below: most of a large config is not gone into. */
function mayHold(schema: SchemaNode): boolean {
  const known = held.get(schema)
  if (known !== undefined) return known
  const holds = reaches(schema, new Set())
  held.set(schema, holds)
  return holds
}
const held = new WeakMap<SchemaNode, boolean>()

/** `seen`: some schemas hold themselves. */
function reaches(schema: SchemaNode, seen: Set<SchemaNode>): boolean {
  if (seen.has(schema)) return false
  seen.add(schema)
  const { older, properties = {}, additionalProperties, items, anyOf = [] } = schema
  const below = [...Object.values(properties), ...anyOf]
  if (additionalProperties) below.push(additionalProperties)
  if (items) below.push(items)
  return older !== undefined || below.some((one) => reaches(one, seen))
}
