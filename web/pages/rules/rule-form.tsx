// The fields of a rule: what it matches, where it leads, what is on the way.
import { changes } from '../../data/draft.ts'
import { withDrafted } from '../../data/rule-words.ts'
import { DestinationFields } from './destination-fields.tsx'
import { isForTls } from './for-tls.ts'
import { LimitFields } from './limit-fields.tsx'
import { MatchFields } from './match-fields.tsx'
import { MiddlewareFields } from './middleware-fields.tsx'
import type { RuleFormProps } from './rule-form-props.ts'
import css from './rule-form.module.css'

export function RuleForm(props: RuleFormProps) {
  // Those of the draft come with the rule.
  const listeners = withDrafted(props.listeners, changes.value)
  const { rule } = props
  return (
    <div class={css.form}>
      <section class={css.part} aria-labelledby="rule-match">
        <h3 id="rule-match">Matches</h3>
        <MatchFields {...props} listeners={listeners} />
      </section>
      <section class={css.part} aria-labelledby="rule-to">
        <h3 id="rule-to">Destination</h3>
        <DestinationFields {...props} listeners={listeners} />
      </section>
      {(!isForTls(rule, listeners) || rule['middleware'] !== undefined) && (
        <section class={css.part} aria-labelledby="rule-way">
          <h3 id="rule-way">On the way</h3>
          <MiddlewareFields {...props} />
        </section>
      )}
      {!isForTls(rule, listeners) && <LimitFields {...props} />}
    </div>
  )
}
