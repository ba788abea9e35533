// The fields of a listener: by hand what is set most often, and all others from the schema. The form holds
// nothing: it shows a value, and tells of the patch that makes another of it.
import { useComputed } from '@preact/signals'
import type { Schema } from '../../data/config-schema.ts'
import { changes } from '../../data/draft.ts'
import { useHeld } from '../../data/held.ts'
import type { JsonMap } from '../../data/merge.ts'
import { count } from '../../data/say.ts'
import { to } from '../../data/urls.ts'
import { useConfigSchema } from '../../data/use-config-schema.ts'
import { ListField, SelectField, TextField } from '../../parts/controls.tsx'
import { Loading } from '../../parts/empty.tsx'
import { Field } from '../../parts/field.tsx'
import { PickMany } from '../../parts/pick-many.tsx'
import { SchemaForm } from '../../parts/schema-form.tsx'
import {
  HAND_MADE,
  type ListenerFields,
  listOf,
  type Protocol,
  protocolOf,
  PROTOCOLS,
  writtenAs,
} from './listener-fields.ts'
import css from './listeners.module.css'
import { backendsFor } from './listener-backends.ts'
import { readAddress } from './pasted-address.ts'

export interface ListenerFormProps {
  readonly value: ListenerFields
  /** What is written, where the value is a draft of it. */
  readonly was?: ListenerFields | undefined
  /** By JSON pointer. */
  readonly errors: Readonly<Record<string, string>>
  readonly isDisabled: boolean
  /** False: its address is asked for elsewhere. */
  readonly hasAddress?: boolean | undefined
  readonly onPatch: (patch: JsonMap) => void
}

export function ListenerForm(props: ListenerFormProps) {
  const protocol = protocolOf(props.value)
  const { certificates } = PROTOCOLS[protocol]
  return (
    <div class={css.form}>
      <ProtocolField {...props} />
      {props.hasAddress !== false && <AddressField {...props} />}
      {certificates !== 'none' && <CertificatesField {...props} />}
      {protocol === 'turn' ? <RealmField {...props} /> : <BackendField {...props} />}
      <Others {...props} protocol={protocol} />
    </div>
  )
}

const wasOf = (
  props: ListenerFormProps,
  name: keyof ListenerFields & string,
  preset = '',
): string | undefined => {
  const { value, was } = props
  if (was === undefined || JSON.stringify(value[name]) === JSON.stringify(was[name])) return undefined
  return listOf(was[name] as string | readonly string[] | undefined).join(', ') || preset
}

function errorOf({ errors }: ListenerFormProps, name: string): string | undefined {
  return Object.entries(errors).find(([at]) => at === `/${name}` || at.startsWith(`/${name}/`))?.[1]
}

function ProtocolField(props: ListenerFormProps) {
  const { value, was, onPatch, isDisabled } = props
  const protocol = protocolOf(value)
  const put = (next: string): void =>
    // http is what is meant where nothing is written.
    onPatch({ protocol: next === 'http' && was?.protocol === undefined ? null : next })
  return (
    <Field
      label="Protocol"
      help={PROTOCOLS[protocol].words}
      error={errorOf(props, 'protocol')}
      was={wasOf(props, 'protocol', 'http')}
    >
      <SelectField
        value={protocol}
        options={Object.keys(PROTOCOLS)}
        isDisabled={isDisabled}
        onInput={(next) => put(next as Protocol)}
      />
    </Field>
  )
}

function AddressField(props: ListenerFormProps) {
  const { value, was, onPatch, isDisabled } = props
  const addresses = listOf(value.bind)
  // What was added is read as people have it at hand; what is being typed is left alone.
  const put = (next: readonly string[]): void => {
    const isMore = next.length > addresses.length
    const read = isMore ? next.map((text) => readAddress(text)?.bind ?? text) : next
    onPatch({ bind: writtenAs(read, was?.bind) })
  }
  return (
    <Field
      label="Addresses"
      isGroup
      help="Address and port, such as 0.0.0.0:8080 for all of this machine's, or [::]:8080, or unix:/run/web.sock."
      error={errorOf(props, 'bind')}
      was={wasOf(props, 'bind')}
    >
      <ListField
        isMono
        item="address"
        placeholder="Port, host:port or URL, then Enter"
        value={addresses}
        isDisabled={isDisabled}
        onInput={put}
      />
    </Field>
  )
}

