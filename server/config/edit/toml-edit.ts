// Edits of TOML: pairs and sections come, go and change in their lines; all else stays.
import { writePath } from '../tree.ts'
import { TomlSplices } from './toml-splices.ts'
import { treeIn } from './tree-in.ts'
import { type Edit, type EditedOnce, Impossible, isSame, type Value, valueOf, withEdit } from './values.ts'

export function editToml(file: string, text: string, edit: Edit): EditedOnce {
  const value = read(file, text)
  if (value === undefined) return { refused: 'the file cannot be read' }
  let goal: Value
  try {
    goal = withEdit(value, edit)
  } catch (error) {
    if (error instanceof Impossible) return { refused: error.message }
    throw error
  }
  if (isSame(goal, value)) return { text, isReformatted: false }
  for (const candidate of new TomlSplices(text, goal).of(edit)) {
    const made = read(file, candidate)
    if (made !== undefined && isSame(made, goal)) return { text: candidate, isReformatted: false }
  }
  return { refused: `${writePath(edit.path)} cannot be changed alone in TOML: edit the file by hand` }
}

function read(file: string, text: string): Value {
  const tree = treeIn(file, text)
  return tree === null ? undefined : valueOf(tree)
}
