// Loads the palette when it is first wanted, or before that while nothing else is to be done.
import lazy, { ErrorBoundary } from 'preact-iso/lazy'
import { useEffect } from 'preact/hooks'
import { isPaletteOpen } from './palette-state.ts'

const Palette = lazy(() => import('./palette.tsx').then((module) => module.Palette))

export function PaletteDoor() {
  useEffect(() => {
    const timer = setTimeout(() => void Palette.preload(), 2000)
    return () => clearTimeout(timer)
  }, [])
  return <ErrorBoundary>{isPaletteOpen.value && <Palette />}</ErrorBoundary>
}
