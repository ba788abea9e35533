// Where in its file stands what turned out to be a problem only when a config was applied.
import type { ApplyProblem } from '../problem.ts'
import type { Path } from '../../config/tree.ts'

/** The text of a config that was found valid, and the file that it stood in. */
export interface ConfigText {
  readonly file: string
  readonly text: string
}

/**
 * The same problems, each with file, line and column, and its path as written; those with a place of their
 * own keep it.
 */
export async function located(
  problems: readonly ApplyProblem[],
  { file, text: whole }: ConfigText,
): Promise<ApplyProblem[]> {
  const [{ Lines, locate, readPath, writePath }, { readTree }, { Problems }, { isShort, shortPath }] =
    await Promise.all([
      import('../../config/tree.ts'),
      import('../../config/read.ts'),
      import('../../config/problem.ts'),
      import('../../config/short.ts'),
    ])
  const text = whole.replace(/^\uFEFF/, '')
  const lines = new Lines(file, text)
  const tree = readTree(text, lines, new Problems(lines))
  if (tree === null) return [...problems]
  const written = isShort(tree) ? shortPath(tree) : (path: Path): Path => path
  return problems.map((problem) => {
    if (problem.path === '' || 'line' in problem) return problem
    const path = written(readPath(problem.path))
    return { ...problem, path: writePath(path), ...lines.place(locate(tree, path).at) }
  })
}

/** A problem as a line for people. */
export function lineOf({ path, message, hint, line, column, text }: ApplyProblem, file: string): string {
  if (typeof text === 'string') return text
  const place = typeof line === 'number' ? `:${line}:${String(column)}` : ''
  return `${file}${place}${path === '' ? '' : ` ${path}`}: ${message}${typeof hint === 'string' ? `; ${hint}` : ''}`
}

/** Shows problems to who started the gateway. */
export function tellPeople(
  problems: readonly ApplyProblem[],
  { file, stderr }: { readonly file: string; readonly stderr: (text: string) => void },
): void {
  for (const problem of problems) stderr(`${lineOf(problem, file)}\n`)
}
