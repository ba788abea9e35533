// The commonest slip of YAML: what belongs below a name stands beside it, indented too little.
import type { SchemaNode } from './schema-node.ts'
import type { ShapeFinding } from './shape.ts'
import type { MapTree, Tree } from './tree.ts'

/** Keys of an item that stand beside its name, as they were indented too little: each with that name. */
export function misplacedKeys(schema: SchemaNode, tree: MapTree): ReadonlyMap<string, string> {
  const all = schema.by === undefined ? [schema] : (schema.anyOf ?? [])
  const isKnown = (key: string): boolean => all.some(({ properties = {} }) => Object.hasOwn(properties, key))
  const misplaced = new Map<string, string>()
  let above: string | null = null
  for (const [key, { value }] of tree.entries) {
    const isItem =
      value.is === 'map' && !isNothing(above === null ? undefined : tree.entries.get(above)?.value)
    if (above !== null && !isItem && isKnown(key)) misplaced.set(key, above)
    else above = key
  }
  return misplaced
}

/** What is told of such a key. */
export const misplacedKey = (key: string, above: string): ShapeFinding => ({
  code: 'wrong-value',
  found: `the key ${JSON.stringify(key)} beside ${JSON.stringify(above)}`,
  allowed: `it below ${JSON.stringify(above)}`,
  hint: `indent "${key}" further than "${above}"`,
})

/** Whether nothing is written there. */
export const isNothing = (tree: Tree | undefined): boolean => tree?.is === 'scalar' && tree.value === null
