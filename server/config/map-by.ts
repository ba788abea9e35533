// Maps whose schema depends on a word in them ("map-by"), as that of a listener on its protocol.
import type { SchemaNode } from './schema-node.ts'
import type { MapTree } from './tree.ts'

/** The schema that the word in a map tells; the first where it has none. Null: no schema has this word. */
export function schemaByWord({ by = '', anyOf = [] }: SchemaNode, { entries }: MapTree): SchemaNode | null {
  const value = entries.get(by)?.value
  if (value === undefined) return anyOf[0] ?? null
  return anyOf.find((one) => value.is === 'scalar' && wordOf(one, by) === value.value) ?? null
}

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
