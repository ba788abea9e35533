// Timelines: a cell for each minute of the last hour, and what is said of them.
import { age } from './say.ts'
import type { Look } from './servers.ts'

/** As servers look, and as their breakers are. */
export type Cell = Look | 'open' | 'half'

/** A letter of `GET /api/v1/timelines`. */
const LETTERS: Readonly<Record<string, Cell>> = {
  u: 'up',
  g: 'warn',
  d: 'down',
  b: 'open',
  h: 'half',
  m: 'maint',
  r: 'drain',
  c: 'unk',
}

/** The cells of a timeline; minutes that nothing is known of are as unchecked. */
export const cellsOf = (letters: string): Cell[] => [...letters].map((letter) => LETTERS[letter] ?? 'unk')

const MINUTES: readonly (readonly [Cell, string])[] = [
  ['down', 'down'],
  ['open', 'breaker open'],
  ['half', 'breaker half-open'],
  ['warn', 'degraded'],
  ['drain', 'draining'],
  ['maint', 'in maintenance'],
]

/** A timeline in words: “Last hour: up”, “Last hour: 8 min down, 3 min degraded”. */
export function saidOf(cells: readonly Cell[]): string {
  const parts = MINUTES.flatMap(([look, word]) => {
    const minutes = cells.filter((cell) => cell === look).length
    return minutes === 0 ? [] : [`${age(minutes * 60)} ${word}`]
  })
  const known = cells.filter((cell) => cell !== 'unk').length
  return `Last hour: ${parts.length > 0 ? parts.join(', ') : known > 0 ? 'up' : 'nothing known'}`
}
