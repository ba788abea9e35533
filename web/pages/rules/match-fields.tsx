// What a rule matches, by hand: all that is named must hold, of a list one.
import { at, isMap, isSame } from '../../data/merge.ts'
import { listOf, type ListenerRow, patternTexts, writtenPattern } from '../../data/rule-words.ts'
import { valueText } from '../../data/value-words.ts'
import { ListField } from '../../parts/controls.tsx'
import { Field } from '../../parts/field.tsx'
import { ConditionFields } from './condition-fields.tsx'
import type { RuleFormProps } from './rule-form-props.ts'
import css from './rule-form.module.css'
import { isForTls } from './for-tls.ts'
import { ValueFields } from './value-fields.tsx'
import { listAs } from './written-as.ts'

interface ListRow {
  readonly name: string
  readonly label: string
  readonly item: string
  readonly help: string
  readonly example: string
}

const HTTP: readonly ListRow[] = [
  {
    name: 'host',
    label: 'Host',
    item: 'host',
    help: '*.example.org is any name below it, ~^shop- a regular expression. None: any host.',
    example: 'api.example.org',
  },
  {
    name: 'path',
    label: 'Path',
    item: 'path',
    help: '/a is that alone, /a/* all below it, /a* all that begins so, /a/{id} any one segment there, ~^/v[0-9] a regular expression.',
    example: '/api/*',
  },
  { name: 'method', label: 'Method', item: 'method', help: 'None: any method.', example: 'GET' },
]
const TLS: readonly ListRow[] = [
  {
    name: 'server_name',
    label: 'Name that TLS asks for (SNI)',
    item: 'name',
    help: '*.example.org is any name below it. None: any, and none.',
    example: 'db.example.org',
  },
  {
    name: 'alpn',
    label: 'Protocol (ALPN)',
    item: 'protocol',
    help: 'One of those that a client offers.',
    example: 'h2',
  },
]

export function MatchFields(props: RuleFormProps) {
  const { rule, listeners } = props
  const isTls = isForTls(rule, listeners)
  const rows = isTls ? TLS : HTTP
  const asked = listeners.filter(({ protocol }) => (protocol === 'tls') === isTls)
  return (
    <div class={css.body}>
      {rows.map((row) => (
        <ListPart key={row.name} row={row} form={props} />
      ))}
      {!isTls && VALUES.map((row) => <ValuePart key={row.name} row={row} form={props} />)}
      {!isTls && <ConditionFields {...props} />}
      {asked.length > 1 && <ListenerPart form={props} listeners={asked} />}
    </div>
  )
}

interface PartProps {
  readonly form: RuleFormProps
}

/** What a field was, in words; undefined: it is as it was. */
function wasAt({ rule, was }: RuleFormProps, name: string): string | undefined {
  if (was === undefined) return undefined
  const [now, before] = [at(rule, ['match', name]), at(was, ['match', name])]
  if (isSame(now, before)) return undefined
  if (name === 'host' || name === 'path' || !isMap(before)) return patternTexts(before).join(', ')
  return Object.entries(before)
    .map(([key, value]) => `${key}: ${valueText(value)}`)
    .join(', ')
}

const errorAt = ({ errors }: RuleFormProps, name: string): string | undefined =>
  Object.entries(errors).find(
    ([pointer]) => pointer === `/match/${name}` || pointer.startsWith(`/match/${name}/`),
  )?.[1]

/** Commas of {1,3} are within one. */
const BETWEEN = /\n+|,(?![^{}\n]*\})/

function ListPart({ row, form }: PartProps & { readonly row: ListRow }) {
  const written = at(form.rule, ['match', row.name])
  return (
    <Field
      label={row.label}
      help={row.help}
      was={wasAt(form, row.name)}
      error={errorAt(form, row.name)}
      isGroup
    >
      <ListField
        item={row.item}
        label={`Add ${row.item}`}
        placeholder={row.example}
        separator={BETWEEN}
        value={patternTexts(written)}
        isDisabled={form.isDisabled}
        onInput={(next) =>
          form.onPatch({
            match: { [row.name]: listAs(isMap(written) ? '' : written, next.map(writtenPattern)) },
          })
        }
      />
    </Field>
  )
}

interface ValueRow {
  readonly name: 'header' | 'query' | 'cookie'
  readonly label: string
  readonly help: string
}

const VALUES: readonly ValueRow[] = [
  { name: 'header', label: 'Header', help: 'Fields of the request that must be so.' },
  { name: 'query', label: 'Query', help: 'Parts of the query, decoded.' },
  { name: 'cookie', label: 'Cookie', help: 'Cookies, as they come.' },
]

function ValuePart({ row: { name, label, help }, form }: PartProps & { readonly row: ValueRow }) {
  const written = at(form.rule, ['match', name])
  return (
    <Field label={label} help={help} was={wasAt(form, name)} error={errorAt(form, name)} isGroup>
      <ValueFields
        value={isMap(written) ? written : {}}
        isDisabled={form.isDisabled}
        onPatch={(next) => form.onPatch({ match: { [name]: next } })}
      />
    </Field>
  )
}

function ListenerPart({ form, listeners }: PartProps & { readonly listeners: readonly ListenerRow[] }) {
  const written = at(form.rule, ['match', 'listener'])
  const named = listOf(written)
  const toggle = (name: string, isOn: boolean): void => {
    const next = isOn ? [...named, name] : named.filter((one) => one !== name)
    form.onPatch({ match: { listener: listAs(written, next) } })
  }
  return (
    <Field
      label="Only on"
      help="None: on all of these."
      was={wasAt(form, 'listener')}
      error={errorAt(form, 'listener')}
      isGroup
    >
      <div class={css.checks}>
        {listeners.map(({ name }) => (
          <label key={name}>
            <input
              type="checkbox"
              checked={named.includes(name)}
              disabled={form.isDisabled}
              onChange={({ currentTarget }) => toggle(name, currentTarget.checked)}
            />
            {name}
          </label>
        ))}
      </div>
    </Field>
  )
}
