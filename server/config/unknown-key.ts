// Where else in the schema a key is known.
import { wordOf } from './map-by.ts'
import type { SchemaNode } from './schema-node.ts'

const HOMES_MAX = 4
type Index = ReadonlyMap<string, readonly string[]>
const cache = new WeakMap<SchemaNode, Index>()

/** The places that know a key, in words; null: none does, or too many to be of help. */
export function homesOf(root: SchemaNode, key: string): string | null {
  const homes = indexOf(root).get(key)
  return homes === undefined || homes.length > HOMES_MAX ? null : homes.join(' or ')
}

function indexOf(root: SchemaNode): Index {
  const known = cache.get(root)
  if (known !== undefined) return known
  const index = new Map<string, string[]>()
  visit(root, '', index)
  cache.set(root, index)
  return index
}

function visit(schema: SchemaNode, path: string, index: Map<string, string[]>): void {
  for (const [key, property] of Object.entries(schema.properties ?? {})) {
    add(index, key, path === '' ? 'the top level' : path)
    visit(property, path === '' ? key : `${path}.${key}`, index)
  }
  if (schema.additionalProperties) visit(schema.additionalProperties, `${path}.NAME`, index)
  if (schema.items) visit(schema.items, `${path}[]`, index)
  if (schema.by !== undefined) return visitBy(schema, schema.by, path, index)
  for (const one of schema.anyOf ?? []) visit(one, path, index)
}

/** A home that only some of the schemas have needs their word. */
function visitBy({ anyOf = [] }: SchemaNode, by: string, path: string, index: Map<string, string[]>): void {
  const indexes = anyOf.map((one) => {
    const own = new Map<string, string[]>()
    visit(one, path, own)
    return { own, word: wordOf(one, by) }
  })
  for (const { own, word } of indexes)
    for (const [key, homes] of own)
      for (const home of homes) {
        const isEverywhere = indexes.every((one) => one.own.get(key)?.includes(home))
        add(index, key, isEverywhere ? home : `${home} with ${by}: ${word}`)
      }
}

function add(index: Map<string, string[]>, key: string, home: string): void {
  const homes = index.get(key) ?? []
  if (!homes.includes(home)) homes.push(home)
  index.set(key, homes)
}
