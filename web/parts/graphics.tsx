// Small pictures of numbers. Each says in words what it shows; none moves on its own.
import { percent } from '../data/say.ts'
import { classes } from './classes.ts'
import css from './graphics.module.css'
import { areaOf, lineOf, scaleOf } from './spark-path.ts'
import type { State } from './status.tsx'

export interface SparkProps {
  /** Oldest first; null where nothing is known. */
  readonly values: readonly (number | null)[]
  /** What it shows in words: “Requests, last 15 minutes”. */
  readonly label: string
  /** Where something began, as a share from 0 to 1 of the width: a dotted line. */
  readonly mark?: number | undefined
  readonly tone?: 'warn' | 'down' | undefined
  /** In px. */
  readonly height?: number | undefined
  /** The largest value of the axis; that of the values unless told. */
  readonly most?: number | undefined
}

const WIDTH = 100

/** The course of a number, from zero. */
export function Spark({ values, label, mark, tone, height = 28, most }: SparkProps) {
  const scale = scaleOf(values, { width: WIDTH, height, most })
  return (
    <svg
      class={classes(css.spark, tone !== undefined && css[tone])}
      style={{ height: `${height}px` }}
      viewBox={`0 0 ${WIDTH} ${height}`}
      preserveAspectRatio="none"
      role="img"
      aria-label={label}
    >
      <path class={css.area} d={areaOf(values, scale)} />
      <path class={css.line} d={lineOf(values, scale)} />
      {mark !== undefined && <path class={css.mark} d={`M${mark * WIDTH} 0V${height}`} />}
    </svg>
  )
}

/** How a minute was: as states look, or as a breaker was. */
type Cell = State | 'open' | 'half'

export interface TimelineProps {
  /** One a minute, oldest first. */
  readonly cells: readonly Cell[]
  readonly label: string
}

/** Heights of cells in px: they say what the colours say. */
const HEIGHTS: Readonly<Record<Cell, number>> = {
  ...{ down: 16, open: 16, warn: 11, half: 11, up: 6, drain: 6, maint: 3, unk: 2, draft: 2 },
}
/** A breaker is a bar with a gap so high. */
const GAP = 3
const TALL = 16

/** Health over time. One path a state: a table has a thousand of these cells in view. */
export function Timeline({ cells, label }: TimelineProps) {
  const states = [...new Set(cells)]
  return (
    <svg
      class={css.timeline}
      viewBox={`0 0 ${Math.max(1, cells.length * 4 - 1)} ${TALL}`}
      preserveAspectRatio="none"
      role="img"
      aria-label={label}
    >
      {states.map((state) => (
        <path key={state} class={css[state]} d={barsOf(cells, state)} />
      ))}
    </svg>
  )
}

/** Three wide, and one between. */
function barsOf(cells: readonly Cell[], state: Cell): string {
  const top = TALL - HEIGHTS[state]
  const middle = (top + TALL - GAP) / 2
  const bar = (from: number, to: number) => (at: number) => `M${at * 4} ${from}h3V${to}h-3z`
  const drawn =
    state === 'open' || state === 'half' ? [bar(top, middle), bar(middle + GAP, TALL)] : [bar(top, TALL)]
  return cells.flatMap((cell, at) => (cell === state ? drawn.map((draw) => draw(at)) : [])).join('')
}

export interface LifetimeProps {
  /** Share of the lifetime that is over, 0 to 1. */
  readonly used: number
  /** Share at which renewal begins: a tick. */
  readonly renewAt?: number | undefined
  readonly state?: State | undefined
  readonly label?: string | undefined
}

/** How much of a lifetime is over; grey until the tick, since a short-lived certificate is not an old one. */
export function Lifetime({ used, renewAt, state, label }: LifetimeProps) {
  const isLate = renewAt !== undefined && used > renewAt
  const tone = state ?? (isLate ? 'warn' : undefined)
  const said = label ?? `${Math.round(used * 100)} % of the lifetime is over`
  return (
    <div class={css.lifetime} role="img" aria-label={said}>
      <i class={tone === undefined ? undefined : css[tone]} style={{ width: share(used) }} />
      {renewAt !== undefined && <u style={{ left: share(renewAt) }} />}
    </div>
  )
}

export interface SplitPart {
  readonly label: string
  /** In any unit: parts are shown by their share of the sum. */
  readonly weight: number
  readonly href?: string | undefined
}

/** How traffic is divided: a bar, and each part with its share. */
export function Split({ parts, label }: { readonly parts: readonly SplitPart[]; readonly label?: string }) {
  const sum = parts.reduce((total, { weight }) => total + weight, 0)
  const shares = parts.map(({ weight }) => (sum === 0 ? 0 : weight / sum))
  const words = parts.map((part, at) => `${part.label} ${percent(shares[at] ?? 0)} %`).join(', ')
  return (
    <div class={css.split}>
      <div class={css.splitBar} role="img" aria-label={label ?? words}>
        {parts.map((part, at) => (
          <i key={part.label} class={css[`tone${(at % 4) + 1}`]} style={{ width: share(shares[at] ?? 0) }} />
        ))}
      </div>
      <ul>
        {parts.map((part, at) => (
          <li key={part.label}>
            <i class={css[`tone${(at % 4) + 1}`]} />
            {part.href === undefined ? part.label : <a href={part.href}>{part.label}</a>}
            <b>{percent(shares[at] ?? 0)} %</b>
          </li>
        ))}
      </ul>
    </div>
  )
}

const share = (of: number): string => `${Math.max(0, Math.min(1, of)) * 100}%`
