// The difference of two texts.
import { classes } from './classes.ts'
import css from './diff.module.css'
import { type DiffLine, linesOf } from './diff-lines.ts'
import { tinted, tintsOf } from './tints.ts'

const SIGNS = { same: '', added: '+', removed: '−', hunk: '' } as const

/** A unified diff; changed characters are marked within their line. Scrolls inside, never wraps. */
export function Diff({ text, label = 'Difference' }: { readonly text: string; readonly label?: string }) {
  return (
    <div class={css.diff} tabIndex={0} role="region" aria-label={label}>
      {linesOf(text).map((line, at) => (
        <div key={at} class={classes(css.line, css[line.kind])}>
          <span class={css.number}>{line.number}</span>
          <span class={css.sign}>{SIGNS[line.kind]}</span>
          <DiffCode line={line} />
        </div>
      ))}
    </div>
  )
}

/** The words of one line. */
export function DiffCode({ line }: { readonly line: DiffLine }) {
  // Where lines are left out; which, the numbers say.
  if (line.kind === 'hunk') return <code aria-hidden="true">⋯</code>
  const whole = line.pieces.map((piece) => piece.text).join('')
  const tints = tintsOf(whole)
  let at = 0
  return (
    <code>
      {line.kind !== 'same' && <span class="sr">{line.kind}: </span>}
      {line.pieces.map((piece, n) => {
        const parts = tinted(whole, tints, at, (at += piece.text.length)).map(({ text, kind }, place) =>
          kind === null ? (
            text
          ) : (
            <span key={place} class={css[kind]}>
              {text}
            </span>
          ),
        )
        return piece.isChanged ? <mark key={n}>{parts}</mark> : parts
      })}
    </code>
  )
}
