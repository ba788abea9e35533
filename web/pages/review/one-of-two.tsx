// Theirs or mine: two values beside each other, one of which stays.
import { useId } from 'preact/hooks'
import type { Pick } from '../../data/rebase.ts'
import css from './conflicts.module.css'

export interface Side {
  readonly value: Pick
  /** Whose it is, or what it does. */
  readonly label: string
  readonly detail?: string | undefined
  readonly lines?: readonly string[] | undefined
}

export interface OneOfTwoProps {
  readonly legend: string
  readonly options: readonly Side[]
  readonly value: Pick | undefined
  readonly onPick: (value: Pick) => void
}

export function OneOfTwo({ legend, options, value, onPick }: OneOfTwoProps) {
  const name = useId()
  return (
    <fieldset class={css.two}>
      <legend class="sr">{legend}</legend>
      {options.map((option) => (
        <label key={option.value} class={option.value === value ? css.picked : undefined}>
          <input
            type="radio"
            name={name}
            checked={option.value === value}
            onChange={() => onPick(option.value)}
          />
          <span class={css.label}>{option.label}</span>
          {option.detail !== undefined && <code>{option.detail}</code>}
          {option.lines !== undefined && (
            <pre>{option.lines.length === 0 ? '(no line)' : option.lines.join('\n')}</pre>
          )}
        </label>
      ))}
    </fieldset>
  )
}
