// Single letters of this page, while nothing is typed and no dialog is open.
import { useLayoutEffect, useRef } from 'preact/hooks'
import { hasLetterKeys } from '../data/keys-state.ts'

const WRITTEN_IN = 'input, textarea, select, [contenteditable], dialog, [popover]'

export function usePageKeys(deeds: Readonly<Record<string, () => void>>): void {
  const now = useRef(deeds)
  now.current = deeds
  useLayoutEffect(() => {
    const pressed = (event: KeyboardEvent): void => {
      if (event.defaultPrevented || event.ctrlKey || event.metaKey || event.altKey) return
      if (event.target instanceof Element && event.target.closest(WRITTEN_IN) !== null) return
      if (!hasLetterKeys.peek()) return
      const deed = now.current[event.key]
      if (deed === undefined) return
      event.preventDefault()
      deed()
    }
    document.addEventListener('keydown', pressed)
    return () => document.removeEventListener('keydown', pressed)
  }, [])
}
