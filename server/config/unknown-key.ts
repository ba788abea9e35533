// A key that a schema does not know: what was meant, and where else it is known.
import { wordFor, wordOf } from './map-by.ts'
import { nearest } from './nearest.ts'
import type { SchemaNode } from './schema-node.ts'

/** What there is around an unknown key. */
interface Around {
  /** The schemas that the one in question is among. */
  readonly by: SchemaNode | undefined
  /** Whether a key is not written in the same map. */
  readonly isFree: (key: string) => boolean
  /** Where else it is known, in words. */
  readonly homes: () => string | null
}

/** What to say of an unknown key, and the one that was meant, if that is known and not written. */
export function explainKey(
  key: string,
  schema: SchemaNode,
  { by = {}, isFree, homes }: Around,
): { readonly hint: string | null; readonly meant: string | null } {
  const glued = /^([A-Za-z_][A-Za-z0-9_-]*)=(.+)$/.exec(key)
  if (glued !== null) return { hint: ofGlued(glued, schema), meant: null }
  const free = (one: string): string | null => (isFree(one) ? one : null)
  const also = ownOf(schema.also, key)
  if (also !== undefined) return { hint: `it is called ${JSON.stringify(also)}`, meant: free(also) }
  const lacking = ownOf(schema.lacks, key)
  if (lacking !== undefined) return { hint: lacking, meant: null }
  const needed = wordFor(by, key)
  if (needed !== null) return { hint: `it needs "${needed}"`, meant: null }
  const near = nearest(key, Object.keys(schema.properties ?? {}).filter(isFree))
  if (near !== null) return { hint: `did you mean "${near}"?`, meant: near }
  const elsewhere = homes()
  return { hint: elsewhere && `it belongs to ${elsewhere}`, meant: null }
}

/** `max_fails=3`, as nginx has it. */
function ofGlued([, key = '', value = '']: readonly string[], schema: SchemaNode): string {
  const known = ownOf(schema.also, key) ?? (Object.hasOwn(schema.properties ?? {}, key) ? key : undefined)
  return ownOf(schema.lacks, key) ?? `write ${known ?? key}: ${value}`
}

/** Keys are the user's: "constructor" is found in every map of the code. */
const ownOf = (said: Readonly<Record<string, string>> | undefined, key: string): string | undefined =>
  said !== undefined && Object.hasOwn(said, key) ? said[key] : undefined

const HOMES_MAX = 4
/** The schema of a key, by where it is known. */
type Homes = Map<string, SchemaNode>
type Index = ReadonlyMap<string, Homes>
const cache = new WeakMap<SchemaNode, Index>()

/** The places that know a key and what it holds, in words; null: there is none, or too many to be of help. */
export function homesOf(root: SchemaNode, key: string, fits: (schema: SchemaNode) => boolean): string | null {
  const homes = [...(indexOf(root).get(key) ?? [])].filter(([, schema]) => fits(schema)).map(([home]) => home)
  return homes.length === 0 || homes.length > HOMES_MAX ? null : homes.join(' or ')
}

function indexOf(root: SchemaNode): Index {
  const known = cache.get(root)
  if (known !== undefined) return known
  const index = new Map<string, Homes>()
  visit(root, '', index)
  cache.set(root, index)
  return index
}

/** Schemas that are being visited: one that holds itself is at home where it stands first. */
const open = new Set<SchemaNode>()

function visit(schema: SchemaNode, path: string, index: Map<string, Homes>): void {
  if (open.has(schema)) return
  open.add(schema)
  visitAnew(schema, path, index)
  open.delete(schema)
}

function visitAnew(schema: SchemaNode, path: string, index: Map<string, Homes>): void {
  for (const [key, property] of Object.entries(schema.properties ?? {})) {
    add(index, key, path === '' ? 'the top level' : path, property)
    visit(property, path === '' ? key : `${path}.${key}`, index)
  }
  if (schema.additionalProperties) visit(schema.additionalProperties, `${path}.NAME`, index)
  if (schema.items) visit(schema.items, `${path}[]`, index)
  if (schema.by !== undefined) return visitBy(schema, schema.by, path, index)
  // One of several is at home where they are.
  const several = schema.format === 'one-or-more' ? schema.anyOf?.slice(0, 1) : schema.anyOf
  for (const one of several ?? []) visit(one, path, index)
}

/** A home that only some of the schemas have needs their word. */
function visitBy({ anyOf = [] }: SchemaNode, by: string, path: string, index: Map<string, Homes>): void {
  const indexes = anyOf.map((one) => {
    const own = new Map<string, Homes>()
    visit(one, path, own)
    return { own, word: wordOf(one, by) }
  })
  for (const { own, word } of indexes)
    for (const [key, homes] of own)
      for (const [home, schema] of homes) {
        const isEverywhere = indexes.every((one) => one.own.get(key)?.has(home))
        add(index, key, isEverywhere ? home : `${home} with ${by}: ${word}`, schema)
      }
}

function add(index: Map<string, Homes>, key: string, home: string, schema: SchemaNode): void {
  const homes: Homes = index.get(key) ?? new Map<string, SchemaNode>()
  if (!homes.has(home)) homes.set(home, schema)
  index.set(key, homes)
}
