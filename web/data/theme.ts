// Light, dark, or as the system has it; kept on this device. theme.js applies it before the first paint.
import { signal } from '@preact/signals'

export type Theme = 'auto' | 'light' | 'dark'
export const THEMES: readonly Theme[] = ['auto', 'light', 'dark']
const STORED = 'sluice.theme'

export const THEME_WORDS: Readonly<Record<Theme, string>> = {
  auto: 'as the system',
  light: 'light',
  dark: 'dark',
}

export const theme = signal<Theme>((document.documentElement.dataset['theme'] as Theme | undefined) ?? 'auto')

export function setTheme(next: Theme): void {
  theme.value = next
  const { dataset } = document.documentElement
  if (next === 'auto') delete dataset['theme']
  else dataset['theme'] = next
  try {
    localStorage.setItem(STORED, next)
  } catch {
    // Storage is refused: it holds until the page is left.
  }
}

export const cycleTheme = (): void =>
  setTheme(THEMES[(THEMES.indexOf(theme.peek()) + 1) % THEMES.length] ?? 'auto')
