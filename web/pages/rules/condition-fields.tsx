// What else a rule may ask: who the client is, when, and conditions that are put together.
import type { ComponentChildren } from 'preact'
import { useState } from 'preact/hooks'
import { isMap } from '../../data/merge.ts'
import { useConfigSchema } from '../../data/use-config-schema.ts'
import { Loading } from '../../parts/empty.tsx'
import { SchemaForm } from '../../parts/schema-form.tsx'
import type { RuleFormProps } from './rule-form-props.ts'
import css from './rule-form.module.css'

interface Group {
  readonly title: string
  readonly fields: readonly string[]
}

const GROUPS: readonly Group[] = [
  {
    title: 'Client, TLS and time',
    fields: ['client', 'country', 'continent', 'asn', 'scheme', 'tls', 'time'],
  },
  { title: 'A token', fields: ['jwt', 'claims'] },
  { title: 'Each of these, or one of them', fields: ['all', 'any'] },
  { title: 'What must not be', fields: ['not'] },
]

export function ConditionFields(props: RuleFormProps) {
  const schema = useConfigSchema('rule').value?.properties?.['match']
  const match = mapOf(props.rule['match'])
  const errors = Object.fromEntries(
    Object.entries(props.errors).flatMap(([at, words]) =>
      at.startsWith('/match/') ? [[at.slice('/match'.length), words] as const] : [],
    ),
  )
  return (
    <>
      {GROUPS.map(({ title, fields }) => (
        <Part
          key={title}
          title={title}
          isOpen={
            fields.some((name) => match[name] !== undefined) ||
            Object.keys(errors).some((at) => fields.includes(at.split('/')[1] ?? ''))
          }
        >
          {schema === undefined ? (
            <Loading lines={2} />
          ) : (
            <SchemaForm
              schema={schema}
              only={fields}
              value={match}
              was={props.was && mapOf(props.was['match'])}
              errors={errors}
              isDisabled={props.isDisabled}
              onPatch={(patch) => props.onPatch({ match: patch })}
            />
          )}
        </Part>
      ))}
    </>
  )
}

interface PartProps {
  readonly title: string
  readonly isOpen: boolean
  readonly children: ComponentChildren
}

/** Closed while nothing of it is written: few rules ask so much. */
function Part({ title, isOpen, children }: PartProps) {
  const [isShown, setShown] = useState(isOpen)
  return (
    <details
      class={css.limits}
      open={isOpen || isShown}
      onToggle={({ currentTarget }) => setShown(currentTarget.open)}
    >
      <summary>{title}</summary>
      {(isOpen || isShown) && children}
    </details>
  )
}

const mapOf = (value: unknown) => (isMap(value) ? value : {})
