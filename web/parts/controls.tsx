// The controls that stand in a field. Each takes a value and tells of the next one.
import { useState } from 'preact/hooks'
import { Button } from './button.tsx'
import { classes } from './classes.ts'
import css from './field.module.css'
import { useField } from './field.tsx'

export interface ControlProps<Value> {
  readonly value: Value
  readonly onInput: (value: Value) => void
  readonly isDisabled?: boolean | undefined
  /** Its name where no field gives it one. */
  readonly label?: string | undefined
  readonly placeholder?: string | undefined
}

/** What all controls have of their field. */
function useShared({ isDisabled, label, placeholder }: Omit<ControlProps<unknown>, 'value' | 'onInput'>) {
  const { id, describedBy, isInvalid, isChanged } = useField()
  return {
    id,
    'aria-label': label,
    'aria-describedby': describedBy,
    'aria-invalid': isInvalid ? true : undefined,
    disabled: isDisabled === true,
    placeholder,
    class: classes(css.input, isChanged && css.changed),
  } as const
}

export interface TextFieldProps extends ControlProps<string> {
  /** For what can be pasted elsewhere: addresses, paths, patterns. */
  readonly isMono?: boolean | undefined
  readonly type?: 'text' | 'password' | 'url' | 'search' | undefined
  readonly autocomplete?: string | undefined
  readonly inputMode?: 'text' | 'numeric' | undefined
  readonly isRequired?: boolean | undefined
  readonly hasFocus?: boolean | undefined
  /** Takes what is pasted: true when it was of use, so that the text is not put in as well. */
  readonly onPaste?: ((text: string) => boolean) | undefined
}

/** Spelled out: an input's type decides what else it takes. */
const TYPES = {
  text: { type: 'text' },
  password: { type: 'password' },
  url: { type: 'url' },
  search: { type: 'search' },
} as const

export function TextField(props: TextFieldProps) {
  const shared = useShared(props)
  return (
    <input
      {...shared}
      class={classes(shared.class, props.isMono === true && css.mono)}
      {...TYPES[props.type ?? 'text']}
      autocomplete={props.autocomplete ?? 'off'}
      inputMode={props.inputMode}
      required={props.isRequired}
      autofocus={props.hasFocus}
      spellcheck={false}
      value={props.value}
      onInput={(event) => props.onInput(event.currentTarget.value)}
      onPaste={(event) => {
        if (props.onPaste?.(event.clipboardData?.getData('text') ?? '') === true) event.preventDefault()
      }}
    />
  )
}

export interface NumberFieldProps extends ControlProps<number | null> {
  readonly least?: number | undefined
  readonly most?: number | undefined
  readonly step?: number | 'any' | undefined
}

/** A number; null while it is empty. */
export function NumberField(props: NumberFieldProps) {
  const shared = useShared(props)
  return (
    <input
      {...shared}
      type="number"
      inputMode="decimal"
      min={props.least}
      max={props.most}
      step={props.step ?? 1}
      value={props.value ?? ''}
      onInput={({ currentTarget }) => {
        // “1e” and “-” are no numbers yet, and must not empty what is configured.
        if (currentTarget.validity.badInput) return
        props.onInput(currentTarget.value === '' ? null : currentTarget.valueAsNumber)
      }}
      // A wheel over a field that has the focus is meant for the page.
      onWheel={(event) => event.currentTarget.blur()}
    />
  )
}

export interface SelectOption {
  readonly value: string
  readonly label?: string | undefined
}

export interface SelectFieldProps extends ControlProps<string> {
  readonly options: readonly (string | SelectOption)[]
}

