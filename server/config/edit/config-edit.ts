// Edits of a config by the paths of its long form, whichever form it is written in.
import { isShort } from '../short.ts'
import { editText, type Edited, type EditOptions, partsOf } from './edit.ts'
import { olderEdits, ownTree } from './older-edits.ts'
import { shortEdits } from './short-edits.ts'
import type { MapTree } from '../tree.ts'
import { longTree, treeIn } from './tree-in.ts'
import { type Edit, Impossible, isSame, type Value, valueOf, withEdit } from './values.ts'

/** `needsLong`: the short form, in which the file is written, cannot say it. */
export type ConfigEdited =
  | Exclude<Edited, { refused: string }>
  | (Extract<Edited, { refused: string }> & { readonly needsLong?: true })

/** Makes all of the edits or none; a text in the short form stays so, and an older key that is not edited. */
export function editConfig(
  file: string,
  text: string,
  edits: readonly Edit[],
  options: EditOptions = {},
): ConfigEdited {
  const clean = text.replace(/^\uFEFF/, '')
  const tree = options.sheet?.text === clean ? options.sheet.tree : treeIn(file, clean)
  if (tree === null) return { refused: 'the file cannot be read', index: 0 }
  const long = longTree(file, clean, tree)
  if (long === null || ownTree(long) === long) return editWritten(file, text, { tree, edits }, options)
  let made = text
  let isReformatted = false
  for (const [index, edit] of edits.entries()) {
    const now = treeIn(file, made.replace(/^\uFEFF/, ''))
    const nowLong = now && longTree(file, made, now)
    if (now === null || nowLong === null) return { refused: 'the file cannot be read', index }
    const done = editWritten(file, made, { tree: now, edits: olderEdits(nowLong, edit) }, options)
    if ('refused' in done) return { ...done, index }
    made = done.text
    isReformatted ||= done.isReformatted
  }
  return { text: made, isReformatted }
}

interface Wanted {
  /** Of the text, as it is written. */
  readonly tree: MapTree
  readonly edits: readonly Edit[]
}

function editWritten(
  file: string,
  text: string,
  { tree, edits }: Wanted,
  options: EditOptions,
): ConfigEdited {
  if (!isShort(tree)) return editText(file, text, edits, options)
  let made = text
  let isReformatted = false
  for (const [index, edit] of edits.entries()) {
    const now = made.replace(/^\uFEFF/, '')
    for (const part of partsOf(edit, () => longValue(file, now) ?? undefined)) {
      const done = editShort(file, made, part, options)
      if ('refused' in done) return { ...done, index }
      made = done.text
      isReformatted ||= done.isReformatted
    }
  }
  return { text: made, isReformatted }
}

const NEEDS_LONG = 'the short form, in which the file is written, cannot say it: it needs the long form'

function editShort(file: string, text: string, edit: Edit, options: EditOptions): ConfigEdited {
  const clean = text.replace(/^\uFEFF/, '')
  const tree = treeIn(file, clean)
  const value = tree && longValue(file, clean)
  if (tree === null || value === null) return { refused: 'the file cannot be read', index: 0 }
  let goal: Value
  try {
    goal = withEdit(value, edit)
  } catch (error) {
    if (error instanceof Impossible) return { refused: error.message, index: 0 }
    throw error
  }
  if (isSame(goal, value)) return { text, isReformatted: false }
  const edits = shortEdits(tree, edit)
  if (edits === null) return { refused: NEEDS_LONG, index: 0, needsLong: true }
  const edited = editText(file, text, edits, options)
  if ('refused' in edited) return { ...edited, index: 0 }
  const made = longValue(file, edited.text.replace(/^\uFEFF/, ''))
  const isGoal = made !== null && isSame(made, goal)
  return isGoal ? edited : { refused: NEEDS_LONG, index: 0, needsLong: true }
}

/** What a text says in the long form; null: it cannot be read. */
export function longValue(file: string, text: string): Value | null {
  const tree = treeIn(file, text)
  const long = tree && longTree(file, text, tree)
  return long && valueOf(long)
}
