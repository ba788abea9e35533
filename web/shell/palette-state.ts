// Whether the palette is open: the bar, the keys and the palette itself share it; and what was taken lately.
import { signal } from '@preact/signals'

export const isPaletteOpen = signal(false)
export const openPalette = (): void => void (isPaletteOpen.value = true)

/** What was typed before the palette was there to type into; null while it is, or is not wanted. */
export const typedAhead = signal<string | null>(null)

const STORED = 'sluice.lately'
const KEPT = 4

/** Ids of what was taken in this tab, the last one first. */
export function lately(): readonly string[] {
  try {
    const kept: unknown = JSON.parse(sessionStorage.getItem(STORED) ?? '[]')
    return Array.isArray(kept) ? kept.filter((id) => typeof id === 'string') : []
  } catch {
    return []
  }
}

export function noteUsed(id: string): void {
  try {
    sessionStorage.setItem(
      STORED,
      JSON.stringify([id, ...lately().filter((one) => one !== id)].slice(0, KEPT)),
    )
  } catch {
    // Storage is refused: nothing is remembered.
  }
}
