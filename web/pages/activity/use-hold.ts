// When a list that grows stands still: while one reads in it, has scrolled, has opened something, or says so.
import { useEffect, useLayoutEffect, useRef, useState } from 'preact/hooks'
import { number } from '../../data/say.ts'

export interface Hold {
  readonly isHeld: boolean
  /** A person has said so, not only turned to it. */
  readonly isPinned: boolean
  /** Stops it, or lets it go on from its top. */
  readonly toggle: () => void
  /** For what the list is in. */
  readonly watch: {
    readonly onPointerEnter: (event: PointerEvent) => void
    readonly onPointerLeave: () => void
    readonly onFocusCapture: (event: FocusEvent) => void
    readonly onBlurCapture: (event: FocusEvent) => void
    readonly onScrollCapture: (event: Event) => void
  }
}

/** `isOpen`: something of the list stands beside it. */
export function useHold(isOpen: boolean): Hold {
  const [isPinned, pin] = useState(false)
  const [isOver, setOver] = useState(false)
  const [isFocused, setFocused] = useState(false)
  const [isScrolled, setScrolled] = useState(false)
  /** Goes on although something is open: that was asked for. */
  const [isReleased, release] = useState(false)
  const scroller = useRef<Element | null>(null)
  useEffect(() => release(false), [isOpen])
  const isHeld = isPinned || isOver || isFocused || isScrolled || (isOpen && !isReleased)
  const toggle = (): void => {
    if (!isHeld) return pin(true)
    pin(false)
    release(true)
    scroller.current?.scrollTo({ top: 0 })
    setScrolled(false)
    if (isFocused) (document.activeElement as HTMLElement | null)?.blur()
  }
  useSpace(toggle)
  return {
    isHeld,
    isPinned,
    toggle,
    watch: {
      onPointerEnter: ({ pointerType }) => setOver(pointerType === 'mouse'),
      onPointerLeave: () => setOver(false),
      onFocusCapture: ({ target }) => setFocused((target as Element).closest('tbody, li') !== null),
      onBlurCapture: () => setFocused(false),
      onScrollCapture: ({ target }) => {
        scroller.current = target as Element
        setScrolled((target as Element).scrollTop > 4)
      },
    },
  }
}

const OWN = 'input, textarea, select, button, a, summary, [contenteditable], dialog, [popover], [role="menu"]'

/** Space, where it would do nothing else but scroll. */
function useSpace(toggle: () => void): void {
  const latest = useRef(toggle)
  latest.current = toggle
  useLayoutEffect(() => {
    const press = (event: KeyboardEvent): void => {
      const isPlain = !event.ctrlKey && !event.metaKey && !event.altKey && !event.shiftKey
      if (event.key !== ' ' || event.defaultPrevented || !isPlain) return
      if ((event.target as Element).closest(OWN) !== null) return
      event.preventDefault()
      latest.current()
    }
    document.addEventListener('keydown', press)
    return () => document.removeEventListener('keydown', press)
  }, [])
}

/** What stands on the button. */
export const pauseWords = (isHeld: boolean, waiting: number): string =>
  !isHeld ? 'Pause' : waiting === 0 ? 'Paused' : `Paused · ${number(waiting)} new`
