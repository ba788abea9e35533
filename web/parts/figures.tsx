// The large numbers of a page, in one panel that is divided by lines.
import type { ComponentChildren } from 'preact'
import { classes } from './classes.ts'
import css from './figures.module.css'

export interface FigureProps {
  readonly label: string
  /** What it is over: “last 15 min”. */
  readonly context?: ComponentChildren
  readonly value: ComponentChildren
  readonly unit?: ComponentChildren
  /** A Spark; all figures of a panel share their axis of time. */
  readonly spark?: ComponentChildren
  /** One line: what the number means now. */
  readonly meaning?: ComponentChildren
  /** Shows more of it, as a chart: the label is a button then, and all of the figure can be pressed. */
  readonly onOpen?: (() => void) | undefined
  readonly isOpen?: boolean | undefined
}

/** As data/say.ts writes what is not known: it has no unit. */
const UNKNOWN = '–'

/** Label and context, number and unit, course, meaning. */
export function Figure(props: FigureProps) {
  const { label, context, value, unit, spark, meaning, onOpen, isOpen = false } = props
  return (
    <div class={classes(css.figure, onOpen !== undefined && css.opens, isOpen && css.open)}>
      <div class={css.label}>
        {onOpen === undefined ? (
          label
        ) : (
          <button type="button" aria-expanded={isOpen} onClick={onOpen}>
            {label}
          </button>
        )}
        {context !== undefined && <span>{context}</span>}
      </div>
      <div class={css.value}>
        {value}
        {unit !== undefined && value !== UNKNOWN && <small>{unit}</small>}
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
