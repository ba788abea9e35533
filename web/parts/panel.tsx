// A panel: what belongs together, under a head of its own.
import type { ComponentChildren } from 'preact'
import { useId } from 'preact/hooks'
import { classes } from './classes.ts'
import css from './panel.module.css'

export interface PanelProps {
  readonly title?: ComponentChildren
  /** Behind the title, grey: how many. */
  readonly count?: string | number | undefined
  /** At the right of the head: a filter, a link, a small button. */
  readonly end?: ComponentChildren
  /** What is in it reaches the edges: a table. */
  readonly isFlush?: boolean | undefined
  readonly class?: string | undefined
  readonly children?: ComponentChildren
}

/** A section with a head and a body. */
export function Panel({ title, count, end, isFlush = false, class: className, children }: PanelProps) {
  const id = useId()
  const hasHead = title !== undefined || end !== undefined
  return (
    <section class={classes(css.panel, className)} aria-labelledby={title === undefined ? undefined : id}>
      {hasHead && (
        <div class={css.head}>
          {title !== undefined && <h2 id={id}>{title}</h2>}
          {count !== undefined && <span class={css.count}>{count}</span>}
          {end !== undefined && <div class={css.end}>{end}</div>}
        </div>
      )}
      {isFlush ? children : <div class={css.body}>{children}</div>}
    </section>
  )
}
