// The difference of two texts.
import { classes } from './classes.ts'
import css from './diff.module.css'
import { linesOf } from './diff-lines.ts'

const SIGNS = { same: '', added: '+', removed: '−', hunk: '' } as const

/** A unified diff; changed characters are marked within their line. Scrolls inside, never wraps. */
export function Diff({ text, label = 'Difference' }: { readonly text: string; readonly label?: string }) {
  return (
    <div class={css.diff} tabIndex={0} role="region" aria-label={label}>
      {linesOf(text).map((line, at) => (
        <div key={at} class={classes(css.line, css[line.kind])}>
          <span class={css.number}>{line.number}</span>
          <span class={css.sign}>{SIGNS[line.kind]}</span>
          <code>
            {line.kind !== 'same' && line.kind !== 'hunk' && <span class="sr">{line.kind}: </span>}
            {line.pieces.map((piece, n) =>
              piece.isChanged ? <mark key={n}>{piece.text}</mark> : piece.text,
            )}
          </code>
        </div>
      ))}
    </div>
  )
}
