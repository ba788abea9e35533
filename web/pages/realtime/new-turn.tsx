// A turn listener more, by the draft.
import { type Signal, useSignal } from '@preact/signals'
import { create } from '../../data/draft.ts'
import { useHeld } from '../../data/held.ts'
import { to } from '../../data/urls.ts'
import { Button } from '../../parts/button.tsx'
import { Segmented } from '../../parts/choices.tsx'
import { TextField } from '../../parts/controls.tsx'
import { Field } from '../../parts/field.tsx'
import { Drawer } from '../../parts/overlays.tsx'
import { useAddress } from '../../parts/use-address.ts'

const NAME = /^[A-Za-z0-9][A-Za-z0-9._-]{0,62}$/
const PORTS = '49152-65535'

export function NewTurn({ onClose }: { readonly onClose: () => void }) {
  const { go } = useAddress()
  const name = useSignal('turn')
  const bind = useSignal('0.0.0.0:3478')
  const realm = useSignal(realmOfPage())
  const secret = useSignal<'variable' | 'made'>('variable')
  const variable = useSignal('TURN_SECRET')
  const advertise = useSignal('')
  const ports = useSignal(PORTS)
  const isTried = useSignal(false)
  const known = useHeld('GET /api/v1/listeners', {}, { query: { fields: 'id' }, isWhole: true }).value.value
  const errors = {
    name: NAME.test(name.value)
      ? known?.items.some(({ id }) => id === name.value) === true
        ? `There is a listener “${name.value}” already.`
        : null
      : 'Letters, digits, “-”, “_” and “.”, up to 63.',
    bind: /:\d{1,5}$/.test(bind.value.trim()) ? null : 'An address with its port, such as 0.0.0.0:3478.',
    realm: realm.value.trim() === '' ? 'A realm is needed; mostly it is your domain.' : null,
    variable:
      secret.value === 'variable' && !/^[A-Za-z_][A-Za-z0-9_]*$/.test(variable.value)
        ? 'The name of a variable.'
        : null,
    ports: /^\d+-\d+$/.test(ports.value.trim()) ? null : 'Two ports, such as 49152-65535.',
  }
  const shown = (error: string | null): string | null => (isTried.value ? error : null)
  const add = (): void => {
    isTried.value = true
    if (Object.values(errors).some((error) => error !== null)) return
    const relay = {
      ...(ports.value.trim() !== PORTS && { ports: ports.value.trim() }),
      ...(advertise.value.trim() !== '' && { advertise: advertise.value.split(/[\s,]+/).filter(Boolean) }),
    }
    create('listeners', {
      ...{ name: name.value, bind: bind.value.trim(), protocol: 'turn', realm: realm.value.trim() },
      auth: { secrets: [secret.value === 'variable' ? `\${${variable.value}}` : madeSecret()] },
      ...(Object.keys(relay).length > 0 && { relay }),
    })
    go(to('/review'))
  }
  return (
    <Drawer
      title="New TURN listener"
      onClose={onClose}
      actions={
        <>
          <Button onPress={onClose}>Cancel</Button>
          <Button kind="ink" needs="editor" onPress={add}>
            Review it
          </Button>
        </>
      }
    >
      <Field label="Name" error={shown(errors.name)}>
        <TextField value={name.value} hasFocus onInput={(next) => (name.value = next)} />
      </Field>
      <Field
        label="Address"
        help="For UDP and TCP. TLS is added in the config, or by an https listener on port 443."
        error={shown(errors.bind)}
      >
        <TextField isMono value={bind.value} onInput={(next) => (bind.value = next)} />
      </Field>
      <Field label="Realm" help="Told to clients; mostly your domain." error={shown(errors.realm)}>
        <TextField isMono value={realm.value} onInput={(next) => (realm.value = next)} />
      </Field>
      <SecretFields secret={secret} variable={variable} error={shown(errors.variable)} />
      <Field
        label="Address from outside"
        right="if it is another"
        help="Behind an address translator: what the outside knows this machine by."
      >
        <TextField
          isMono
          value={advertise.value}
          placeholder="203.0.113.7"
          onInput={(next) => (advertise.value = next)}
        />
      </Field>
      <Field label="Relay ports" help="Let these through the firewall, for UDP." error={shown(errors.ports)}>
        <TextField isMono value={ports.value} onInput={(next) => (ports.value = next)} />
      </Field>
    </Drawer>
  )
}

interface SecretFieldsProps {
  readonly secret: Signal<'variable' | 'made'>
  readonly variable: Signal<string>
  readonly error: string | null
}

function SecretFields({ secret, variable, error }: SecretFieldsProps) {
  return (
    <>
      <Field
        label="Secret"
        isGroup
        help={
          secret.value === 'variable'
            ? 'The file names a variable of the environment: the secret stands in no file. It must be set before this is applied.'
            : 'One of 256 bits is made here and stands in the file; your application needs the same.'
        }
      >
        <Segmented
          label="Secret"
          value={secret.value}
          onPick={(next) => (secret.value = next)}
          options={[
            { value: 'variable', label: 'From the environment' },
            { value: 'made', label: 'In the file' },
          ]}
        />
      </Field>
      {secret.value === 'variable' && (
        <Field label="Variable" error={error}>
          <TextField isMono value={variable.value} onInput={(next) => (variable.value = next)} />
        </Field>
      )}
    </>
  )
}

const realmOfPage = (): string =>
  /^[\d.]+$|:|^localhost$/.test(location.hostname) ? 'example.org' : location.hostname

function madeSecret(): string {
  const bytes = crypto.getRandomValues(new Uint8Array(32))
  return [...bytes].map((byte) => byte.toString(16).padStart(2, '0')).join('')
}
