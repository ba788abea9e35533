// The large numbers of a page, in one panel that is divided by lines.
import type { ComponentChildren } from 'preact'
import css from './figures.module.css'

export interface FigureProps {
  readonly label: string
  /** What it is over: “last 15 min”. */
  readonly context?: string | undefined
  readonly value: ComponentChildren
  readonly unit?: string | undefined
  /** A Spark; all figures of a panel share their axis of time. */
  readonly spark?: ComponentChildren
  /** One line: what the number means now. */
  readonly meaning?: ComponentChildren
}

/** Label and context, number and unit, course, meaning. */
export function Figure({ label, context, value, unit, spark, meaning }: FigureProps) {
  return (
    <div class={css.figure}>
      <div class={css.label}>
        {label}
        {context !== undefined && <span>{context}</span>}
      </div>
      <div class={css.value}>
        {value}
        {unit !== undefined && <small>{unit}</small>}
      </div>
      {spark}
      {meaning !== undefined && <div class={css.meaning}>{meaning}</div>}
    </div>
  )
}

/** A row of figures; two columns where it is narrow. */
export function Figures({ label = 'Figures', children }: { label?: string; children: ComponentChildren }) {
  return (
    <section class={css.figures} aria-label={label}>
      <div class={css.row}>{children}</div>
    </section>
  )
}
