// A part of a rule that does not hold, for people.
import type { ExplainedPart } from './explain-rules.ts'

export function partText({ part, name, wanted, wanted_left_out, found, unclear }: ExplainedPart): string {
  const more = wanted_left_out > 0 ? ` and ${wanted_left_out} more` : ''
  const what = name === null ? part : `${part} ${name}`
  if (unclear) return `${what} can be read in two ways`
  if (part === 'any') return `none holds of: ${wanted.join('; ')}${more}`
  if (part === 'weight') return `it is none of those that it takes: ${wanted.join(' or ')}`
  if (part === 'not') return `what must not be is so: ${wanted.join('; ')}`
  return `${what} is ${found === null ? 'not there' : JSON.stringify(found)}, wanted ${wanted.join(' or ')}${more}`
}
