// What the gateway says to a change that was tried.
import { count } from '../../data/say.ts'
import { Note } from '../../parts/messages.tsx'
import { Shape } from '../../parts/status.tsx'
import css from './listeners.module.css'
import type { Trial } from './trial.ts'

export function TrialResult({ trial }: { readonly trial: Trial }) {
  const { state, words, errors, problem } = trial
  if (state === 'idle') return null
  const [first, ...others] = Object.values(errors)
  const more = others.length
  return (
    <div class={css.trial} role="status">
      {state === 'asking' && (
        <p class="quiet">
          <Shape state="unk" /> The gateway tries it…
        </p>
      )}
      {state === 'passed' && (
        <>
          <p>
            <Shape state="up" /> It can be applied: the gateway has tried it.
          </p>
          {words.map((line) => (
            <p key={line} class="supporting">
              {line.charAt(0).toUpperCase() + line.slice(1)}.
            </p>
          ))}
        </>
      )}
      {state === 'refused' && first !== undefined && (
        <p class={css.refused}>
          <Shape state="down" />
          <span>
            It would be refused. {first}
            {more > 0 && ` ${count(more, 'more field')} ${more === 1 ? 'is' : 'are'} marked.`}
          </span>
        </p>
      )}
      {state === 'refused' && problem !== null && (
        <Note state="down" title={problem.title}>
          {problem.detail} {problem.hint}
        </Note>
      )}
    </div>
  )
}
