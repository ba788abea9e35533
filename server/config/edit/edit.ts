// Changes settings in the text of a config and leaves all else as it stands: comments, quotes, indentation,
// anchors, line ends. The text is spliced; what comes of it is read again, and is only given when it says
// what was wanted and nothing else.
import { syntaxOf } from '../spell.ts'
import { type Path, treeAt, writePath } from '../tree.ts'
import { difference } from './difference.ts'
import { reformatted } from './reformat.ts'
import { rowProof } from './row-proof.ts'
import { Sheet } from './sheet.ts'
import { splices } from './splices.ts'
import { editToml } from './toml-edit.ts'
import { treeIn } from './tree-in.ts'
import {
  type Edit,
  type EditedOnce,
  Impossible,
  isSame,
  type Value,
  valueAt,
  valueOf,
  withEdit,
} from './values.ts'

/** The text with the changes, or why there is none. */
export type Edited =
  | {
      readonly text: string
      /** All of it was written anew, as it could not be spliced: comments are there, the form may not be. */
      readonly isReformatted: boolean
    }
  | {
      readonly refused: string
      /** Which edit it was that could not be done. */
      readonly index: number
    }

export interface EditOptions {
  /** Whether all of the text may be written anew where it cannot be spliced. */
  readonly mayReformat?: boolean
  /** The text as it was read before, of YAML or JSON; left out: it is read. */
  readonly sheet?: Sheet | null
}

/** Makes all of the edits, one after the other, of a config file that can be read; or none. */
export function editText(
  file: string,
  text: string,
  edits: readonly Edit[],
  options: EditOptions = {},
): Edited {
  const mark = text.startsWith('\uFEFF') ? '\uFEFF' : ''
  const isOpen = !text.endsWith('\n')
  const newline = text.includes('\r\n') ? '\r\n' : '\n'
  // Every row ends its line while it is worked on.
  let made = text.slice(mark.length) + (isOpen ? newline : '')
  let isReformatted = false
  for (const [index, edit] of edits.entries()) {
    const done = editInParts(file, made, edit, options)
    if ('refused' in done) return { refused: done.refused, index }
    made = done.text
    isReformatted ||= done.isReformatted
  }
  return { text: mark + (isOpen ? made.replace(/\r?\n$/, '') : made), isReformatted }
}

/** A map or list that is there already is changed where it is to be another, and stays elsewhere. */
function editInParts(file: string, text: string, edit: Edit, options: EditOptions): EditedOnce {
  let made = text
  for (const part of partsOf(edit, () => valueIn(file, text, options))) {
    const done = editAny(file, made, part, { ...options, mayReformat: false })
    if ('refused' in done) return editAny(file, text, edit, options)
    made = done.text
  }
  return { text: made, isReformatted: false }
}

/** The fewest edits that come to the same; `value` gives what is there. */
export const partsOf = (edit: Edit, value: () => Value): readonly Edit[] =>
  edit.do === 'set' && typeof edit.to === 'object' && edit.path.length > 0
    ? difference(edit.path, valueAt(value(), edit.path), edit.to)
    : [edit]

function valueIn(file: string, text: string, { sheet }: EditOptions): Value {
  if (sheet?.text === text) return sheet.value
  const tree = treeIn(file, text)
  return tree === null ? undefined : valueOf(tree)
}

const editAny = (file: string, text: string, edit: Edit, options: EditOptions): EditedOnce =>
  syntaxOf(file) === 'toml' ? editToml(file, text, edit) : editOnce(file, text, edit, options)

function editOnce(file: string, text: string, edit: Edit, options: EditOptions): EditedOnce {
  const sheet = options.sheet?.text === text ? options.sheet : Sheet.read(file, text)
  if (sheet === null) return { refused: 'the file cannot be read' }
  let goal: Value
  try {
    goal = withEdit(sheet.value, edit)
  } catch (error) {
    if (error instanceof Impossible) return { refused: error.message }
    throw error
  }
  if (isSame(goal, sheet.value)) return { text, isReformatted: false }
  const isGoal = (candidate: string): boolean => {
    const isProven = rowProof(sheet, candidate, goal)
    if (isProven !== null) return isProven
    const read = Sheet.read(file, candidate)
    return read !== null && isSame(read.value, goal)
  }
  for (const candidate of splices(sheet, edit, goal))
    if (isGoal(candidate)) return { text: candidate, isReformatted: false }
  const whole = options.mayReformat === true ? reformatted(text, edit, sheet.habits) : null
  if (whole !== null && isGoal(whole)) return { text: whole, isReformatted: true }
  return { refused: whyNot(sheet, edit.path) }
}

function whyNot(sheet: Sheet, path: Path): string {
  const shared = path.findIndex((_, depth) => treeAt(sheet.tree, path.slice(0, depth + 1))?.isShared === true)
  const { holder, depth } = sheet.trace(path)
  const [, anchor] = /&([^\s,[\]{}]+)/.exec(sheet.text.slice(holder.from, holder.end)) ?? []
  if (shared < 0 && anchor !== undefined && depth === path.length)
    return `${writePath(path)} holds the anchor "&${anchor}", which other places use: edit the file by hand`
  return shared < 0
    ? 'it cannot be changed alone: edit the file by hand'
    : `${writePath(path.slice(0, shared + 1))} comes from an anchor, which other places use as well: edit the file by hand`
}
