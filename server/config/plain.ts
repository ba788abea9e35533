// A config as it is written, for people and programs: what stands in the text, with nothing filled in.
import { Problems } from './problem.ts'
import { readTree } from './read.ts'
import { isShort, toLong } from './short.ts'
import { Lines, type MapTree, type Tree } from './tree.ts'

/** What a text says; null: it cannot be read. */
export function treeOfText(file: string, text: string): MapTree | null {
  const plain = text.replace(/^\uFEFF/, '')
  const lines = new Lines(file, plain)
  return readTree(plain, lines, new Problems(lines))
}

/**
 * The same in the long form, where texts with ${…} are marked as filled in though nothing was; null: it
 * cannot be read.
 */
export function longTreeOfText(file: string, text: string): MapTree | null {
  const tree = treeOfText(file, text)
  if (tree === null) return null
  const long = isShort(tree) ? toLong(tree, new Problems(new Lines(file, text))) : tree
  if (long !== null) markFilledIn(long)
  return long
}

/** Texts that hold ${…}, as if that had been put in their place. */
export function markFilledIn(tree: Tree): void {
  if (tree.is === 'list') tree.items.forEach(markFilledIn)
  else if (tree.is === 'map') for (const { value } of tree.entries.values()) markFilledIn(value)
  else if (typeof tree.value === 'string' && tree.value.includes('${')) tree.written = tree.value
}
