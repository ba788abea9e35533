// A listener more: where it is open, what is spoken, and where it leads. It is tried while it is written, and
// goes into the draft.
import { useSignal } from '@preact/signals'
import type { Change } from '../../data/change.ts'
import { changes, create } from '../../data/draft.ts'
import { forgetForm, useKept } from '../../data/kept-forms.ts'
import { type JsonMap, merged } from '../../data/merge.ts'
import { Button } from '../../parts/button.tsx'
import { TextField } from '../../parts/controls.tsx'
import { Field } from '../../parts/field.tsx'
import { Drawer } from '../../parts/overlays.tsx'
import type { ListenerFields } from './listener-fields.ts'
import { ListenerForm } from './listener-form.tsx'
import { resourceOf } from './listener-rows.ts'
import { readAddress } from './pasted-address.ts'
import { useTrial } from './trial.ts'
import { TrialResult } from './trial-result.tsx'

const NAME = /^[A-Za-z0-9_.-]{1,63}$/

const FORM = 'listener'

export interface NewListenerProps {
  /** Names that are taken. */
  readonly names: readonly string[]
  readonly onClose: () => void
  readonly onAdded: (name: string) => void
}

export function NewListener({ names, onClose, onAdded }: NewListenerProps) {
  const fields = useKept<ListenerFields>(FORM, 'fields', {})
  const name = useKept(FORM, 'name', '')
  const address = useKept(FORM, 'address', '')
  const isPressed = useSignal(false)
  const read = readAddress(address.value)
  const wrong = {
    name: NAME.test(name.value)
      ? names.includes(name.value)
        ? `There is a listener ${name.value} already.`
        : null
      : 'Letters, digits, “-”, “_” and “.”, up to 63.',
    address: read === null ? 'A port, host:port or URL, such as 8080 or https://0.0.0.0:8443.' : null,
  }
  const value = valueOf(name.value, fields.value, read?.bind)
  const isWhole = wrong.name === null && wrong.address === null
  const addition: Change = { op: 'create', resource: resourceOf(name.value), value }
  const trial = useTrial(name.value, isWhole ? [...changes.value, addition] : null)
  const patch = (next: JsonMap): void => void (fields.value = merged(fields.value, next) as ListenerFields)
  const readIn = (text: string): void => {
    address.value = text
    // A URL says what is spoken, too; what was chosen by hand stays.
    const protocol = readAddress(text)?.protocol ?? null
    if (protocol !== null && fields.value.protocol === undefined && protocol !== 'http') patch({ protocol })
  }
  const add = (): void => {
    isPressed.value = true
    if (!isWhole) return
    create('listeners', value)
    forgetForm(FORM)
    onAdded(name.value)
  }
  const giveUp = (): void => {
    onClose()
    forgetForm(FORM)
  }
  const shown = (text: string, error: string | null): string | null =>
    isPressed.value || text !== '' ? error : null
  return (
    <Drawer
      title="New listener"
      onClose={onClose}
      actions={
        <>
          <TrialResult trial={trial.value} />
          <Button kind="ink" needs="editor" onPress={add}>
            Add to the draft
          </Button>
          <Button onPress={giveUp}>Cancel</Button>
        </>
      }
    >
      <Field label="Name" help="In logs, metrics and rules." error={shown(name.value, wrong.name)}>
        <TextField value={name.value} hasFocus onInput={(next) => (name.value = next.trim())} />
      </Field>
      <Field
        label="Address"
        help={
          read === null || read.bind === address.value
            ? 'A port, host:port or a URL.'
            : `Written as ${read.bind}.`
        }
        error={shown(address.value, wrong.address) ?? bindError(trial.value.errors)}
      >
        <TextField isMono placeholder="0.0.0.0:8080" value={address.value} onInput={readIn} />
      </Field>
      <ListenerForm
        value={value}
        errors={trial.value.errors}
        isDisabled={false}
        hasAddress={false}
        onPatch={patch}
      />
    </Drawer>
  )
}

const bindError = (errors: Readonly<Record<string, string>>): string | undefined => errors['/bind']

/** As it is written: only what was chosen. */
const valueOf = (name: string, fields: ListenerFields, bind: string | undefined): ListenerFields => ({
  name,
  ...(bind !== undefined && { bind }),
  ...Object.fromEntries(Object.entries(fields).filter(([, value]) => value !== null)),
})
