// A filter of words: each `key:value` is a chip once it is written, and can be taken out again.
import { useId, useRef, useState } from 'preact/hooks'
import { Icon } from './icon.tsx'
import css from './token-box.module.css'
import { useSlashKey } from './use-slash-key.ts'
import { Chip, Kbd } from './words.tsx'

export interface TokenBoxProps {
  readonly tokens: readonly { readonly k: string; readonly v: string }[]
  readonly onRemove: (k: string) => void
  /** Takes what was written; null: it was understood, else what stands against it. */
  readonly onWrite: (text: string) => string | null
  /** What can be written: `status:5xx, path:/shop`. */
  readonly hint: string
  /** What it filters, for screen readers. */
  readonly label: string
  /** Offered while one writes. */
  readonly suggestions: readonly string[]
}

/** `/` leads to it; Enter takes a word, Backspace before any takes out the last, Escape empties it. */
export function TokenBox({ tokens, onRemove, onWrite, hint, label, suggestions }: TokenBoxProps) {
  const input = useRef<HTMLInputElement>(null)
  const [text, setText] = useState('')
  const [odd, setOdd] = useState<string | null>(null)
  const id = useId()
  useSlashKey(input)
  const write = (): void => {
    if (text.trim() === '') return
    const problem = onWrite(text.trim())
    setOdd(problem)
    if (problem === null) setText('')
  }
  const press = (event: KeyboardEvent): void => {
    if (event.key === 'Enter') write()
    else if (event.key === 'Escape' && text !== '') {
      setText('')
      setOdd(null)
    } else if (event.key === 'Escape') input.current?.blur()
    else if (event.key === 'Backspace' && text === '' && tokens.length > 0) onRemove(tokens.at(-1)?.k ?? '')
    else return
    event.preventDefault()
  }
  return (
    <div class={css.place}>
      <div
        class={css.box}
        onClick={(event) => event.target === event.currentTarget && input.current?.focus()}
      >
        <Icon name="search" size={14} />
        {tokens.map(({ k, v }) => (
          <Chip key={k} k={k} v={v} onRemove={() => onRemove(k)} />
        ))}
        <input
          ref={input}
          type="text"
          data-filter
          value={text}
          placeholder={tokens.length === 0 ? hint : undefined}
          aria-label={`${label}: ${hint}`}
          aria-invalid={odd === null ? undefined : true}
          aria-describedby={odd === null ? undefined : id}
          list={`${id}-words`}
          autocomplete="off"
          autocapitalize="off"
          spellcheck={false}
          onInput={({ currentTarget }) => {
            setText(currentTarget.value)
            setOdd(null)
          }}
          onKeyDown={press}
          onBlur={write}
        />
        {text === '' && tokens.length === 0 && <Kbd>/</Kbd>}
        <datalist id={`${id}-words`}>
          {suggestions.map((word) => (
            <option key={word} value={word} />
          ))}
        </datalist>
      </div>
      {odd !== null && (
        <p id={id} class={css.odd} role="alert">
          {odd}
        </p>
      )}
    </div>
  )
}
