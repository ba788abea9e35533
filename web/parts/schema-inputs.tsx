// Inputs of a schema's form for what is more than one word.
import type { ComponentChildren } from 'preact'
import { useState } from 'preact/hooks'
import { Button } from './button.tsx'
import { AreaField, TextField } from './controls.tsx'
import css from './schema-form.module.css'
import { merged, type Fields, type Schema } from './schema-fields.ts'

interface InputProps<Value> {
  readonly value: Value
  readonly isDisabled: boolean
  readonly placeholder?: string | undefined
  /** Undefined: not set any more. */
  readonly onInput: (value: unknown) => void
}

interface AmountProps extends InputProps<unknown> {
  readonly of: 'duration' | 'size'
  readonly schema: Schema
}

/** A duration or a size, as it is written in the file. */
export function AmountInput({ of, schema, value, isDisabled, placeholder, onInput }: AmountProps) {
  const example = placeholder ?? schema.examples?.join(', ') ?? (of === 'duration' ? '10s' : '64KiB')
  return (
    <TextField
      isMono
      isDisabled={isDisabled}
      placeholder={example}
      value={value === undefined || value === null ? '' : String(value)}
      onInput={(next) => onInput(next === '' ? undefined : next)}
    />
  )
}

/** Names and texts. A name without a text is kept; one without a name is not yet there. */
export function PairsInput({ value, isDisabled, onInput }: InputProps<Readonly<Record<string, string>>>) {
  const [name, setName] = useState('')
  const entries = Object.entries(value)
  // A merge patch takes away what it names with null: whoever leaves is named.
  const add = (): void => {
    const trimmed = name.trim()
    if (trimmed === '' || trimmed in value) return
    onInput({ [trimmed]: '' })
    setName('')
  }
  return (
    <div class={css.lines}>
      {entries.map(([key, text]) => (
        <div class={css.pair} key={key}>
          <code>{key}</code>
          <TextField
            isMono
            label={key}
            value={text}
            isDisabled={isDisabled}
            onInput={(next) => onInput({ [key]: next })}
          />
          {!isDisabled && (
            <Button
              kind="quiet"
              icon="cross"
              label={`Remove ${key}`}
              onPress={() => onInput(entries.length === 1 ? undefined : { [key]: null })}
            />
          )}
        </div>
      ))}
      {!isDisabled && (
        <div class={css.pair}>
          <TextField isMono label="Name to add" placeholder="Name to add" value={name} onInput={setName} />
          <Button icon="plus" disabledWhy={name.trim() in value ? 'is there already' : null} onPress={add}>
            Add
          </Button>
        </div>
      )}
    </div>
  )
}

interface ObjectsProps extends InputProps<readonly Fields[]> {
  /** Draws the fields of one of them. */
  readonly form: (item: Fields, onPatch: (patch: Fields) => void) => ComponentChildren
}

/** Objects of one shape. A list is replaced whole: that is what a merge patch does with one. */
export function ObjectsInput({ form, value, isDisabled, onInput }: ObjectsProps) {
  const replace = (next: readonly Fields[]): void => onInput(next.length === 0 ? undefined : next)
  return (
    <div class={css.lines}>
      {value.map((item, at) => (
        <div class={css.item} key={at}>
          <div>{form(item, (patch) => replace(value.with(at, merged(item, patch) as Fields)))}</div>
          {!isDisabled && (
            <Button
              size="sm"
              kind="quiet"
              icon="trash"
              onPress={() => replace(value.toSpliced(at, 1))}
            >{`Remove ${at + 1}`}</Button>
          )}
        </div>
      ))}
      {!isDisabled && (
        <span>
          <Button size="sm" icon="plus" onPress={() => replace([...value, {}])}>
            Add
          </Button>
        </span>
      )}
    </div>
  )
}

/** Anything, as JSON; what does not parse stays in the field and is told of to nobody. */
export function JsonInput({ value, isDisabled, onInput }: InputProps<unknown>) {
  const [text, setText] = useState<string | null>(null)
  const [problem, setProblem] = useState<string | null>(null)
  const shown = text ?? (value === undefined ? '' : JSON.stringify(value, null, 2))
  const put = (next: string): void => {
    setText(next)
    try {
      onInput(next.trim() === '' ? undefined : JSON.parse(next))
      setProblem(null)
    } catch (error) {
      setProblem(error instanceof Error ? error.message : String(error))
    }
  }
  return (
    <>
      <AreaField
        isMono
        isDisabled={isDisabled}
        rows={Math.min(12, shown.split('\n').length + 1)}
        value={shown}
        onInput={put}
      />
      {problem !== null && <p class={css.error}>Not JSON yet: {problem}</p>}
    </>
  )
}
