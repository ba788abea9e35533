// Maps whose schema depends on a word in them ("map-by"), as that of a listener on its protocol.
import type { SchemaNode } from './schema-node.ts'
import { nearest } from './nearest.ts'
import type { MapTree, Tree } from './tree.ts'

/** The schema that the word in a map tells; the first where it has none. Null: no schema has this word. */
export function schemaByWord({ by = '', anyOf = [] }: SchemaNode, { entries }: MapTree): SchemaNode | null {
  const of = (value: Tree): SchemaNode | undefined =>
    anyOf.find((one) => value.is === 'scalar' && wordOf(one, by) === value.value)
  const told = entries.get(by)?.value
  if (told !== undefined) return of(told) ?? null
  // The key itself may be misspelt: what stands beside it is still to be of that word.
  for (const [key, { value }] of entries) {
    if (value.is !== 'scalar' || isKnown(anyOf[0], key)) continue
    if (anyOf[0]?.also?.[key] === by || nearest(key, [by]) !== null) return of(value) ?? anyOf[0] ?? null
  }
  return anyOf[0] ?? null
}

const isKnown = ({ properties = {} }: SchemaNode = {}, key: string): boolean => Object.hasOwn(properties, key)

/** The schema that knows most keys of a map. */
export function likestSchema({ anyOf = [] }: SchemaNode, { entries }: MapTree): SchemaNode {
  const known = (one: SchemaNode): number =>
    [...entries.keys()].filter((key) => Object.hasOwn(one.properties ?? {}, key)).length
  return anyOf.reduce((best, one) => (known(one) > known(best) ? one : best), anyOf[0] ?? {})
}

/** The words that a map can have. */
export const wordsOf = ({ by = '', anyOf = [] }: SchemaNode): readonly string[] =>
  anyOf.map((one) => wordOf(one, by))

/** What a key that `schema` does not know needs to be known; null: it is unknown everywhere. */
export function wordFor({ by = '', anyOf = [] }: SchemaNode, key: string): string | null {
  const knows = anyOf.find(({ properties = {} }) => Object.hasOwn(properties, key))
  return knows === undefined ? null : `${by}: ${wordOf(knows, by)}`
}

export const wordOf = ({ properties = {} }: SchemaNode, by: string): string =>
  String(properties[by]?.enum?.[0] ?? '')
