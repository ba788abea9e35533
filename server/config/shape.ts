// What can be wrong with a map or a list as a whole.
import { FORMATS } from './formats.ts'
import type { Finding } from './problem.ts'
import type { SchemaNode } from './schema-node.ts'
import { isStandIn } from './stand-in.ts'
import { isExtension, type List, type MapTree } from './tree.ts'

/** What is told of a place. */
export type ShapeFinding = Pick<Finding, 'code' | 'found' | 'allowed' | 'hint'>

/** Of a map that has too many or too few keys. */
export function wrongCountOfKeys(
  { minProperties = 0, maxProperties }: SchemaNode,
  { entries }: MapTree,
): ShapeFinding | null {
  if (minProperties === 0 && maxProperties === undefined) return null
  const count = [...entries.keys()].filter((key) => !isExtension(key)).length
  if (count >= minProperties && count <= (maxProperties ?? count)) return null
  const found = count === 0 ? 'an empty map' : `${count} keys`
  const hint = count > 1 ? 'begin a list item ("- ") for each' : null
  return { code: 'wrong-value', found, allowed: 'exactly one key', hint }
}

/** Of a list that is too long or too short. */
export function wrongCountOfItems(
  { minItems = 0, maxItems = Number.POSITIVE_INFINITY }: SchemaNode,
  { items: { length } }: List,
): ShapeFinding | null {
  if (length >= minItems && length <= maxItems) return null
  const allowed = length < minItems ? `at least ${minItems}` : `at most ${maxItems}`
  return { code: 'wrong-value', found: length === 0 ? 'an empty list' : `${length} items`, allowed }
}

/** Of a key in a map whose keys are names; `seen`: those before it, in lower case. */
export function wrongKey(
  { keys = 'name' }: SchemaNode,
  key: string,
  seen: ReadonlySet<string>,
): ShapeFinding | null {
  const decoded = FORMATS[keys]?.decode(key, {})
  const found = `the key ${JSON.stringify(key.slice(0, 80))}`
  if (decoded && 'allowed' in decoded) {
    const { allowed, hint } = decoded
    return { code: 'wrong-value', found, allowed, hint }
  }
  // Field names differ in case only for people.
  if (keys !== 'field-name' || !seen.has(key.toLowerCase())) return null
  const allowed = 'each field once, in upper or lower case'
  return { code: 'duplicate', found: `${found} a second time`, allowed }
}

/** Places of values that stood in the list before. */
export function secondOnes(values: readonly unknown[], { items }: List): readonly number[] {
  const seen = new Set<unknown>()
  return values.flatMap((value, index) => {
    const tree = items[index]
    // What stands in for a wrong value was not written, and is no other's double.
    if (tree?.is !== 'scalar' || tree.value !== value || isStandIn(String(value))) return []
    if (seen.has(value)) return [index]
    seen.add(value)
    return []
  })
}
