// Steps on the way of a rule, in order; what each takes is told by the gateway.
import { useHeld } from '../../data/held.ts'
import { isMap, isSame, type JsonMap, merged } from '../../data/merge.ts'
import { stepsOf } from '../../data/rule-words.ts'
import { Button } from '../../parts/button.tsx'
import { Note } from '../../parts/messages.tsx'
import { Menu } from '../../parts/popover.tsx'
import { SchemaForm } from '../../parts/schema-form.tsx'
import type { Schema } from '../../parts/schema-fields.ts'
import { Tag } from '../../parts/status.tsx'
import type { RuleFormProps } from './rule-form-props.ts'
import css from './rule-form.module.css'

type Step = JsonMap

export function MiddlewareFields(props: RuleFormProps) {
  const { rule, was, errors, isDisabled, onPatch } = props
  const held = useHeld('GET /api/v1/middleware', {}).value
  const kinds = held.value?.items ?? []
  const steps = (Array.isArray(rule['middleware']) ? rule['middleware'].filter(isMap) : []) as readonly Step[]
  const put = (next: readonly Step[]): void => onPatch({ middleware: next.length === 0 ? null : next })
  const isChanged = was !== undefined && !isSame(rule['middleware'], was['middleware'])
  return (
    <div class={css.steps}>
      {isChanged && (
        <span>
          <Tag state="draft">was {stepsOf(was).join(', ') || 'none'}</Tag>
        </span>
      )}
      {steps.length === 0 && <p class={css.help}>Nothing: requests go to their destination as they come.</p>}
      {steps.map((step, at) => {
        const [name = ''] = Object.keys(step)
        const kind = kinds.find((one) => one.name === name)
        return (
          <StepPart
            // The same kind may stand twice: their place is what they are.
            key={`${at} ${name}`}
            {...{ name, at, isDisabled, errors }}
            count={steps.length}
            schema={(kind?.schema ?? {}) as Schema}
            value={isMap(step[name]) ? step[name] : {}}
            onPatch={(patch) => put(steps.with(at, { [name]: merged(step[name] ?? {}, patch) }))}
            onMove={(by) => put(steps.toSpliced(at, 1).toSpliced(at + by, 0, step))}
            onRemove={() => put(steps.toSpliced(at, 1))}
          />
        )
      })}
      {held.problem !== null && (
        <Note state="warn" title={held.problem.title}>
          {held.problem.detail}
        </Note>
      )}
      {!isDisabled && kinds.length > 0 && (
        <span>
          <Menu
            label="Add a step"
            items={kinds.map(({ name }) => ({
              label: name,
              onPress: () => put([...steps, { [name]: {} }]),
            }))}
            anchor={(opener) => (
              <Button size="sm" icon="plus" {...opener}>
                Step
              </Button>
            )}
          />
        </span>
      )}
    </div>
  )
}

interface StepPartProps {
  readonly name: string
  readonly at: number
  readonly count: number
  readonly schema: Schema
  readonly value: JsonMap
  readonly errors: RuleFormProps['errors']
  readonly isDisabled: boolean
  readonly onPatch: (patch: JsonMap) => void
  readonly onMove: (by: -1 | 1) => void
  readonly onRemove: () => void
}

function StepPart({ name, at, count, schema, value, errors, isDisabled, ...deeds }: StepPartProps) {
  return (
    <div class={css.step} role="group" aria-label={`Step ${at + 1}, ${name}`}>
      <div class={css.stepHead}>
        <code>{name}</code>
        {!isDisabled && (
          <>
            {at > 0 && (
              <Button
                size="sm"
                kind="quiet"
                icon="up"
                label={`${name} earlier`}
                onPress={() => deeds.onMove(-1)}
              />
            )}
            {at < count - 1 && (
              <Button
                size="sm"
                kind="quiet"
                icon="down"
                label={`${name} later`}
                onPress={() => deeds.onMove(1)}
              />
            )}
            <Button size="sm" kind="quiet" icon="trash" label={`Remove ${name}`} onPress={deeds.onRemove} />
          </>
        )}
      </div>
      {schema.description !== undefined && <p class={css.help}>{schema.description}</p>}
      <SchemaForm
        schema={schema}
        value={value}
        errors={errorsBelow(errors, `/middleware/${at}/${name}`)}
        isDisabled={isDisabled}
        onPatch={deeds.onPatch}
      />
    </div>
  )
}

const errorsBelow = (errors: RuleFormProps['errors'], pointer: string): Readonly<Record<string, string>> =>
  Object.fromEntries(
    Object.entries(errors).flatMap(([at, message]) =>
      at.startsWith(`${pointer}/`) ? [[at.slice(pointer.length), message]] : [],
    ),
  )
