// The key that leads to the filter of a page.
import type { RefObject } from 'preact'
import { useLayoutEffect } from 'preact/hooks'

const WRITTEN_IN = 'input, textarea, select, [contenteditable]'

/** `/` leads to this field, from wherever nothing is written. */
export function useSlashKey(input: RefObject<HTMLInputElement | null>): void {
  useLayoutEffect(() => {
    const enter = (event: KeyboardEvent): void => {
      if (event.key !== '/' || event.defaultPrevented || event.ctrlKey || event.metaKey || event.altKey)
        return
      if (event.target instanceof Element && event.target.closest(WRITTEN_IN) !== null) return
      if (document.querySelector('dialog[open]') !== null) return
      event.preventDefault()
      input.current?.focus()
      input.current?.select()
    }
    document.addEventListener('keydown', enter)
    return () => document.removeEventListener('keydown', enter)
  }, [input])
}