export function SelectField(props: SelectFieldProps) {
  const { placeholder, ...shared } = useShared(props)
  const options = props.options.map((option) => (typeof option === 'string' ? { value: option } : option))
  const isKnown = options.some(({ value }) => value === props.value)
  return (
    <select
      {...shared}
      class={classes(shared.class, css.select)}
      value={props.value}
      onChange={(event) => props.onInput(event.currentTarget.value)}
    >
      {!isKnown && (
        <option value={props.value}>{props.value === '' ? (placeholder ?? '') : props.value}</option>
      )}
      {options.map((option) => (
        <option key={option.value} value={option.value}>
          {'label' in option ? (option.label ?? option.value) : option.value}
        </option>
      ))}
    </select>
  )
}

export interface SwitchFieldProps extends ControlProps<boolean> {
  /** Words beside the switch: what it does when on. */
  readonly words?: string | undefined
}

export function SwitchField(props: SwitchFieldProps) {
  const { placeholder: _placeholder, ...shared } = useShared(props)
  const { isChanged } = useField()
  return (
    <label class={css.switch}>
      <input
        {...shared}
        class={classes(isChanged && css.changed)}
        type="checkbox"
        role="switch"
        checked={props.value}
        onChange={(event) => props.onInput(event.currentTarget.checked)}
      />
      {props.words ?? (props.value ? 'On' : 'Off')}
    </label>
  )
}

export interface AreaFieldProps extends ControlProps<string> {
  readonly rows?: number | undefined
  readonly isMono?: boolean | undefined
}

export function AreaField(props: AreaFieldProps) {
  const shared = useShared(props)
  return (
    <textarea
      {...shared}
      class={classes(shared.class, css.area, props.isMono === true && css.mono)}
      rows={props.rows ?? 4}
      spellcheck={false}
      value={props.value}
      onInput={(event) => props.onInput(event.currentTarget.value)}
    />
  )
}

export interface ListFieldProps extends ControlProps<readonly string[]> {
  /** What stands between several that are pasted at once. */
  readonly separator?: RegExp | undefined
  /** What one of them is: “address”, for the buttons' names. */
  readonly item?: string | undefined
  readonly isMono?: boolean | undefined
}

/** A list of texts: one line each, Enter adds the next; several pasted lines become several items. */
export function ListField(props: ListFieldProps) {
  const { value, onInput, isDisabled, item = 'item', separator = /[\n,]+/ } = props
  const [draft, setDraft] = useState('')
  const shared = useShared({ ...props, label: undefined })
  const look = classes(shared.class, props.isMono !== false && css.mono)
  const add = (text: string): void => {
    const added = text
      .split(separator)
      .map((part) => part.trim())
      .filter(Boolean)
    if (added.length > 0) onInput([...value, ...added])
    setDraft('')
  }
  const replace = (at: number, text: string): void => onInput(value.with(at, text))
  return (
    <div class={css.list}>
      {value.map((text, at) => (
        // Their place is what they are: the same text may stand twice.
        <div class={css.item} key={at}>
          <input
            class={look}
            aria-label={`${item} ${at + 1}`}
            disabled={isDisabled}
            spellcheck={false}
            value={text}
            onInput={(event) => replace(at, event.currentTarget.value)}
          />
          {isDisabled !== true && (
            <Button
              kind="quiet"
              icon="cross"
              label={`Remove ${item} ${text}`}
              onPress={() => onInput(value.toSpliced(at, 1))}
            />
          )}
        </div>
      ))}
      {isDisabled !== true && (
        <div class={css.item}>
          <input
            {...shared}
            class={look}
            aria-label={shared.id === undefined ? `Add ${item}` : undefined}
            placeholder={props.placeholder ?? `Add ${item}`}
            spellcheck={false}
            value={draft}
            onInput={(event) => setDraft(event.currentTarget.value)}
            onKeyDown={(event) => {
              if (event.key !== 'Enter' || draft.trim() === '') return
              event.preventDefault()
              add(draft)
            }}
            onPaste={(event) => {
              const text = event.clipboardData?.getData('text') ?? ''
              if (!/[\n,]/.test(text)) return
              event.preventDefault()
              add(draft + text)
            }}
            onBlur={() => add(draft)}
          />
        </div>
      )}
    </div>
  )
}
