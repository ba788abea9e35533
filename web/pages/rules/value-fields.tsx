// What header fields, parts of the query and cookies must be: a name, a way, and a text for each.
import { useState } from 'preact/hooks'
import type { JsonMap } from '../../data/merge.ts'
import { isMap } from '../../data/merge.ts'
import { shownValue, type ShownValue, type Way, WAYS, writtenValue } from '../../data/value-words.ts'
import { Button } from '../../parts/button.tsx'
import { SelectField, TextField } from '../../parts/controls.tsx'
import css from './rule-form.module.css'

interface ValueFieldsProps {
  readonly value: JsonMap
  readonly isDisabled: boolean
  /** Told a merge patch; null: nothing is left. */
  readonly onPatch: (patch: JsonMap | null) => void
}

const OPTIONS = Object.entries(WAYS).map(([value, label]) => ({ value, label }))

export function ValueFields({ value, isDisabled, onPatch }: ValueFieldsProps) {
  const [name, setName] = useState('')
  const entries = Object.entries(value)
  const isThere = name.trim() in value
  const add = (): void => {
    if (name.trim() === '' || isThere) return
    onPatch({ [name.trim()]: '' })
    setName('')
  }
  return (
    <div class={css.values}>
      {entries.map(([key, written]) => (
        <ValueField
          key={key}
          name={key}
          shown={shownValue(written)}
          isDisabled={isDisabled}
          onInput={(next) => onPatch({ [key]: replacing(written, writtenValue(next)) })}
          onRemove={() => onPatch(entries.length === 1 ? null : { [key]: null })}
        />
      ))}
      {!isDisabled && (
        <div class={css.value}>
          <TextField isMono label="Name to add" placeholder="Name to add" value={name} onInput={setName} />
          <Button icon="plus" disabledWhy={isThere ? 'is there already' : null} onPress={add}>
            Add
          </Button>
        </div>
      )}
    </div>
  )
}

/** A merge patch keeps words that it does not name. */
function replacing(before: unknown, after: unknown): unknown {
  if (!isMap(before) || !isMap(after)) return after
  return { ...Object.fromEntries(Object.keys(before).map((word) => [word, null])), ...after }
}

interface ValueFieldProps {
  readonly name: string
  readonly shown: ShownValue
  readonly isDisabled: boolean
  readonly onInput: (next: ShownValue) => void
  readonly onRemove: () => void
}

function ValueField({ name, shown, isDisabled, onInput, onRemove }: ValueFieldProps) {
  const { way, text, most } = shown
  const hasText = way !== 'present' && way !== 'absent'
  return (
    <div class={css.value}>
      <code>{name}</code>
      <SelectField
        label={`What ${name} must be`}
        options={OPTIONS}
        value={way}
        isDisabled={isDisabled}
        onInput={(next) => onInput({ way: next as Way, text, most: '' })}
      />
      {hasText && (
        <TextField
          isMono
          label={name}
          value={text}
          isDisabled={isDisabled}
          onInput={(next) => onInput({ ...shown, text: next })}
        />
      )}
      {way === 'range' && (
        <TextField
          isMono
          label={`${name} at most`}
          placeholder="at most"
          value={most}
          isDisabled={isDisabled}
          onInput={(next) => onInput({ ...shown, most: next })}
        />
      )}
      {!isDisabled && <Button kind="quiet" icon="cross" label={`Remove ${name}`} onPress={onRemove} />}
    </div>
  )
}
