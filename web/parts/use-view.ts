// What of a long list is in view.
import type { RefObject } from 'preact'
import { useLayoutEffect, useState } from 'preact/hooks'

export interface View {
  /** How far it is scrolled, and how high it is, in px. */
  readonly top: number
  readonly height: number
  /** Height of a row as it is drawn, in px: a coarse pointer and cards make it larger than it was asked. */
  readonly rowHeight: number
}

/** Follows the scroller while `isOn`. */
export function useView(scroller: RefObject<HTMLElement | null>, isOn: boolean, rowHeight: number): View {
  const [view, setView] = useState<View>({ top: 0, height: 640, rowHeight })
  useLayoutEffect(() => {
    const element = scroller.current
    if (!isOn || element === null) return
    let frame = 0
    const look = (): void => {
      frame = 0
      const height = element.querySelector<HTMLElement>('[data-at]')?.offsetHeight ?? 0
      const next = { top: element.scrollTop, height: element.clientHeight, rowHeight: height || rowHeight }
      setView((now) => (isSame(now, next) ? now : next))
    }
    const lookSoon = (): void => {
      if (frame === 0) frame = requestAnimationFrame(look)
    }
    look()
    element.addEventListener('scroll', lookSoon, { passive: true })
    const watcher = new ResizeObserver(lookSoon)
    watcher.observe(element)
    return () => {
      cancelAnimationFrame(frame)
      element.removeEventListener('scroll', lookSoon)
      watcher.disconnect()
    }
  }, [scroller, isOn, rowHeight])
  return view
}

const isSame = (a: View, b: View): boolean =>
  a.top === b.top && a.height === b.height && a.rowHeight === b.rowHeight
