// What stands against the text: in one word, and each at its line.
import type { Finding } from '../../../data/findings.ts'
import { sentence } from '../../../data/reviewing.ts'
import { count } from '../../../data/say.ts'
import { Button } from '../../../parts/button.tsx'
import { Shape, Status } from '../../../parts/status.tsx'
import { Kbd } from '../../../parts/words.tsx'
import css from './editor.module.css'
import type { Validation } from './use-validated.ts'

export function Verdict({ validation }: { readonly validation: Validation }) {
  const { isBusy, validateNow } = validation
  const { state, word } = verdictOf(validation)
  return (
    <>
      <span role="status">
        <Status state={state} word={word} />
      </span>
      <Button size="sm" isBusy={isBusy} busyWord="Checking" onPress={validateNow}>
        Check
      </Button>
    </>
  )
}

function verdictOf({ findings, problem }: Validation) {
  if (problem !== null) return { state: 'unk', word: 'Not checked' } as const
  if (findings === null) return { state: 'unk', word: 'Not checked yet' } as const
  const errors = findings.filter(({ severity }) => severity === 'error').length
  if (errors > 0) return { state: 'down', word: count(errors, 'problem') } as const
  return findings.length > 0
    ? ({ state: 'warn', word: `Valid, ${count(findings.length, 'warning')}` } as const)
    : ({ state: 'up', word: 'Valid' } as const)
}

/** Shown at once; the gateway tells all that it finds. */
const SHOWN_MAX = 100

interface FindingsProps {
  readonly validation: Validation
  readonly onGo: (finding: Finding) => void
}

export function Findings({ validation: { findings, problem }, onGo }: FindingsProps) {
  const all = findings ?? []
  return (
    <>
      {problem !== null && <p class={css.foot}>{`${problem.title}: ${problem.detail}`}</p>}
      {all.length > 0 && (
        <ul class={css.findings} aria-label="Problems of the text">
          {all.slice(0, SHOWN_MAX).map((one) => (
            <li key={`${one.line} ${one.column} ${one.path} ${one.message}`}>
              <button type="button" class={css.finding} onClick={() => onGo(one)}>
                <Shape state={one.severity === 'error' ? 'down' : 'warn'} label={one.severity} />
                <span class={css.where}>{one.line === undefined ? '' : `Line ${one.line}`}</span>
                <span class={css.says}>
                  {one.path !== '' && <code>{one.path} </code>}
                  {sentence(one.hint === undefined ? one.message : `${one.message}; ${one.hint}`)}
                </span>
              </button>
            </li>
          ))}
        </ul>
      )}
      {all.length > SHOWN_MAX && <p class={css.foot}>{count(all.length - SHOWN_MAX, 'more', 'more')}</p>}
      <p class={css.foot}>
        <span>
          <Kbd>Ctrl Space</Kbd> what may stand here
        </span>
        <span>
          <Kbd>Ctrl F</Kbd> search
        </span>
        <span>
          <Kbd>Ctrl ↵</Kbd> check
        </span>
        <span>
          <Kbd>Ctrl S</Kbd> review
        </span>
        <span>
          <Kbd>Esc</Kbd> <Kbd>Tab</Kbd> leave the editor
        </span>
      </p>
    </>
  )
}
