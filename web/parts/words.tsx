// Small things that stand within a line: chips, keys, code, what can be copied.
import { useEffect, useRef, useState } from 'preact/hooks'
import { classes } from './classes.ts'
import { Icon } from './icon.tsx'
import css from './words.module.css'

export interface ChipProps {
  readonly k: string
  readonly v: string
  readonly onRemove?: (() => void) | undefined
}

/** What is compared, and with what: `host | api.example.com`. */
export function Chip({ k, v, onRemove }: ChipProps) {
  return (
    <span class={css.chip} title={`${k} ${v}`}>
      <i>{k}</i>
      <b>{v}</b>
      {onRemove !== undefined && (
        <button type="button" aria-label={`Remove ${k} ${v}`} onClick={onRemove}>
          <Icon name="cross" size={10} />
        </button>
      )}
    </span>
  )
}

/** A key to press. */
export function Kbd({ children }: { readonly children: string }) {
  return <kbd class={css.kbd}>{children}</kbd>
}

export interface CopyProps {
  readonly text: string
  /** What is copied, such as “address”; said to a screen reader. */
  readonly label?: string | undefined
  /** Shows the text too, in mono, before the button. */
  readonly isShown?: boolean | undefined
}

/** A button that copies. Without the right to write to the clipboard it says so. */
export function Copy({ text, label, isShown = false }: CopyProps) {
  const [outcome, setOutcome] = useState<'copied' | 'refused' | null>(null)
  const timer = useRef<ReturnType<typeof setTimeout>>(undefined)
  useEffect(() => () => clearTimeout(timer.current), [])
  const copy = async (): Promise<void> => {
    // Plain HTTP that is not localhost has no clipboard.
    const isWritten = await writeOut(text)
    setOutcome(isWritten ? 'copied' : 'refused')
    clearTimeout(timer.current)
    timer.current = setTimeout(() => setOutcome(null), 2000)
  }
  return (
    <span class={css.copy}>
      {isShown && <code>{text}</code>}
      <button
        type="button"
        class={css.copyButton}
        aria-label={`Copy ${label ?? text}`}
        title="Copy"
        onClick={() => void copy()}
      >
        <Icon name={outcome === 'copied' ? 'tick' : 'copy'} size={14} />
      </button>
      <span role="status" class={outcome === null ? 'sr' : css.said}>
        {outcome === 'copied' && 'Copied'}
        {outcome === 'refused' && 'This browser refuses: select and copy'}
      </span>
    </span>
  )
}

async function writeOut(text: string): Promise<boolean> {
  try {
    await navigator.clipboard.writeText(text)
    return true
  } catch {
    return false
  }
}

export interface CodeProps {
  readonly text: string
  /** Ends in a button that copies it. */
  readonly isCopied?: boolean | undefined
  /** Keeps its lines, for more than a command. */
  readonly isBlock?: boolean | undefined
}

/** A command or a piece of text to paste elsewhere. */
export function Code({ text, isCopied = false, isBlock = text.includes('\n') }: CodeProps) {
  return (
    <span class={classes(css.code, isBlock && css.block)}>
      <code tabIndex={0}>{text}</code>
      {isCopied && <Copy text={text} label={isBlock ? 'this text' : text} />}
    </span>
  )
}
