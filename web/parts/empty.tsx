// What is shown where there is nothing, not yet, or no longer for sure.
import type { ComponentChildren } from 'preact'
import { Component } from 'preact'
import { useEffect, useState } from 'preact/hooks'
import { Button } from './button.tsx'
import { classes } from './classes.ts'
import css from './empty.module.css'
import { Note } from './messages.tsx'

export interface EmptyProps {
  /** What is missing. */
  readonly title: string
  readonly children?: ComponentChildren
  /** The button or command that ends it. */
  readonly action?: ComponentChildren
}

/** Says what is missing and how to end that. */
export function Empty({ title, children, action }: EmptyProps) {
  return (
    <div class={css.empty}>
      <p>
        <b>{title}</b>
      </p>
      {children !== undefined && <div class="prose">{children}</div>}
      {action}
    </div>
  )
}

const WIDTHS = ['64%', '92%', '78%', '46%', '85%', '58%']

/** Still bars in the place of what is coming: nothing for 300 ms, so that what is quick does not flicker. */
export function Loading({ lines = 4, label = 'Loading' }: { lines?: number; label?: string }) {
  const [isLate, setLate] = useState(false)
  useEffect(() => {
    const timer = setTimeout(() => setLate(true), 300)
    return () => clearTimeout(timer)
  }, [])
  return (
    <div class={classes(css.loading, !isLate && css.soon)} role="status" aria-busy="true">
      <span class="sr">{label}</span>
      {Array.from({ length: lines }, (_, at) => (
        <span key={at} class={css.bar} style={{ width: WIDTHS[at % WIDTHS.length] }} />
      ))}
    </div>
  )
}

export interface StaleProps {
  readonly isStale: boolean
  readonly children: ComponentChildren
}

/** What is in it is grey and italic while it is not known for sure; shapes keep their form. */
export function Stale({ isStale, children }: StaleProps) {
  return <div class={isStale ? css.stale : css.fresh}>{children}</div>
}

interface GuardedProps {
  /** What stands in it: “The chart”. */
  readonly label?: string | undefined
  /** What it is of: of something else it is tried again. */
  readonly of?: string | undefined
  readonly children: ComponentChildren
}

/** A panel that breaks takes nothing else with it: it says so and can be tried again. */
export class Guarded extends Component<GuardedProps, { readonly problem: string | null }> {
  override state = { problem: null }

  static override getDerivedStateFromError(error: unknown): { problem: string } {
    return { problem: error instanceof Error ? error.message : String(error) }
  }

  override componentDidUpdate({ of }: GuardedProps): void {
    if (this.state.problem !== null && of !== this.props.of) this.setState({ problem: null })
  }

  override render() {
    const { problem } = this.state
    if (problem === null) return <>{this.props.children}</>
    return (
      <Note
        state="down"
        title={`${this.props.label ?? 'This part'} cannot be shown`}
        actions={<Button onPress={() => this.setState({ problem: null })}>Try again</Button>}
      >
        {problem}. The rest of the page works; reload the page if trying again does not help.
      </Note>
    )
  }
}
