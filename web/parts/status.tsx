// States, as shape, word and colour together, so that none of the three has to carry it alone.
import type { ComponentChildren } from 'preact'
import { classes } from './classes.ts'
import type { State } from './state.ts'
import css from './status.module.css'

export type { State } from './state.ts'

const line = { fill: 'none', stroke: 'currentColor', 'stroke-width': 1.4 } as const

const DRAWN: Readonly<Record<State, ComponentChildren>> = {
  up: <circle cx="6" cy="6" r="4.5" fill="currentColor" />,
  warn: <path d="M6 1 11.4 10.6H.6z" fill="currentColor" />,
  down: <rect x="1.5" y="1.5" width="9" height="9" rx="1" fill="currentColor" />,
  drain: (
    <>
      <circle cx="6" cy="6" r="4" {...line} />
      <path d="M6 2a4 4 0 0 1 0 8z" fill="currentColor" />
    </>
  ),
  maint: <path d="M2.5 1.5h2.6v9H2.5zM6.9 1.5h2.6v9H6.9z" fill="currentColor" />,
  unk: <circle cx="6" cy="6" r="4" {...line} stroke-dasharray="2 1.6" />,
  draft: <path d="M6 .8 11.2 6 6 11.2.8 6z" {...line} />,
}

export interface ShapeProps {
  readonly state: State
  /** Width and height in px: 12, 10 in rows of pips, 9 in tags. */
  readonly size?: number | undefined
  /** Said to a screen reader where no word stands beside it. */
  readonly label?: string | undefined
}

/** The shape of a state. */
export function Shape({ state, size = 12, label }: ShapeProps) {
  const said = label === undefined ? { 'aria-hidden': true } : { role: 'img' as const, 'aria-label': label }
  return (
    <svg class={classes(css.shape, css[state])} width={size} height={size} viewBox="0 0 12 12" {...said}>
      {DRAWN[state]}
    </svg>
  )
}

export interface StatusProps {
  readonly state: State
  readonly word: string
  /** A grey word: for what is well, so that the screen is calm when all is. */
  readonly isQuiet?: boolean | undefined
}

/** Shape and word. */
export function Status({ state, word, isQuiet = state === 'up' }: StatusProps) {
  return (
    <span class={classes(css.status, css[wordOf(state)], isQuiet && css.quiet)}>
      <Shape state={state} />
      {word}
    </span>
  )
}

const wordOf = (state: State): string => `word${state[0]?.toUpperCase()}${state.slice(1)}`

export interface TagProps {
  readonly state?: State | 'accent' | undefined
  /** Set at run time only: a dashed line, gone with the next write of that field. */
  readonly isLive?: boolean | undefined
  readonly title?: string | undefined
  readonly children: ComponentChildren
}

/** A state or a word on a soft ground, beside a title. */
export function Tag({ state, isLive = false, title, children }: TagProps) {
  const ground = state === undefined ? undefined : css[`tag${state[0]?.toUpperCase()}${state.slice(1)}`]
  return (
    <span class={classes(css.tag, ground, isLive && css.live)} title={title}>
      {state !== undefined && state !== 'accent' && <Shape state={state} size={9} />}
      {children}
    </span>
  )
}

export interface PipsProps {
  readonly states: readonly State[]
  /** What the row says in words, such as “2 of 5 up”. */
  readonly label: string
}

/** One shape a server, in a row; a count stands beside it. */
export function Pips({ states, label }: PipsProps) {
  return (
    <span class={css.pips} role="img" aria-label={label}>
      {states.map((state, at) => (
        <Shape key={at} state={state} size={10} />
      ))}
    </span>
  )
}