function CertificatesField(props: ListenerFormProps) {
  const { value, was, onPatch, isDisabled } = props
  const held = useHeld(
    'GET /api/v1/certificates',
    {},
    { query: { fields: 'id' }, isWhole: true, topics: ['config'] },
  )
  const names = held.value.value?.items.map(({ id }) => id) ?? []
  const chosen = listOf(value.certificates)
  const isNeeded = PROTOCOLS[protocolOf(value)].certificates === 'needed'
  return (
    <Field
      label="Certificates"
      isGroup
      right={isNeeded ? undefined : 'none: bytes pass unopened'}
      help={
        names.length === 0 ? (
          <>
            There is none yet: <a href={to('/certificates')}>add one</a> first.
          </>
        ) : (
          'A client gets the one for the name that it asks for, and the first where it asks for none.'
        )
      }
      error={errorOf(props, 'certificates')}
      was={wasOf(props, 'certificates')}
    >
      <PickMany
        options={[...names, ...chosen.filter((name) => !names.includes(name))]}
        value={chosen}
        isDisabled={isDisabled}
        onInput={(next) => onPatch({ certificates: writtenAs(next, was?.certificates) })}
      />
    </Field>
  )
}

/** Backends that a listener of this protocol may lead to, those of the draft too. */
function useBackends(protocol: Protocol): readonly string[] {
  const query = { fields: 'configured' }
  const held = useHeld('GET /api/v1/backends', {}, { query, isWhole: true, topics: ['config'] })
  return useComputed(() => backendsFor(protocol, held.value.value?.items ?? [], changes.value)).value
}

function BackendField(props: ListenerFormProps) {
  const { value, onPatch, isDisabled } = props
  const protocol = protocolOf(value)
  const { hasRules } = PROTOCOLS[protocol]
  const names = useBackends(protocol)
  const none = hasRules ? 'by the rules' : 'choose a backend'
  return (
    <Field
      label="Leads to"
      right={hasRules ? undefined : 'needed'}
      help={
        hasRules
          ? 'A backend here takes all of its requests, and is for a listener that no rule is for.'
          : `Its servers are ${PROTOCOLS[protocol].schemes.map((scheme) => `${scheme}://`).join(' or ')}.`
      }
      error={errorOf(props, 'backend')}
      was={wasOf(props, 'backend', none)}
    >
      <SelectField
        value={value.backend ?? ''}
        options={[{ value: '', label: none }, ...names]}
        isDisabled={isDisabled}
        onInput={(next) => onPatch({ backend: next === '' ? null : next })}
      />
    </Field>
  )
}

function RealmField(props: ListenerFormProps) {
  const { value, onPatch, isDisabled } = props
  return (
    <Field
      label="Realm"
      right="needed"
      help="Of its credentials, such as your domain. Who may use it, and whom they reach, is below."
      error={errorOf(props, 'realm')}
      was={wasOf(props, 'realm')}
    >
      <TextField
        value={value.realm ?? ''}
        isDisabled={isDisabled}
        onInput={(next) => onPatch({ realm: next === '' ? null : next })}
      />
    </Field>
  )
}

function Others(props: ListenerFormProps & { readonly protocol: Protocol }) {
  const { protocol, value, was, errors, isDisabled, onPatch } = props
  const schema = useConfigSchema('listener', protocol).value
  const set = schema === null ? [] : setOf(schema, value)
  const hasErrors = Object.keys(errors).some((at) => set.includes(at.split('/')[1] ?? ''))
  return (
    <details class={css.others} open={hasErrors || protocol === 'turn'}>
      <summary>
        All other settings
        <span class="quiet">
          {set.length === 0 ? 'all as by default' : `${count(set.length, 'setting')} written`}
        </span>
      </summary>
      {schema === null ? (
        <Loading />
      ) : (
        <SchemaForm
          schema={schema}
          value={value}
          was={was}
          errors={errors}
          except={HAND_MADE}
          isDisabled={isDisabled}
          onPatch={onPatch}
        />
      )}
    </details>
  )
}

const setOf = ({ properties = {} }: Schema, value: ListenerFields): readonly string[] =>
  Object.keys(value).filter((name) => name in properties && !HAND_MADE.some((own) => own === name))
