// What the gateway says to a change that was tried.
import { Note } from '../../parts/messages.tsx'
import { Shape } from '../../parts/status.tsx'
import css from './listeners.module.css'
import type { Trial } from './trial.ts'

export function TrialResult({ trial }: { readonly trial: Trial }) {
  const { state, words, errors, problem } = trial
  if (state === 'idle') return null
  const wrong = Object.keys(errors).length
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
      {state === 'refused' && problem === null && (
        <p class={css.refused}>
          <Shape state="down" /> It would be refused: see the {wrong === 1 ? 'field' : `${wrong} fields`}{' '}
          marked.
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
