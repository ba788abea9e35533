// Walking through the rows of a table by keyboard: j and k, arrows, Home and End, Enter.
import type { RefObject } from 'preact'
import { useLayoutEffect, useState } from 'preact/hooks'
import { hasLetterKeys } from '../data/keys-state.ts'

export interface RowKeys {
  /** The row that Tab reaches. */
  readonly current: number
  readonly onKeyDown: (event: KeyboardEvent) => void
}

interface Walked<Row> {
  readonly scroller: RefObject<HTMLElement | null>
  readonly rows: readonly Row[]
  readonly onOpen: ((row: Row) => void) | undefined
  readonly rowHeight: number
}

const STEPS: Readonly<Record<string, (at: number, last: number) => number>> = {
  j: (at) => at + 1,
  k: (at) => at - 1,
  ArrowDown: (at) => at + 1,
  ArrowUp: (at) => at - 1,
  PageDown: (at) => at + 10,
  PageUp: (at) => at - 10,
  Home: () => 0,
  End: (_at, last) => last,
}

const WRITTEN_IN = 'input, textarea, select, [contenteditable], dialog, [popover], [role="menu"]'

export function useRowKeys<Row>({ scroller, rows, onOpen, rowHeight }: Walked<Row>): RowKeys {
  const [at, setAt] = useState(0)
  const last = rows.length - 1
  const current = Math.max(0, Math.min(at, last))
  const isOn = onOpen !== undefined
  const go = (to: number): void => {
    const next = Math.max(0, Math.min(to, last))
    setAt(next)
    focusRow(scroller.current, next, rowHeight)
  }
  const onKeyDown = (event: KeyboardEvent): void => {
    const row = (event.target as Element).closest<HTMLElement>('[data-at]')
    if (!isOn || !isPlain(event)) return
    const from = row === null ? current - 1 : Number(row.dataset['at'])
    const step = STEPS[event.key]
    const opened = rows[from]
    if (step !== undefined && (row !== null || event.key === 'j' || event.key === 'k')) {
      event.preventDefault()
      go(step(from, last))
    } else if (event.key === 'Enter' && event.target === row && opened !== undefined) {
      event.preventDefault()
      setAt(from)
      onOpen?.(opened)
    }
  }
  useLayoutEffect(() => {
    if (!isOn) return
    // j and k reach the first table of a page from wherever nothing else has the focus.
    const enter = (event: KeyboardEvent): void => {
      if (event.defaultPrevented || (event.key !== 'j' && event.key !== 'k') || !isPlain(event)) return
      if (!hasLetterKeys.peek()) return
      const isNowhere = document.activeElement === document.body || document.activeElement?.tagName === 'H1'
      if (!isNowhere || document.querySelector('dialog[open]') !== null) return
      event.preventDefault()
      focusRow(scroller.current, current, rowHeight)
    }
    document.addEventListener('keydown', enter)
    return () => document.removeEventListener('keydown', enter)
  }, [isOn, scroller, current, rowHeight])
  return { current, onKeyDown }
}

const isPlain = (event: KeyboardEvent): boolean =>
  !event.ctrlKey && !event.metaKey && !event.altKey && (event.target as Element).closest(WRITTEN_IN) === null

function focusRow(scroller: HTMLElement | null, at: number, rowHeight: number): void {
  const find = (): HTMLElement | null => scroller?.querySelector<HTMLElement>(`[data-at="${at}"]`) ?? null
  const take = (): void => {
    const row = find()
    row?.focus({ preventScroll: true })
    row?.scrollIntoView({ block: 'nearest' })
  }
  // At once where it can be: who presses a key again means the row after that.
  if (find() !== null) return take()
  if (scroller !== null) scroller.scrollTop = at * rowHeight - scroller.clientHeight / 2
  // Rows that were not drawn are after the frame in which the scroll is seen, and the one that draws them.
  requestAnimationFrame(() => requestAnimationFrame(take))
}
