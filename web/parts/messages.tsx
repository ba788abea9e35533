// What is the matter, why, and what to do; always in this order.
import type { ComponentChildren } from 'preact'
import { classes } from './classes.ts'
import css from './messages.module.css'
import { Shape, type State, Status } from './status.tsx'

export interface ProblemProps {
  readonly state: State
  /** The state's word: “Down”. */
  readonly word: string
  /** For how long: “8 min”. */
  readonly age?: ComponentChildren
  /** What is the matter, as a sentence. */
  readonly title: ComponentChildren
  /** Cause and remedy. */
  readonly children?: ComponentChildren
  /** At most two small buttons. */
  readonly actions?: ComponentChildren
}

/** One row of a list of problems, to stand in a flush panel, the worst first. */
export function Problem({ state, word, age, title, children, actions }: ProblemProps) {
  return (
    <article class={css.problem}>
      <div class={css.when}>
        <Status state={state} word={word} />
        {age !== undefined && <span class={css.age}>{age}</span>}
      </div>
      <div class={css.what}>
        <h3>{title}</h3>
        {children !== undefined && <div class={classes(css.why, 'prose')}>{children}</div>}
      </div>
      {actions !== undefined && <div class={css.actions}>{actions}</div>}
    </article>
  )
}

export interface NoteProps {
  readonly state?: State | undefined
  readonly title: ComponentChildren
  readonly children?: ComponentChildren
  readonly actions?: ComponentChildren
  /** Read out at once when it appears: for what came of an action. */
  readonly isUrgent?: boolean | undefined
}

const GROUNDS: readonly State[] = ['up', 'warn', 'down', 'draft']

/** A message on its soft ground: what, why, what to do. No heading: it comes wherever it is needed. */
export function Note({ state, title, children, actions, isUrgent = false }: NoteProps) {
  const ground = state !== undefined && GROUNDS.includes(state) ? css[state] : undefined
  return (
    <div class={classes(css.note, ground)} role={isUrgent ? 'alert' : undefined}>
      <Shape state={state ?? 'unk'} />
      <div class={css.what}>
        <p>
          <b>{title}</b>
        </p>
        {children !== undefined && <div class={classes(css.why, 'prose')}>{children}</div>}
      </div>
      {actions !== undefined && <div class={css.actions}>{actions}</div>}
    </div>
  )
}
