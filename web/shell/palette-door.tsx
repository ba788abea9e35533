// Loads the palette when it is first wanted, or before that while nothing else is to be done.
import { useEffect, useLayoutEffect } from 'preact/hooks'
import { Button } from '../parts/button.tsx'
import { useOnDemand, WHY_NOT_COME } from '../parts/on-demand.tsx'
import { Dialog } from '../parts/overlays.tsx'
import { isPaletteOpen, typedAhead } from './palette-state.ts'

const load = () => import('./palette.tsx')

export function PaletteDoor() {
  useEffect(() => {
    // Where it does not come now it is asked for when it is wanted.
    const timer = setTimeout(() => void load().catch(() => undefined), 2000)
    return () => clearTimeout(timer)
  }, [])
  const isOpen = isPaletteOpen.value
  const { value: module, hasFailed, again } = useOnDemand(load, isOpen)
  useTypedAhead(isOpen && !hasFailed)
  if (!isOpen) return null
  if (module !== null) return <module.Palette />
  return hasFailed ? <NotThere onAgain={again} /> : null
}

function NotThere({ onAgain }: { readonly onAgain: () => void }) {
  const close = (): void => void (isPaletteOpen.value = false)
  return (
    <Dialog
      title="The search could not be loaded"
      onClose={close}
      actions={
        <>
          <Button onPress={close}>Close</Button>
          <Button kind="ink" onPress={onAgain}>
            Try again
          </Button>
        </>
      }
    >
      <p>{WHY_NOT_COME}</p>
    </Dialog>
  )
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
