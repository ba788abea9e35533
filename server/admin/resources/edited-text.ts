// The text of the config file as operations would make it.
import { editConfig } from '../../config/edit/config-edit.ts'
import { emptiedKeys, withoutEmptied } from '../../config/edit/without-emptied.ts'
import { problem } from '../problem.ts'
import type { KnownConfig } from './known-config.ts'
import type { Planned } from './operations.ts'
import { plansOf } from './plans.ts'
import type { Wanted } from './sent-place.ts'

export interface EditedText {
  readonly plans: readonly Planned[]
  readonly edited: { readonly text: string; readonly isReformatted: boolean }
}

/** Or why it cannot be. */
export function editedText(known: KnownConfig, wanted: readonly Wanted[]): EditedText | Response {
  const plans = plansOf(known, wanted)
  if (plans instanceof Response) return plans
  const edits = plans.flatMap((plan) => plan.edits)
  const edited = editConfig(known.file, known.text, edits, { mayReformat: true, sheet: known.sheet })
  if ('refused' in edited) {
    const members = edited.needsLong === true ? { needs_long_form: true } : {}
    const hint = edited.needsLong === true ? 'POST /api/v1/config/long-form writes it' : undefined
    return problem('not_spliced', `The file cannot be changed so: ${edited.refused}.`, {
      members,
      ...(hint !== undefined && { hint }),
    })
  }
  const emptied = emptiedKeys(known.value, plans.at(-1)?.value)
  return { plans, edited: { ...edited, text: withoutEmptied(known.file, edited.text, emptied) } }
}
