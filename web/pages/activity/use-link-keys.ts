// j and k, and the arrows, through a list of links.
import type { RefObject } from 'preact'
import { useLayoutEffect } from 'preact/hooks'

const STEPS: Readonly<Record<string, number>> = { j: 1, k: -1, ArrowDown: 1, ArrowUp: -1 }
const WRITTEN_IN = 'input, textarea, select, [contenteditable], dialog, [popover], [role="dialog"]'

/** From wherever nothing else has the focus, letters lead into it; arrows go on within it. */
export function useLinkKeys(list: RefObject<HTMLElement | null>): void {
  useLayoutEffect(() => {
    const press = (event: KeyboardEvent): void => {
      const step = STEPS[event.key]
      const isPlain = !event.ctrlKey && !event.metaKey && !event.altKey && !event.defaultPrevented
      if (step === undefined || !isPlain || (event.target as Element).closest(WRITTEN_IN) !== null) return
      const links = [...(list.current?.querySelectorAll<HTMLElement>('li a') ?? [])]
      const at = links.indexOf(document.activeElement as HTMLElement)
      if (at === -1 && event.key.length > 1) return
      event.preventDefault()
      links[Math.max(0, Math.min(at + step, links.length - 1))]?.focus()
    }
    document.addEventListener('keydown', press)
    return () => document.removeEventListener('keydown', press)
  }, [list])
}
