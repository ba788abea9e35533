// Whether the sheet of keys is open, and whether single letters are keys: the frame, the palette and the
// settings share it.
import { signal } from '@preact/signals'

export const isSheetOpen = signal(false)
export const openKeys = (): void => void (isSheetOpen.value = true)

const STORED = 'sluice.keys'
/** Whether single letters are keys (WCAG 2.2, 2.1.4: they can be turned off). */
export const hasLetterKeys = signal(stored() !== 'off')

function stored(): string | null {
  try {
    return localStorage.getItem(STORED)
  } catch {
    return null
  }
}

export function setLetterKeys(isOn: boolean): void {
  hasLetterKeys.value = isOn
  try {
    localStorage.setItem(STORED, isOn ? 'on' : 'off')
  } catch {
    // Storage is refused: it holds until the page is left.
  }
}
