// Where a rule leads: exactly one of a backend, a redirect, a fixed answer; of TLS a backend or a listener.
import { useRef } from 'preact/hooks'
import { at, isMap, isSame, type JsonMap } from '../../data/merge.ts'
import { destinationOf, type SplitPart as Part } from '../../data/rule-words.ts'
import { count, number } from '../../data/say.ts'
import { Segmented } from '../../parts/choices.tsx'
import { AreaField, NumberField, SelectField, TextField } from '../../parts/controls.tsx'
import { Field } from '../../parts/field.tsx'
import { PairsInput } from '../../parts/schema-inputs.tsx'
import { isForTls } from './for-tls.ts'
import type { RuleFormProps } from './rule-form-props.ts'
import css from './rule-form.module.css'

type Kind = 'backend' | 'split' | 'nearest' | 'redirect' | 'respond' | 'maintenance' | 'listener'

const LABELS: Readonly<Record<Kind, string>> = {
  ...{ backend: 'Backend', split: 'Split', redirect: 'Redirect', respond: 'Answer', listener: 'Listener' },
  maintenance: 'Maintenance',
  nearest: 'Nearest',
}

export function DestinationFields(props: RuleFormProps) {
  const { rule, onPatch, isDisabled } = props
  const leads = destinationOf(rule)
  const kind: Kind = leads.kind === 'none' ? 'backend' : leads.kind
  const isTls = kind === 'listener' || isForTls(rule, props.listeners)
  const kinds = kindsOf(kind, isTls)
  // What was entered for another kind comes back with it.
  const kept = useRef<Partial<Record<Kind, unknown>>>({})
  const pick = (next: Kind): void => {
    if (next === kind || isDisabled) return
    kept.current[kind] = rule[kind]
    onPatch({ [kind]: null, [next]: kept.current[next] ?? props.was?.[next] ?? beginOf(next, props) })
  }
  return (
    <div class={css.body}>
      <span>
        <Segmented
          label="Kind of destination"
          value={kind}
          options={kinds.map((value) => ({ value, label: LABELS[value] }))}
          onPick={pick}
        />
      </span>
      {kind === 'backend' && <BackendPart {...props} />}
      {leads.kind === 'split' && <SplitPart parts={leads.parts} />}
      {leads.kind === 'nearest' && (
        <p class="supporting">
          The nearest to the client of {leads.backends.join(', ')} that has a server up.
        </p>
      )}
      {kind === 'maintenance' && <p class="supporting">Whoever comes is answered 503.</p>}
      {kind === 'listener' && <ListenerPart {...props} />}
      {kind === 'redirect' && <RedirectPart {...props} />}
      {kind === 'respond' && <RespondPart {...props} />}
    </div>
  )
}

/** Those that are only shown stand beside the others where the rule has them. */
function kindsOf(kind: Kind, isTls: boolean): readonly Kind[] {
  const usual: readonly Kind[] = isTls ? ['backend', 'listener'] : ['backend', 'redirect', 'respond']
  return usual.includes(kind) ? usual : [...usual, kind]
}

function SplitPart({ parts }: { readonly parts: readonly Part[] }) {
  const all = parts.reduce((sum, { weight }) => sum + weight, 0)
  const share = (weight: number): string =>
    `${number(all === 0 ? 0 : Math.round((weight / all) * 1000) / 10)} %`
  return (
    <ul>
      {parts.map(({ name, backend, weight }) => (
        <li key={name}>
          {share(weight)} <b>{name}</b>
          {name !== backend && <span class="supporting"> backend {backend}</span>}
        </li>
      ))}
    </ul>
  )
}

function beginOf(kind: Kind, { backends, listeners }: RuleFormProps): unknown {
  if (kind === 'backend') return backends.keys().next().value ?? ''
  if (kind === 'listener') return listeners.find(({ protocol }) => protocol === 'https')?.name ?? ''
  return kind === 'redirect' ? { to: '' } : { status: 200 }
}

/** What stood at a path; undefined: the same. */
export function wasOf(
  { rule, was }: Pick<RuleFormProps, 'rule' | 'was'>,
  path: readonly string[],
): string | undefined {
  if (was === undefined) return undefined
  const [now, before] = [at(rule, path), at(was, path)]
  if (isSame(now, before)) return undefined
  return before === undefined ? '' : isMap(before) ? JSON.stringify(before) : String(before)
}

