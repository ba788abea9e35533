// Where a rule leads.
import type { Backend } from '../backends/backend.ts'
import { faultAnswer } from '../head/answer.ts'
import { timingOf } from '../http/timing.ts'
import type { MaintenanceConfig } from '../rules/destination.options.ts'
import { Nearest } from '../rules/nearest.ts'
import { Maintenance } from '../rules/maintenance.ts'
import type { Mirroring } from '../rules/mirroring.ts'
import { redirect } from '../rules/redirect.ts'
import { type Respond, respond } from '../rules/respond.ts'
import type { RuleConfig } from '../rules/rule.options.ts'
import { Split } from '../rules/split.ts'
import { FAULTS } from '../tables/faults.ts'
import { at, CompileProblem } from './compile-problem.ts'
import type { Destination, ToBackend } from './snapshot.ts'

export type Backends = ReadonlyMap<string, Backend>

/** `textOf`: the bytes of a file, one character each. */
export function destinationOf(
  words: RuleConfig,
  path: string,
  { backends, textOf }: { readonly backends: Backends; readonly textOf: (path: string) => string },
): Destination {
  const { backend, split, nearest, respond: answer, redirect: target, timeouts } = words
  if (backend !== undefined) return toBackend(backend, backends, `${path}.backend`, timeouts)
  if (answer !== undefined)
    return { is: 'respond', respond: at(`${path}.respond`, () => respond(answer, textOf)) }
  if (target !== undefined)
    return { is: 'redirect', redirect: at(`${path}.redirect.to`, () => redirect(target)) }
  if (split !== undefined) {
    const ways = split.to.map((part, place) =>
      toBackend(part.backend, backends, `${path}.split.to.${place}.backend`, timeouts),
    )
    return { is: 'split', split: new Split(split), ways }
  }
  if (nearest !== undefined) {
    const ways = nearest.map(({ backend: name }, place) =>
      toBackend(name, backends, `${path}.nearest.${place}.backend`, timeouts),
    )
    return { is: 'nearest', nearest: new Nearest(nearest), ways }
  }
  // Its maintenance is never over.
  if (words.maintenance !== undefined) return { is: 'respond', respond: CLOSED }
  throw new CompileProblem(
    path,
    'it leads nowhere: a rule needs backend, split, nearest, respond or redirect',
  )
}

const CLOSED: Respond = { status: FAULTS.maintenance.status, answer: () => faultAnswer('maintenance') }

/** What a rule tells its clients in place of where it leads; null: nothing. */
export function maintenanceOf(
  { maintenance }: RuleConfig,
  path: string,
  nowS?: () => number,
): Maintenance | null {
  if (maintenance === undefined || maintenance === false) return null
  const words: MaintenanceConfig = maintenance === true ? { allow: [] } : maintenance
  return at(`${path}.maintenance`, () => new Maintenance(words, nowS))
}

/** Where copies of its requests go; null: nowhere. */
export function mirroringOf(
  { name, mirror: words }: RuleConfig,
  path: string,
  backends: Backends,
): Mirroring | null {
  if (words === undefined) return null
  const { backend } = toBackend(words.backend, backends, `${path}.mirror.backend`)
  return { rule: name, words, backend }
}

/** The backends that a destination leads to. */
export const backendsOf = (to: Destination): readonly Backend[] =>
  to.is === 'backend' ? [to.backend] : 'ways' in to ? to.ways.map(({ backend }) => backend) : []

export function toBackend(
  name: string,
  backends: Backends,
  path: string,
  timeouts?: RuleConfig['timeouts'],
): ToBackend {
  const backend = backends.get(name)
  if (backend === undefined) throw new CompileProblem(path, `there is no backend "${name}"`)
  return { is: 'backend', backend, timing: timingOf(timeouts, backend) }
}
