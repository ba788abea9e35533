// A fixed answer, made once.
import type { Answer } from '../head/answer.ts'
import type { RuleConfig } from './rule.options.ts'

/** Compiles a fixed answer. */
export function respond({ status, body, headers }: NonNullable<RuleConfig['respond']>): Answer {
  const fields = Object.entries(headers)
  const isTyped = fields.some(([name]) => name.toLowerCase() === 'content-type')
  if (body !== '' && !isTyped) fields.push(['Content-Type', 'text/plain; charset=utf-8'])
  return { status, headers: fields, body, fault: null }
}