function BackendPart(props: RuleFormProps) {
  const { rule, backends, errors, isDisabled, onPatch } = props
  const name = typeof rule['backend'] === 'string' ? rule['backend'] : ''
  const state = backends.get(name)
  const help =
    state === undefined
      ? name === ''
        ? 'Who answers.'
        : 'There is no such backend.'
      : state.state === 'draft'
        ? `It runs once the draft is applied, with ${count(state.servers, 'server')}.`
        : `${state.up} of ${count(state.servers, 'server')} up.`
  return (
    <Field
      label="Backend"
      help={help}
      was={wasOf(props, ['backend'])}
      error={errors['/backend'] ?? errors['']}
    >
      <SelectField
        value={name}
        placeholder="choose one"
        isDisabled={isDisabled}
        options={[...backends].map(([value, one]) => ({
          value,
          label: one.state === 'up' ? value : `${value} (${one.word})`,
        }))}
        onInput={(backend) => onPatch({ backend })}
      />
    </Field>
  )
}

function ListenerPart(props: RuleFormProps) {
  const { rule, listeners, errors, isDisabled, onPatch } = props
  return (
    <Field
      label="Listener"
      help="It ends TLS, and the connection goes on as if it had come in there."
      was={wasOf(props, ['listener'])}
      error={errors['/listener'] ?? errors['']}
    >
      <SelectField
        value={String(rule['listener'] ?? '')}
        isDisabled={isDisabled}
        options={listeners.filter(({ protocol }) => protocol === 'https').map(({ name }) => name)}
        onInput={(listener) => onPatch({ listener })}
      />
    </Field>
  )
}

const STATUSES = [
  { value: '308', label: '308 permanent, same method' },
  { value: '307', label: '307 for now, same method' },
  { value: '301', label: '301 permanent' },
  { value: '302', label: '302 for now' },
  { value: '303', label: '303 see other, by GET' },
]

function RedirectPart(props: RuleFormProps) {
  const { rule, errors, isDisabled, onPatch } = props
  const redirect: JsonMap = isMap(rule['redirect']) ? rule['redirect'] : {}
  return (
    <>
      <Field
        label="To"
        help="{scheme}, {host}, {path} and {query} stand for those of the request; {query} has its “?”."
        was={wasOf(props, ['redirect', 'to'])}
        error={errors['/redirect/to'] ?? errors['/redirect']}
      >
        <TextField
          isMono
          placeholder="https://www.example.org{path}{query}"
          value={String(redirect['to'] ?? '')}
          isDisabled={isDisabled}
          onInput={(to) => onPatch({ redirect: { to } })}
        />
      </Field>
      <Field
        label="Status"
        right="default 308"
        was={wasOf(props, ['redirect', 'status'])}
        error={errors['/redirect/status']}
      >
        <SelectField
          value={String(redirect['status'] ?? 308)}
          options={STATUSES}
          isDisabled={isDisabled}
          onInput={(status) => onPatch({ redirect: { status: Number(status) } })}
        />
      </Field>
    </>
  )
}

function RespondPart(props: RuleFormProps) {
  const { rule, errors, isDisabled, onPatch } = props
  const respond: JsonMap = isMap(rule['respond']) ? rule['respond'] : {}
  const headers = isMap(respond['headers']) ? respond['headers'] : {}
  return (
    <>
      <Field
        label="Status"
        right="default 200"
        was={wasOf(props, ['respond', 'status'])}
        error={errors['/respond/status']}
      >
        <NumberField
          least={200}
          most={599}
          value={typeof respond['status'] === 'number' ? respond['status'] : 200}
          isDisabled={isDisabled}
          onInput={(status) => onPatch({ respond: { status } })}
        />
      </Field>
      <Field label="Body" was={wasOf(props, ['respond', 'body'])} error={errors['/respond/body']}>
        <AreaField
          isMono
          rows={3}
          value={String(respond['body'] ?? '')}
          isDisabled={isDisabled}
          onInput={(body) => onPatch({ respond: { body: body === '' ? null : body } })}
        />
      </Field>
      <Field
        label="Header fields"
        help="Content-Type is text/plain unless named."
        was={wasOf(props, ['respond', 'headers'])}
        error={errors['/respond/headers']}
        isGroup
      >
        <PairsInput
          value={headers as Readonly<Record<string, string>>}
          isDisabled={isDisabled}
          onInput={(next) => onPatch({ respond: { headers: next ?? null } })}
        />
      </Field>
    </>
  )
}
