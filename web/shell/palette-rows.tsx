// The rows of the palette, under the heads of their sections.
import { Icon } from '../parts/icon.tsx'
import { whyNotAllowed } from '../parts/rights.ts'
import { Shape } from '../parts/status.tsx'
import { Kbd } from '../parts/words.tsx'
import css from './palette.module.css'
import type { Found } from './palette-things.ts'

export interface Section {
  readonly title: string
  readonly rows: readonly Found[]
}

interface SectionProps {
  readonly section: Section
  /** How many rows stand before it. */
  readonly before: number
  readonly current: number
  readonly onPoint: (at: number) => void
  readonly onTake: (found: Found) => void
}

export function SectionRows({ section: { title, rows }, before, current, onPoint, onTake }: SectionProps) {
  return (
    <div role="group" aria-label={title}>
      <p class={css.title} aria-hidden="true">
        {title}
      </p>
      {rows.map((found, index) => (
        <Row
          key={found.thing.id}
          found={found}
          id={`palette-${before + index}`}
          isCurrent={before + index === current}
          onPoint={() => onPoint(before + index)}
          onTake={() => onTake(found)}
        />
      ))}
    </div>
  )
}

interface RowProps {
  readonly found: Found
  readonly id: string
  readonly isCurrent: boolean
  readonly onPoint: () => void
  readonly onTake: () => void
}

function Row({ found: { thing, marks }, id, isCurrent, onPoint, onTake }: RowProps) {
  const why = whyNotAllowed(thing.needs)
  return (
    <div
      id={id}
      class={css.row}
      role="option"
      aria-selected={isCurrent}
      aria-disabled={why === null ? undefined : true}
      // Not onMouseEnter: rows that move under a pointer that rests choose nothing.
      onMouseMove={isCurrent ? undefined : onPoint}
      onClick={onTake}
    >
      <span class={css.lead}>
        {thing.shape === undefined ? <Icon name={thing.icon} size={15} /> : <Shape state={thing.shape} />}
      </span>
      <span class={css.label} title={thing.label}>
        <Marked text={thing.label} marks={marks} />
      </span>
      <span class={css.hint}>
        {thing.state !== undefined && <Shape state={thing.state} size={9} />}
        {why ?? thing.hint}
      </span>
      {thing.keys !== undefined && (
        <span class={css.keys}>
          {thing.keys.split(' ').map((key) => (
            <Kbd key={key}>{key}</Kbd>
          ))}
        </span>
      )}
    </div>
  )
}

function Marked({ text, marks }: { readonly text: string; readonly marks: Found['marks'] }) {
  let done = 0
  const parts = marks.flatMap(([from, to]) => {
    const part = [text.slice(done, from), <mark key={from}>{text.slice(from, to)}</mark>]
    done = to
    return part
  })
  return (
    <>
      {parts}
      {text.slice(done)}
    </>
  )
}
