// Moving a rule to a place that is named: for who does not drag, and for lists that are long.
import { useState } from 'preact/hooks'
import { Button } from '../../parts/button.tsx'
import { SelectField, TextField } from '../../parts/controls.tsx'
import { Field } from '../../parts/field.tsx'
import { Dialog } from '../../parts/overlays.tsx'
import type { Target } from './moving.ts'

interface MoveDialogProps {
  readonly id: string
  /** Names of the list, in order. */
  readonly ids: readonly string[]
  readonly onMove: (target: Target) => void
  readonly onClose: () => void
}

export function MoveDialog({ id, ids, onMove, onClose }: MoveDialogProps) {
  const others = ids.filter((one) => one !== id)
  const [where, setWhere] = useState('before')
  const [text, setText] = useState('')
  const target = targetOf(where, text, others)
  const isNamed = where === 'before' || where === 'after'
  const submit = (): void => {
    if (target === null) return
    onMove(target)
    onClose()
  }
  return (
    <Dialog
      title={`Move ${id}`}
      onClose={onClose}
      onSubmit={submit}
      actions={
        <>
          <Button onPress={onClose}>Cancel</Button>
          <Button kind="ink" type="submit" disabledWhy={target === null ? 'name a rule of this list' : null}>
            Move {id}
          </Button>
        </>
      }
    >
      <p class="supporting">
        It is {ids.indexOf(id) + 1} of {ids.length} now. The move goes into the draft; nothing is sent yet.
      </p>
      <Field label="To">
        <SelectField
          value={where}
          onInput={setWhere}
          options={[
            { value: 'before', label: 'before a rule' },
            { value: 'after', label: 'behind a rule' },
            { value: 'first', label: 'the top: asked first' },
            { value: 'last', label: 'the end: asked last' },
          ]}
        />
      </Field>
      {isNamed && (
        <Field label="Rule" help="Its name, or its number in this list.">
          <TextField value={text} onInput={setText} placeholder={others[0]} hasFocus />
        </Field>
      )}
    </Dialog>
  )
}

function targetOf(where: string, text: string, others: readonly string[]): Target | null {
  const [first, last] = [others[0], others.at(-1)]
  if (first === undefined || last === undefined) return null
  if (where === 'first') return { before: first }
  if (where === 'last') return { after: last }
  const named = others.includes(text.trim()) ? text.trim() : others[Number(text.trim()) - 1]
  return named === undefined ? null : where === 'before' ? { before: named } : { after: named }
}
