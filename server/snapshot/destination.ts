// Where a rule leads.
import type { Backend } from '../backends/backend.ts'
import { timingOf } from '../http/timing.ts'
import { redirect } from '../rules/redirect.ts'
import { respond } from '../rules/respond.ts'
import type { RuleConfig } from '../rules/rule.options.ts'
import { at, CompileProblem } from './compile-problem.ts'
import type { Destination } from './snapshot.ts'

export type Backends = ReadonlyMap<string, Backend>

/** `textOf`: the bytes of a file, one character each. */
export function destinationOf(
  words: RuleConfig,
  path: string,
  { backends, textOf }: { readonly backends: Backends; readonly textOf: (path: string) => string },
): Destination {
  const { backend, respond: answer, redirect: target } = words
  if (backend !== undefined) return toBackend(backend, backends, `${path}.backend`, words.timeouts)
  if (answer !== undefined)
    return { is: 'respond', respond: at(`${path}.respond`, () => respond(answer, textOf)) }
  if (target !== undefined)
    return { is: 'redirect', redirect: at(`${path}.redirect.to`, () => redirect(target)) }
  throw new CompileProblem(path, 'it leads nowhere: a rule needs backend, respond or redirect')
}

export function toBackend(
  name: string,
  backends: Backends,
  path: string,
  timeouts?: RuleConfig['timeouts'],
): Destination {
  const backend = backends.get(name)
  if (backend === undefined) throw new CompileProblem(path, `there is no backend "${name}"`)
  return { is: 'backend', backend, timing: timingOf(timeouts, backend) }
}
