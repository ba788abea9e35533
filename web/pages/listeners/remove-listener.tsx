// Taking a listener away: what that means for its clients stands before the button that does it.
import { useHeld } from '../../data/held.ts'
import { changes, remove } from '../../data/draft.ts'
import type { Change } from '../../data/change.ts'
import { list } from '../../data/say.ts'
import { Button } from '../../parts/button.tsx'
import { TextField } from '../../parts/controls.tsx'
import { Field } from '../../parts/field.tsx'
import { Dialog } from '../../parts/overlays.tsx'
import { useSignal } from '@preact/signals'
import { openWords } from './listener-figures.tsx'
import { listOf } from './listener-fields.ts'
import { type ListenerResource, type ListenerRow, resourceOf } from './listener-rows.ts'
import { useTrial } from './trial.ts'
import { TrialResult } from './trial-result.tsx'

export interface RemoveProps {
  readonly resource: ListenerResource
  readonly row: ListenerRow
  /** It is the last one, or the one that this page came through: its name is to be typed. */
  readonly isGrave: boolean
  readonly onClose: () => void
}

export function RemoveListener({ resource, row, isGrave, onClose }: RemoveProps) {
  const { id, etag, configured } = resource
  const typed = useSignal('')
  const of = resourceOf(id)
  const removal: Change = { op: 'delete', resource: of, etag, base: configured }
  const trial = useTrial(id, [...changes.value.filter(({ resource: other }) => other !== of), removal])
  const rules = useRulesNaming(id)
  const isHeldBack = isGrave && typed.value !== id
  const take = (): void => {
    if (isHeldBack) return
    remove(of, { etag, configured })
    onClose()
  }
  return (
    <Dialog
      title={`Remove listener ${id}`}
      onClose={onClose}
      onSubmit={take}
      actions={
        <>
          <Button onPress={onClose}>Keep it</Button>
          <Button
            kind="danger"
            type="submit"
            disabledWhy={isHeldBack ? 'its name is not typed' : null}
            isWhyHidden
          >{`Remove ${id}`}</Button>
        </>
      }
    >
      <p>
        {list(row.addresses)} {row.addresses.length === 1 ? 'closes' : 'close'} once the draft is applied; new
        clients are refused from then on. {openWords(row)}
      </p>
      {rules.length > 0 && (
        <p>
          {rules.length === 1 ? 'Rule' : 'Rules'} {list(rules)} {rules.length === 1 ? 'names' : 'name'} it and
          must be changed in the same draft.
        </p>
      )}
      <TrialResult trial={trial.value} />
      {isGrave && (
        <Field
          label={`Type ${id} to go on`}
          help="It is the last one, or the one that this page came through."
        >
          <TextField isMono value={typed.value} onInput={(next) => (typed.value = next)} />
        </Field>
      )}
    </Dialog>
  )
}

/** Rules that are for this listener by its name. */
function useRulesNaming(name: string): readonly string[] {
  const query = { fields: 'configured' }
  const { value } = useHeld('GET /api/v1/rules', {}, { query, isWhole: true, topics: ['config'] }).value
  return (value?.items ?? [])
    .filter(({ configured }) => {
      const { match, listener } = configured as {
        match?: { listener?: string | string[] }
        listener?: string
      }
      return listOf(match?.listener).includes(name) || listener === name
    })
    .map(({ id }) => id)
}
