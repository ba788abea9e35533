// What the operations of a request come to: the edits of each, and what all of them make of the config.
import { Impossible } from '../../config/edit/values.ts'
import type { NewText } from '../../control/change/check-given.ts'
import { inSlices } from '../../lib/slices.ts'
import { problem } from '../problem.ts'
import { derivedSteps } from './derived-config.ts'
import type { KnownConfig } from './known-config.ts'
import { type Planned, planned } from './operations.ts'
import { Refused } from './refused.ts'
import { pathOf, type Resource } from './resource.ts'
import type { Wanted } from './sent-place.ts'
import { shownAt } from './shown-resource.ts'

/**
 * All of them, each on what those before it leave; or why one cannot be. `ifMatch` of what is served has been
 * looked at before (conflicts.ts).
 */
export function plansOf(known: KnownConfig, wanted: readonly Wanted[]): Planned[] | Response {
  const plans: Planned[] = []
  let { value } = known
  for (const [index, { operation, ifMatch, pointer }] of wanted.entries())
    try {
      const shown = (of: Resource): unknown => {
        const path = pathOf(known.value, of, known.config)
        return path === null ? undefined : shownAt(known, path)
      }
      // Once something has changed, places in what takes effect are others.
      const config = index === 0 ? known.config : null
      // What is served was compared with all of them before: only what one of them makes is not known yet.
      const isServed = 'in' in operation || pathOf(known.value, operation.of, known.config) !== null
      const parts = { value, config, shown, ifMatch: isServed ? null : ifMatch, tagKey: known.tagKey }
      const plan = planned(operation, parts)
      plans.push(plan)
      value = plan.value
    } catch (error) {
      if (error instanceof Impossible) return problem('conflict', `${error.message}.`)
      if (!(error instanceof Refused)) throw error
      const { code, message, errors, members } = error
      const placed = errors.map((one) => ({
        ...one,
        ...(one.pointer !== undefined && { pointer: pointer + one.pointer }),
      }))
      const at = pointer === '' ? {} : { op_index: index }
      const own = pointer === '' || placed.length > 0 ? placed : [{ pointer, code, message }]
      return problem(code, message, { errors: own, members: { ...members, ...at } })
    }
  return plans
}

/** What they make of the config, where that is known without reading all of it. */
export async function foundOf(
  known: KnownConfig,
  plans: readonly Planned[],
): Promise<NonNullable<NewText['found']> | null> {
  const edits = plans.flatMap((plan) => plan.edits)
  const after = plans.at(-1)?.value
  const derived = await inSlices(derivedSteps({ known, edits, after, nowMs: Date.now() }))
  return derived && { ...derived, of: known.config }
}
