// What opens below a button and goes with Escape, a click elsewhere, or the focus leaving it.
import { useLayoutEffect, useRef, useState } from 'preact/hooks'

export function useFlyout() {
  const [isOpen, setOpen] = useState(false)
  const root = useRef<HTMLDivElement>(null)
  useLayoutEffect(() => {
    if (!isOpen) return
    const isInside = (target: EventTarget | null): boolean =>
      root.current?.contains(target as Node | null) === true
    const away = (event: Event): void => void (isInside(event.target) || setOpen(false))
    const key = (event: KeyboardEvent): void => {
      if (event.key !== 'Escape') return
      setOpen(false)
      root.current?.querySelector('button')?.focus()
    }
    document.addEventListener('pointerdown', away)
    document.addEventListener('focusin', away)
    document.addEventListener('keydown', key)
    return () => {
      document.removeEventListener('pointerdown', away)
      document.removeEventListener('focusin', away)
      document.removeEventListener('keydown', key)
    }
  }, [isOpen])
  return { isOpen, root, toggle: () => setOpen(!isOpen), close: () => setOpen(false) }
}
