// What no schema of a body says: names, passwords, scopes.
import { problem, type ProblemItem } from './problem.ts'

/** What stands against fields of a body; null: nothing. */
export function whyNotFit(found: Readonly<Record<string, string | null>>): Response | null {
  const errors = Object.entries(found).flatMap(([field, message]): ProblemItem[] =>
    message === null ? [] : [{ pointer: `/${field}`, code: 'invalid', message }],
  )
  const [first] = errors
  return first === undefined
    ? null
    : problem('body_invalid', `The body does not fit: ${first.message}.`, { errors })
}
