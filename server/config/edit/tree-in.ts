import { Problems } from '../problem.ts'
import { readTree } from '../read.ts'
import { isShort, toLong } from '../short.ts'
import { Lines, type MapTree } from '../tree.ts'

/** What a text of a config file is; null: it cannot be read. */
export function treeIn(file: string, text: string): MapTree | null {
  const lines = new Lines(file, text)
  const problems = new Problems(lines)
  const tree = readTree(text, lines, problems)
  return problems.hasErrors ? null : tree
}

/** The same in the long form; null: it is mixed, or there is more in it than the short one knows. */
export function longTree(file: string, text: string, written: MapTree): MapTree | null {
  if (!isShort(written)) return written
  const problems = new Problems(new Lines(file, text))
  const long = toLong(written, problems)
  return problems.hasErrors ? null : long
}
