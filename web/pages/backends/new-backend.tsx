// A backend more: its name, its servers as somebody has them at hand, and what is asked most. It goes into
// the draft; the rest is on its page.
import { useSignal } from '@preact/signals'
import { create } from '../../data/draft.ts'
import { forgetForm, useKept } from '../../data/kept-forms.ts'
import { readServers } from '../../data/pasted-servers.ts'
import { useHeld } from '../../data/held.ts'
import { to } from '../../data/urls.ts'
import { Button } from '../../parts/button.tsx'
import { AreaField, SelectField, SwitchField, TextField } from '../../parts/controls.tsx'
import { Field } from '../../parts/field.tsx'
import { Drawer } from '../../parts/overlays.tsx'
import { useAddress } from '../../parts/use-address.ts'
import { ALGORITHMS } from '../../data/algorithms.ts'
import { PastedList } from '../../parts/pasted-list.tsx'

const NAME = /^[A-Za-z0-9][A-Za-z0-9._-]{0,62}$/

const FORM = 'backend'

export function NewBackend({ onClose }: { readonly onClose: () => void }) {
  const name = useKept(FORM, 'name', '')
  const text = useKept(FORM, 'text', '')
  const algorithm = useKept(FORM, 'algorithm', 'round_robin')
  const isChecked = useKept(FORM, 'isChecked', true)
  const path = useKept(FORM, 'path', '/')
  const isTried = useSignal(false)
  const { go } = useAddress()
  const known = useHeld('GET /api/v1/backends', {}, { query: { fields: 'id' }, isWhole: true }).value.value
  const { servers, odd } = readServers(text.value)
  const isHttp = servers.every(({ url }) => url.startsWith('http'))
  const errors = {
    name: whyNoName(name.value, known?.items.map(({ id }) => id) ?? []),
    servers: servers.length > 0 ? null : 'At least one server is needed.',
  }
  const add = (): void => {
    isTried.value = true
    if (errors.name !== null || errors.servers !== null || odd.length > 0) return
    create('backends', {
      name: name.value,
      ...(algorithm.value !== 'round_robin' && { algorithm: algorithm.value }),
      servers,
      ...(isChecked.value && { health_check: isHttp && path.value !== '/' ? { path: path.value } : {} }),
    })
    forgetForm(FORM)
    go(to('/review'))
  }
  const giveUp = (): void => {
    onClose()
    forgetForm(FORM)
  }
  const shown = (error: string | null): string | null => (isTried.value ? error : null)
  return (
    <Drawer
      title="New backend"
      onClose={onClose}
      actions={
        <>
          <Button onPress={giveUp}>Cancel</Button>
          <Button kind="ink" needs="editor" onPress={add}>
            Review {name.value === '' ? 'the backend' : name.value}
          </Button>
        </>
      }
    >
      <Field label="Name" help="What rules call it." error={shown(errors.name)}>
        <TextField value={name.value} hasFocus onInput={(next) => (name.value = next)} placeholder="api" />
      </Field>
      <Field
        label="Servers"
        right={servers.length === 0 ? undefined : `${servers.length} read`}
        help="One a line: a URL, host:port, or lines pasted from nginx, HAProxy or YAML."
        error={shown(errors.servers)}
      >
        <AreaField
          isMono
          rows={5}
          value={text.value}
          placeholder={'http://192.0.2.11:8080\n192.0.2.12:8080 weight=2'}
          onInput={(next) => (text.value = next)}
        />
      </Field>
      <PastedList servers={servers} odd={odd} />
      <Field label="Algorithm" help={ALGORITHMS.find(({ value }) => value === algorithm.value)?.about}>
        <SelectField
          value={algorithm.value}
          options={ALGORITHMS.filter(({ value }) => value !== 'hash')}
          onInput={(next) => (algorithm.value = next)}
        />
      </Field>
      <Field
        label="Health check"
        help="A server that fails three times in a row gets no requests until it passes twice."
      >
        <SwitchField
          value={isChecked.value}
          words={isHttp ? 'Ask each server every 10 s' : 'Connect to each server every 10 s'}
          onInput={(next) => (isChecked.value = next)}
        />
      </Field>
      {isChecked.value && isHttp && (
        <Field label="Path of the check" help="Answers of 200 to 399 pass.">
          <TextField isMono value={path.value} onInput={(next) => (path.value = next)} />
        </Field>
      )}
    </Drawer>
  )
}

function whyNoName(name: string, taken: readonly string[]): string | null {
  if (!NAME.test(name))
    return 'Letters, digits, “-”, “_” and “.”, up to 63, beginning with a letter or a digit.'
  return taken.includes(name) ? `There is a backend “${name}” already.` : null
}
