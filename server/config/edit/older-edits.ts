// Edits of settings that a file spells by an older key: asked for by ours, made where that stands, which gets
// our name. What is spelt so and not edited stays as it is.
import { itemSchemaOf, inOwnKeys, mapSchemaOf } from '../older-keys.ts'
import { ConfigOptions } from '../schema.ts'
import type { SchemaNode } from '../schema-node.ts'
import { mapAt, type MapTree, type Path, type Tree, treeAt, treeOf } from '../tree.ts'
import { partsOf } from './edit.ts'
import { asGiven, type Edit, valueOf } from './values.ts'

const ROOT = ConfigOptions as SchemaNode

/** The same tree where nothing is spelt by an older key: then edits are made as they are. */
export const ownTree = (long: MapTree): MapTree => inOwnKeys(ROOT, long).tree

/** The edits of what stands in the file, in its long form, that come to what is asked for by our keys. */
export function olderEdits(long: MapTree, edit: Edit): readonly Edit[] {
  const own = ownTree(long)
  if (own === long) return [edit]
  return partsOf(inKeys(long, edit), () => valueOf(own)).flatMap((part) => ofPart(long, part))
}

/** What is to be written by our keys as well: else it would differ from what is there. */
function inKeys(long: MapTree, edit: Edit): Edit {
  if (edit.do !== 'set' && edit.do !== 'insert') return edit
  const { tree, respelt } = inOwnKeys(schemaAt(long, edit.path), treeOf(edit.to, 0))
  return respelt.length === 0 ? edit : { ...edit, to: asGiven(valueOf(tree)) ?? edit.to }
}

function ofPart(long: MapTree, part: Edit): readonly Edit[] {
  const path = part.path.slice(0, -1)
  const key = String(part.path.at(-1))
  const holder = treeAt(long, path)
  const older = holder?.is === 'map' ? olderFor(mapSchemaOf(schemaAt(long, path), holder), key, holder) : null
  if (older === null) return [part]
  const there = [...path, older]
  if (part.do === 'remove') return [{ do: 'remove', path: there }]
  return part.do === 'set' ? [{ do: 'rename', path: there, to: key }, part] : [part]
}

/** What the file says it by; null: by its own name, or not at all. */
const olderFor = ({ older = {} }: SchemaNode, key: string, { entries }: MapTree): string | null =>
  Object.entries(older).find(([name, { for: own }]) => own === key && entries.has(name))?.[0] ?? null

const NOTHING = mapAt(0, new Map())

/** The schema of what stands there, or would. */
function schemaAt(root: Tree, path: Path): SchemaNode {
  let schema = ROOT
  let tree: Tree | undefined = root
  for (const step of path) {
    const map: MapTree = tree?.is === 'map' ? tree : NOTHING
    if (typeof step === 'number') schema = itemSchemaOf(schema)
    else {
      const of = mapSchemaOf(schema, map)
      schema = of.properties?.[step] ?? (of.additionalProperties || {})
    }
    tree =
      typeof step === 'string' ? map.entries.get(step)?.value : tree?.is === 'list' ? tree.items[step] : tree
  }
  return schema
}
