// Whether the palette is open: the bar, the keys and the palette itself share it.
import { signal } from '@preact/signals'

export const isPaletteOpen = signal(false)
export const openPalette = (): void => void (isPaletteOpen.value = true)
