// Some of several names, in the order in which they were chosen.
import { useField } from './field.tsx'
import css from './pick-many.module.css'

export interface PickManyProps {
  readonly options: readonly string[]
  readonly value: readonly string[]
  readonly isDisabled?: boolean | undefined
  readonly onInput: (value: readonly string[]) => void
}

/** A box for each; those that are chosen say which they are, since the first may mean more. */
export function PickMany({ options, value, isDisabled, onInput }: PickManyProps) {
  const { isChanged } = useField()
  return (
    <ul class={css.options}>
      {options.map((option) => {
        const at = value.indexOf(option)
        return (
          <li key={option}>
            <label class={isChanged ? css.changed : undefined}>
              <input
                type="checkbox"
                checked={at >= 0}
                disabled={isDisabled}
                onChange={() => onInput(at >= 0 ? value.toSpliced(at, 1) : [...value, option])}
              />
              <span class="cut" title={option}>
                {option}
              </span>
              {at === 0 && value.length > 1 && <small>first</small>}
            </label>
          </li>
        )
      })}
    </ul>
  )
}
