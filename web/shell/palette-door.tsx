// Loads the palette when it is first wanted, or before that while nothing else is to be done.
import lazy, { ErrorBoundary } from 'preact-iso/lazy'
import { useEffect, useLayoutEffect } from 'preact/hooks'
import { isPaletteOpen, typedAhead } from './palette-state.ts'

const load = () => import('./palette.tsx')
const Palette = lazy(() => load().then((module) => module.Palette))

export function PaletteDoor() {
  useEffect(() => {
    // Where it does not come now it is asked for when it is wanted.
    const timer = setTimeout(() => void load().catch(() => undefined), 2000)
    return () => clearTimeout(timer)
  }, [])
  useTypedAhead(isPaletteOpen.value)
  return <ErrorBoundary>{isPaletteOpen.value && <Palette />}</ErrorBoundary>
}

/** Ctrl K and a name are one movement: what comes before the code is kept, and is no key of the page. */
function useTypedAhead(isOpen: boolean): void {
  useLayoutEffect(() => {
    if (!isOpen) return
    // Another dialog has the keys.
    if (document.querySelector('dialog[open]') !== null) return
    typedAhead.value = ''
    const pressed = (event: KeyboardEvent): void => {
      const typed = typedAhead.value
      if (typed === null || event.ctrlKey || event.metaKey || event.altKey) return
      if (event.key === 'Escape') isPaletteOpen.value = false
      else if (event.key === 'Backspace') typedAhead.value = typed.slice(0, -1)
      else if (event.key.length === 1) typedAhead.value = typed + event.key
      else return
      event.preventDefault()
      event.stopPropagation()
    }
    document.addEventListener('keydown', pressed, true)
    return () => {
      document.removeEventListener('keydown', pressed, true)
      typedAhead.value = null
    }
  }, [isOpen])
}
