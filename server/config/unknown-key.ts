// Where else in the schema a key is known.
import type { SchemaNode } from './schema-node.ts'

const HOMES_MAX = 3
const cache = new WeakMap<SchemaNode, ReadonlyMap<string, readonly string[]>>()

/** The places that know a key, in words; null: none does, or too many to be of help. */
export function homesOf(root: SchemaNode, key: string): string | null {
  const homes = indexOf(root).get(key)
  return homes === undefined || homes.length > HOMES_MAX ? null : homes.join(' or ')
}

function indexOf(root: SchemaNode): ReadonlyMap<string, readonly string[]> {
  const known = cache.get(root)
  if (known !== undefined) return known
  const index = new Map<string, string[]>()
  visit(root, '', index)
  cache.set(root, index)
  return index
}

function visit(schema: SchemaNode, path: string, index: Map<string, string[]>): void {
  for (const [key, property] of Object.entries(schema.properties ?? {})) {
    const homes = index.get(key) ?? []
    const home = path === '' ? 'the top level' : path
    if (!homes.includes(home)) homes.push(home)
    index.set(key, homes)
    visit(property, path === '' ? key : `${path}.${key}`, index)
  }
  if (schema.additionalProperties) visit(schema.additionalProperties, `${path}.NAME`, index)
  if (schema.items) visit(schema.items, `${path}[]`, index)
  for (const one of schema.anyOf ?? []) visit(one, path, index)
}
