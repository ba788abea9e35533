// What was done, step by step, and what came of it.
import type { ComponentChildren } from 'preact'
import { classes } from './classes.ts'
import css from './steps.module.css'
import { Shape, type State } from './status.tsx'

export interface Step {
  /** unk: not done (yet). */
  readonly state: State
  readonly title: ComponentChildren
  /** At the right: how long it took, or when. */
  readonly time?: ComponentChildren
  /** Of a failed one: error, cause, what to do. */
  readonly details?: ComponentChildren
}

/** A log of steps, in their order. */
export function Steps({ steps }: { readonly steps: readonly Step[] }) {
  return (
    <ol class={css.steps}>
      {steps.map((step, at) => (
        <li key={at}>
          <Shape state={step.state} label={WORDS[step.state]} />
          <span>{step.title}</span>
          <span class={css.time}>{step.time}</span>
          {step.details !== undefined && <div class={classes(css.details, 'prose')}>{step.details}</div>}
        </li>
      ))}
    </ol>
  )
}

const WORDS: Readonly<Record<State, string>> = {
  up: 'done',
  warn: 'done with a warning',
  down: 'failed',
  drain: 'under way',
  maint: 'paused',
  unk: 'not done',
  draft: 'not running yet',
}
