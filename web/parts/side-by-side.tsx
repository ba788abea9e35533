// The difference of two texts in two columns, for texts that differ in much. Where one line is changed it
// says the same line twice, so that the unified one (diff.tsx) comes first.
import { useState } from 'preact/hooks'
import { Segmented } from './choices.tsx'
import css from './diff.module.css'
import { Diff, DiffCode } from './diff.tsx'
import { type DiffLine, linesOf, pairsOf } from './diff-lines.ts'

export interface SideBySideProps {
  readonly text: string
  readonly label?: string | undefined
  /** Heads of the two columns. */
  readonly heads: readonly [before: string, after: string]
}

/** Lines that belong together stand beside each other; each column scrolls with the other. */
export function SideBySide({ text, label = 'Difference', heads }: SideBySideProps) {
  const rows = pairsOf(linesOf(text))
  return (
    <div class={css.diff} tabIndex={0} role="region" aria-label={label}>
      <table class={css.sides}>
        <thead>
          <tr>
            {heads.map((head) => (
              <th key={head} scope="col">
                {head}
              </th>
            ))}
          </tr>
        </thead>
        <tbody>
          {rows.map(([before, after], at) => (
            <tr key={at}>
              <Side line={before} />
              <Side line={after} />
            </tr>
          ))}
        </tbody>
      </table>
    </div>
  )
}

function Side({ line }: { readonly line: DiffLine | null }) {
  if (line === null) return <td class={css.none} />
  return (
    <td class={css[line.kind]}>
      <span class={css.number}>{line.number}</span>
      <DiffCode line={line} />
    </td>
  )
}

export type DiffLayout = 'unified' | 'sides'

/** Either of the two, as one picks; the choice is the owner's, to stand in its head. */
export function DiffChoice({ value, onPick }: { value: DiffLayout; onPick: (value: DiffLayout) => void }) {
  return (
    <span class={css.choice}>
      <Segmented
        label="How the difference is shown"
        value={value}
        onPick={onPick}
        options={[
          { value: 'unified', label: 'Unified' },
          { value: 'sides', label: 'Side by side' },
        ]}
      />
    </span>
  )
}

export const useDiffLayout = (first: DiffLayout = 'unified') => useState<DiffLayout>(first)

export function DiffIn({ layout, ...props }: SideBySideProps & { readonly layout: DiffLayout }) {
  if (layout === 'sides') return <SideBySide {...props} />
  return <Diff text={props.text} {...(props.label !== undefined && { label: props.label })} />
}
