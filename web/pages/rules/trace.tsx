// The rules that were looked at, each with what holds and what does not; the one that takes it on blue.
import type {
  ExplainedPart,
  ExplainedRule,
  RulesTrace,
} from '../../../server/control/explain/explain-rules.ts'
import { matchParts } from '../../data/rule-words.ts'
import { count, number } from '../../data/say.ts'
import { Icon } from '../../parts/icon.tsx'
import type { ShownRule } from './shown-rules.ts'
import css from './tester.module.css'

interface TraceProps {
  readonly trace: RulesTrace
  readonly rules: readonly ShownRule[]
}

export function Trace({ trace, rules }: TraceProps) {
  const { candidates, not_asked: behind, left_out: leftOut } = trace
  const asked = trace.rules - behind
  const reasons = Object.entries(leftOut).filter(([, n]) => n > 0)
  return (
    <section>
      <h3 class={css.head}>
        Rules{' '}
        <span class={css.end}>
          {number(asked)} of {number(trace.rules)} looked at
        </span>
      </h3>
      <ol class={css.trace}>
        {candidates.map((one) => (
          <Candidate
            key={`${one.place} ${one.rule}`}
            one={one}
            rule={rules.find(({ id }) => id === one.rule)}
            place={rules.findIndex(({ id }) => id === one.rule) + 1}
          />
        ))}
        {reasons.length > 0 && (
          <li class={css.pass}>
            <span class={css.n} />
            <span class={css.wide}>
              {count(
                reasons.reduce((sum, [, n]) => sum + n, 0),
                'rule',
              )}{' '}
              more fail: {reasons.map(([part, n]) => `${number(n)} by ${part}`).join(', ')}
            </span>
          </li>
        )}
        {behind > 0 && (
          <li class={css.pass}>
            <span class={css.n} />
            <span class={css.wide}>
              {count(behind, 'rule')} behind it {behind === 1 ? 'is' : 'are'} not asked
            </span>
          </li>
        )}
      </ol>
    </section>
  )
}

interface CandidateProps {
  readonly one: ExplainedRule
  readonly rule: ShownRule | undefined
  /** In the list; 0: it is not there. */
  readonly place: number
}

function Candidate({ one, rule, place }: CandidateProps) {
  const held = holdingParts(one, rule)
  return (
    <li class={one.matches ? css.win : css.pass}>
      <span class={css.n}>{place === 0 ? '' : number(place)}</span>
      <span class={css.nm} title={one.rule}>
        {one.rule}
      </span>
      <span class={css.d}>
        {held.map((part) => (
          <span key={part} class={css.ok}>
            <Icon name="tick" size={12} />
            <span class="sr">holds: </span>
            {part}
          </span>
        ))}
        {one.unmet.map((part) => (
          <span key={`${part.part} ${part.name}`} class={css.no}>
            <Icon name="cross" size={12} />
            <span class="sr">does not hold: </span>
            <span>{unmetWords(part)}</span>
          </span>
        ))}
        {one.matches && <b>taken</b>}
      </span>
    </li>
  )
}

/** Parts of the rule that hold, by what the list knows of it. */
function holdingParts({ unmet, matches }: ExplainedRule, rule: ShownRule | undefined): readonly string[] {
  const parts = rule?.item === null || rule === undefined ? [] : matchParts(rule.item.configured)
  if (parts.length === 0) return matches ? ['takes everything'] : []
  return parts
    .filter(({ part, name }) => !unmet.some((one) => one.part === part && one.name === name))
    .map(({ part, name }) => name ?? part)
}

/** `X-Canary is absent`; `path is /v1, not /v2/*`. */
export function unmetWords({
  part,
  name,
  wanted,
  wanted_left_out: more,
  found,
  unclear,
}: ExplainedPart): string {
  const what = name ?? part
  if (unclear) return `${what} can be read in two ways`
  const others = more > 0 ? ` and ${number(more)} more` : ''
  if (part === 'any') return `none of: ${wanted.join('; ')}${others}`
  if (part === 'weight') return `is none of those that it takes: ${wanted.join(', ')}`
  if (part === 'not') return `is what it must not be: ${wanted.join('; ')}`
  if (found === null) return `${what} is absent`
  return part === 'path' || part === 'host'
    ? `${what}: not ${wanted.join(', ')}${others}`
    : `${what} is ${found}, not ${wanted.join(', ')}${others}`
}
