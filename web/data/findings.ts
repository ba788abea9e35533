// What stands against a text, by the gateway that would serve it.
import type { Api } from './api-types.ts'

type Validated = Api['POST /api/v1/config/validate']['answer']

export interface Finding {
  readonly severity: 'error' | 'warning'
  readonly line?: number | undefined
  readonly column?: number | undefined
  /** Within the config: backends.api. */
  readonly path: string
  readonly message: string
  readonly hint?: string | undefined
}

const WARNING = /^(?:.*?:)?(\d+):(\d+) (.*?): warning: (.*)$/s

/** Errors first, each by line. Warnings come as lines for people: `FILE:13:3 backends.api: warning: …`. */
export function findingsOf({ errors, warnings }: Validated): Finding[] {
  const byLine = (a: Finding, b: Finding): number => (a.line ?? 0) - (b.line ?? 0)
  const wrong = errors.map(({ path, message, line, column, hint }): Finding => {
    return { severity: 'error', path, message, line, column, hint: hint ?? undefined }
  })
  const doubtful = warnings.map((text): Finding => {
    const [, line, column, path = '', message = text] = WARNING.exec(text) ?? []
    if (line === undefined) return { severity: 'warning', path: '', message: text }
    return { severity: 'warning', line: Number(line), column: Number(column), path, message }
  })
  return [...wrong.toSorted(byLine), ...doubtful.toSorted(byLine)]
}
