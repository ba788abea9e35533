// How many requests of a rule at once, which go first where they wait, and times of its own.
import { useConfigSchema } from '../../data/use-config-schema.ts'
import { Loading } from '../../parts/empty.tsx'
import { SchemaForm } from '../../parts/schema-form.tsx'
import type { RuleFormProps } from './rule-form-props.ts'
import css from './rule-form.module.css'

const FIELDS = ['max_connections', 'priority', 'timeouts'] as const

export function LimitFields({ rule, was, errors, isDisabled, onPatch }: RuleFormProps) {
  const schema = useConfigSchema('rule').value
  const written = FIELDS.filter((name) => rule[name] !== undefined)
  const isWrong = Object.keys(errors).some((at) => FIELDS.some((name) => at.split('/')[1] === name))
  return (
    <details class={css.limits} open={isWrong || written.length > 0}>
      <summary>
        Limits and timeouts <span class="quiet">{written.length === 0 ? 'those of the backend' : ''}</span>
      </summary>
      {schema === null ? (
        <Loading lines={4} />
      ) : (
        <SchemaForm
          schema={schema}
          only={FIELDS}
          value={rule}
          was={was}
          errors={errors}
          isDisabled={isDisabled}
          onPatch={(patch) => onPatch(patch as RuleFormProps['rule'])}
        />
      )}
    </details>
  )
}
