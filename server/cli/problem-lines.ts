// A refusal of the admin API, in words.
import type { ProblemItem } from '../admin/problem.ts'

interface Problem {
  readonly status?: number
  readonly code?: string
  readonly detail?: string
  readonly title?: string
  readonly cause?: string | null
  readonly hint?: string | null
  readonly instance?: string
  readonly errors?: readonly ProblemItem[]
  /** Of a file that cannot be written: what would change it. */
  readonly patch?: string
}

/** What stands against it, then each place on its own line, then what to do. */
export function problemLines(command: string, problem: Problem): string {
  const { status, code, detail, title, cause, hint, instance, errors = [], patch = '' } = problem
  const lines = [
    `sluice ${command}: ${status} ${code}: ${detail ?? title}`,
    // One alone is told above, unless it has its place in a file.
    ...(errors.length > 1 || errors[0]?.file !== undefined
      ? errors.map((item) => `  ${itemLine(item)}`)
      : []),
    ...(!cause ? [] : [`  cause: ${cause}`]),
    ...(!hint ? [] : [`  hint: ${hint}`]),
    ...(instance === undefined ? [] : [`  request: ${instance}`]),
  ]
  return lines.map((line) => `${line}\n`).join('') + patch
}

/** Problems of the config have null where there is no hint. */
function itemLine({ pointer, parameter, path, file, line, column, message, hint }: ProblemItem): string {
  const place = file === undefined ? '' : `${file}:${line ?? 1}:${column ?? 1}`
  const where = [place, parameter, pointer === '' ? undefined : pointer, path].filter(Boolean).join(' ')
  return `${where === '' ? '' : `${where}: `}${message}${hint ? `; ${hint}` : ''}`
}
