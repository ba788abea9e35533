// The list of rules: walked, moved and opened by pointer and by keyboard; of thousands only those in view are
// drawn.
import { useEffect, useMemo, useRef, useState } from 'preact/hooks'
import { to } from '../../data/urls.ts'
import { classes } from '../../parts/classes.ts'
import type { MenuItem } from '../../parts/popover.tsx'
import { windowOf } from '../../parts/table-rows.ts'
import { useRowKeys } from '../../parts/use-row-keys.ts'
import { useView } from '../../parts/use-view.ts'
import { dropTarget, stepTarget, type Target } from './moving.ts'
import type { RowShown } from './row-shown.ts'
import { type RowDeeds, RuleRow } from './rule-row.tsx'
import css from './rule-list.module.css'
import rowCss from './rule-row.module.css'
import { useDrag } from './use-drag.ts'

export interface RuleListProps {
  readonly rows: readonly RowShown[]
  readonly listener: string
  readonly openId: string | null
  readonly winnerId: string | null
  readonly mayEdit: boolean
  readonly onOpen: (id: string) => void
  readonly onMove: (id: string, target: Target) => void
  /** When figures were read. */
  readonly readAt: number
  readonly menuOf: (row: RowShown) => readonly MenuItem[]
}

/** From so many on it scrolls within itself, and from so many only those in view are drawn. */
const TALL = 40
const MANY = 100
const ROW_PX = 64

export function RuleList(props: RuleListProps) {
  const { rows, mayEdit, onMove } = props
  const list = useRef<HTMLOListElement>(null)
  const ids = useMemo(() => rows.map(({ one }) => one.id), [rows])
  const isWindowed = rows.length > MANY
  const view = useView(list, isWindowed, ROW_PX)
  const drawn = isWindowed
    ? windowOf(rows.length, view.rowHeight, view.top, view.height)
    : { first: 0, end: rows.length, above: 0, below: 0 }
  const keys = useRowKeys({
    ...{ scroller: list, rows, rowHeight: view.rowHeight },
    onOpen: ({ one }) => props.onOpen(one.id),
  })
  const [movedId, setMovedId] = useState<string | null>(null)
  const [said, setSaid] = useState('')
  const move = (id: string, target: Target | null): void => {
    if (target === null || !mayEdit) return
    setMovedId(id)
    onMove(id, target)
  }
  useFocusAfterMove(list, movedId, ids, (place) => {
    setSaid(`${movedId} is now ${place + 1} of ${ids.length}, in the draft`)
    setMovedId(null)
  })
  const { dragged, begin } = useDrag({ list, onDrop: (id, to) => move(id, dropTarget(ids, id, to)) })
  const deeds = useRef<RowDeeds>({ menuOf: props.menuOf, onGrip: () => undefined })
  deeds.current = {
    menuOf: props.menuOf,
    onGrip: (event, { one: { id } }) => begin(event, { id, at: ids.indexOf(id) }),
  }
  const onKeyDown = (event: KeyboardEvent): void => {
    const step = event.altKey ? { ArrowUp: -1 as const, ArrowDown: 1 as const }[event.key] : undefined
    const row = (event.target as Element).closest<HTMLElement>('[data-rule]')
    if (step === undefined || row === null) return keys.onKeyDown(event)
    event.preventDefault()
    move(row.dataset['rule'] ?? '', stepTarget(ids, row.dataset['rule'] ?? '', step))
  }
  return (
    <>
      <ol
        ref={list}
        class={classes(
          css.list,
          rows.length > TALL && css.tall,
          isWindowed && rowCss.windowed,
          dragged !== null && css.dragging,
        )}
        aria-label={`Rules of ${props.listener}`}
        onKeyDown={onKeyDown}
      >
        <Head />
        {drawn.above > 0 && (
          <li class={css.space} role="presentation" style={{ height: `${drawn.above}px` }} />
        )}
        {rows.slice(drawn.first, drawn.end).map((row, index) => {
          const at = drawn.first + index
          const { id } = row.one
          return (
            <RuleRow
              key={id}
              {...{
                shown: row,
                at,
                mayEdit,
                deeds,
                size: rows.length,
                href: hrefOf(id),
                readAt: props.readAt,
              }}
              isCurrent={keys.current === at}
              isOpen={props.openId === id}
              isWinner={props.winnerId === id}
              isDragged={dragged?.id === id}
              line={lineAt(dragged?.to, at, rows.length)}
            />
          )
        })}
        {drawn.below > 0 && (
          <li class={css.space} role="presentation" style={{ height: `${drawn.below}px` }} />
        )}
      </ol>
      <span class="sr" role="status">
        {said}
      </span>
    </>
  )
}

const hrefOf = (id: string): string => {
  const query = new URLSearchParams(location.search)
  for (const name of ['test', 'new', 'like']) query.delete(name)
  query.set('edit', id)
  return to(`/rules?${query.toString()}`)
}

const lineAt = (place: number | undefined, at: number, count: number): 'above' | 'below' | null =>
  place === at ? 'above' : place === count && at === count - 1 ? 'below' : null

function Head() {
  return (
    <li class={rowCss.head} role="presentation" aria-hidden="true">
      <span />
      <span class={rowCss.number}>#</span>
      <span>Matches</span>
      <span>Destination</span>
      <span class={rowCss.hits}>Hits/min</span>
      <span class={classes(rowCss.last, rowCss.headLast)}>Last</span>
      <span />
    </li>
  )
}

/** What was moved keeps the focus, and is in view. */
function useFocusAfterMove(
  list: { readonly current: HTMLElement | null },
  id: string | null,
  ids: readonly string[],
  told: (place: number) => void,
): void {
  useEffect(() => {
    if (id === null) return
    const row = list.current?.querySelector<HTMLElement>(`[data-rule="${CSS.escape(id)}"]`)
    const grip = row?.querySelector<HTMLElement>('button')
    grip?.focus({ preventScroll: true })
    row?.scrollIntoView({ block: 'nearest' })
    told(ids.indexOf(id))
  }, [id, ids])
}
