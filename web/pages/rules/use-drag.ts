// Dragging a row by its grip: a line shows where it would go, the list scrolls at its edges, Escape lets go.
import type { RefObject, TargetedPointerEvent } from 'preact'
import { useLayoutEffect, useRef, useState } from 'preact/hooks'

export interface Dragged {
  readonly id: string
  /** The place that it would have: before the row that is at this index now. */
  readonly to: number
}

interface Dragging {
  readonly list: RefObject<HTMLElement | null>
  readonly onDrop: (id: string, to: number) => void
}

/** So near an edge it scrolls, so far in each frame; in px. */
const NEAR = 48
const STEP = 14

export function useDrag({ list, onDrop }: Dragging) {
  const [dragged, setDragged] = useState<Dragged | null>(null)
  const pointer = useRef({ x: 0, y: 0 })
  const drop = useRef(onDrop)
  drop.current = onDrop
  const now = useRef<Dragged | null>(null)
  now.current = dragged
  const id = dragged?.id
  useLayoutEffect(() => {
    if (id === undefined) return
    let frame = 0
    const look = (): void => {
      const to = placeAt(list.current, pointer.current)
      if (to !== null && to !== now.current?.to) setDragged({ id, to })
    }
    const move = (event: PointerEvent): void => {
      pointer.current = { x: event.clientX, y: event.clientY }
      look()
    }
    const end = (): void => {
      const { to } = now.current ?? { to: -1 }
      setDragged(null)
      if (to >= 0) drop.current(id, to)
    }
    const stop = (): void => setDragged(null)
    const key = (event: KeyboardEvent): void => {
      if (event.key !== 'Escape') return
      event.preventDefault()
      stop()
    }
    const scroll = (): void => {
      if (scrollNear(list.current, pointer.current.y)) look()
      frame = requestAnimationFrame(scroll)
    }
    frame = requestAnimationFrame(scroll)
    document.addEventListener('pointermove', move)
    document.addEventListener('pointerup', end)
    document.addEventListener('pointercancel', stop)
    document.addEventListener('keydown', key, { capture: true })
    return () => {
      cancelAnimationFrame(frame)
      document.removeEventListener('pointermove', move)
      document.removeEventListener('pointerup', end)
      document.removeEventListener('pointercancel', stop)
      document.removeEventListener('keydown', key, { capture: true })
    }
  }, [id, list])
  const begin = (event: TargetedPointerEvent<HTMLElement>, row: { id: string; at: number }): void => {
    if (event.button !== 0) return
    pointer.current = { x: event.clientX, y: event.clientY }
    setDragged({ id: row.id, to: row.at })
  }
  return { dragged, begin }
}

/** Before which row the pointer is; null: beside the list. */
function placeAt(
  list: HTMLElement | null,
  { x, y }: { readonly x: number; readonly y: number },
): number | null {
  const box = list?.getBoundingClientRect()
  if (list === null || box === undefined) return null
  const within = Math.min(Math.max(x, box.left + 8), box.right - 8)
  const row = document.elementFromPoint(within, y)?.closest<HTMLElement>('[data-at]')
  if (row === null || row === undefined || !list.contains(row)) return null
  const { top, height } = row.getBoundingClientRect()
  return Number(row.dataset['at']) + (y > top + height / 2 ? 1 : 0)
}

/** Scrolls the list, or the page where the list does not scroll. */
function scrollNear(list: HTMLElement | null, y: number): boolean {
  if (list === null) return false
  const isOwn = list.scrollHeight > list.clientHeight + 1
  const { top, bottom } = isOwn ? list.getBoundingClientRect() : { top: 0, bottom: innerHeight }
  const by = y < top + NEAR ? -STEP : y > bottom - NEAR ? STEP : 0
  if (by === 0) return false
  if (isOwn) list.scrollTop += by
  else scrollBy(0, by)
  return true
}
