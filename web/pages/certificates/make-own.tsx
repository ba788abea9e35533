// A certificate of our own making: one that the gateway renews, which is a line of the config, or one that
// ends after so many days, which is kept like an upload.
import { type Signal, useSignal } from '@preact/signals'
import { ask } from '../../data/api.ts'
import { create } from '../../data/draft.ts'
import { refreshHeld, useHeld } from '../../data/held.ts'
import type { Problem } from '../../data/problem.ts'
import { segment, to } from '../../data/urls.ts'
import { Button } from '../../parts/button.tsx'
import { Segmented } from '../../parts/choices.tsx'
import { ListField, NumberField, TextField } from '../../parts/controls.tsx'
import { Field } from '../../parts/field.tsx'
import { Drawer } from '../../parts/overlays.tsx'
import { useAddress } from '../../parts/use-address.ts'
import { draftServing, useListeners } from './listeners.ts'
import { nameFor } from './pem-parts.ts'
import { Refused } from './refused.tsx'
import { onlyOne, ServeOn } from './serve-on.tsx'
import { forgetForm, useKept } from '../../data/kept-forms.ts'
import { whyNoName } from './upload.tsx'

const DAYS = 397
const FORM = 'self-signed'

export function MakeOwn({ onClose }: { readonly onClose: () => void }) {
  const { go } = useAddress()
  const names = useKept<readonly string[]>(FORM, 'names', [])
  const typedName = useKept<string | null>(FORM, 'name', null)
  const kind = useKept<'renewed' | 'once'>(FORM, 'kind', 'renewed')
  const days = useKept<number | null>(FORM, 'days', DAYS)
  const chosen = useSignal<readonly string[] | null>(null)
  const isTried = useSignal(false)
  const isBusy = useSignal(false)
  const problem = useSignal<Problem | null>(null)
  const known = useHeld('GET /api/v1/certificates', {}, { isWhole: true }).value.value
  const listeners = useListeners()
  const taken = known?.items.map(({ id }) => id) ?? []
  const name = typedName.value ?? nameFor(names.value, taken)
  const servedBy = chosen.value ?? onlyOne(listeners)
  const errors = {
    names: names.value.length === 0 ? 'A name or an address is needed, such as dev.example.org.' : null,
    name: whyNoName(name, taken),
  }
  const make = async (): Promise<void> => {
    isTried.value = true
    if (errors.names !== null || errors.name !== null) return
    if (kind.value === 'renewed') {
      create('certificates', { name, self_signed: { names: [...names.value] } })
      draftServing(name, servedBy, listeners ?? [])
      forgetForm(FORM)
      go(to('/review'))
      return
    }
    isBusy.value = true
    const answer = await ask(
      'POST /api/v1/certificates/self-signed',
      {},
      { body: { name, names: [...names.value], days: days.value ?? DAYS } },
    )
    isBusy.value = false
    problem.value = answer.ok ? null : answer.problem
    if (!answer.ok) return
    refreshHeld()
    draftServing(name, servedBy, listeners ?? [])
    forgetForm(FORM)
    go(servedBy.length === 0 ? to(`/certificates/${segment(name)}`) : to('/review'))
  }
  const giveUp = (): void => {
    onClose()
    forgetForm(FORM)
  }
  return (
    <Drawer
      title="Make a self-signed one"
      onClose={onClose}
      actions={
        <>
          <Button onPress={giveUp}>Cancel</Button>
          <Button
            kind="ink"
            needs="editor"
            isBusy={isBusy.value}
            busyWord="Making it"
            onPress={() => void make()}
          >
            {kind.value === 'renewed' ? 'Review it' : 'Make it'}
          </Button>
        </>
      }
    >
      <p class="supporting">
        For trials, and for clients that are told to trust it: browsers warn of it. For the public take one by
        ACME.
      </p>
      <NamesField names={names} error={isTried.value ? errors.names : null} />
      <LifetimeFields kind={kind} days={days} />
      <Field
        label="Name"
        help="What the config calls it."
        error={isTried.value || typedName.value !== null ? errors.name : null}
      >
        <TextField isMono value={name} onInput={(next) => (typedName.value = next)} />
      </Field>
      <ServeOn listeners={listeners} chosen={servedBy} onPick={(next) => (chosen.value = next)} />
      <Refused problem={problem.value} onWritten={() => void make()} />
    </Drawer>
  )
}

interface LifetimeFieldsProps {
  readonly kind: Signal<'renewed' | 'once'>
  readonly days: Signal<number | null>
}

function LifetimeFields({ kind, days }: LifetimeFieldsProps) {
  return (
    <>
      <Field
        label="Lifetime"
        isGroup
        help={
          kind.value === 'renewed'
            ? 'Made when the draft is applied, kept in the data folder, and made anew with the same key when a third is left.'
            : 'Made now and kept like an upload. Nothing renews it.'
        }
      >
        <Segmented
          label="Lifetime"
          value={kind.value}
          onPick={(next) => (kind.value = next)}
          options={[
            { value: 'renewed', label: 'Renewed by itself' },
            { value: 'once', label: 'Ends for good' },
          ]}
        />
      </Field>
      {kind.value === 'once' && (
        <Field label="Good for" unit="days">
          <NumberField value={days.value} least={1} most={3650} onInput={(next) => (days.value = next)} />
        </Field>
      )}
    </>
  )
}

interface NamesFieldProps {
  readonly names: Signal<readonly string[]>
  readonly error: string | null
}

function NamesField({ names, error }: NamesFieldProps) {
  return (
    <Field
      label="Names and addresses"
      isGroup
      help="What clients will ask for. Enter adds one; several may be pasted."
      error={error}
    >
      <ListField
        item="name"
        value={names.value}
        onInput={(next) => (names.value = next)}
        placeholder="dev.example.org"
      />
    </Field>
  )
}
