// Texts that were served, in words.
import type { Revision } from './api-types.ts'

const SOURCES: Readonly<Record<string, string>> = {
  ui: 'dashboard',
  api: 'API',
  file: 'file edit',
  cli: 'command line',
  rollback: 'rollback',
  start: 'start',
}

/** By which door it came: `dashboard`, `file edit`. */
export const sourceOf = ({ source }: Pick<Revision, 'source'>): string => SOURCES[source] ?? source

/** What it was for; where nobody said, what it was. */
export function saysOf({ message, restores, source, author }: Revision): string {
  if (message !== null && message !== '') return message
  if (restores !== null) return `r${restores} again`
  if (source === 'start') return 'as the gateway found it when it started'
  return source === 'file' && author === null ? 'somebody edited the file' : ''
}

/** What became of it, where that is worth a word. */
export function stateOf({ state, why }: Revision): { state: 'draft' | 'down' | 'unk'; word: string } | null {
  switch (state) {
    case 'unconfirmed':
      return { state: 'draft', word: 'not confirmed yet' }
    case 'reverted':
      return { state: 'down', word: why === null ? 'taken back' : `taken back: ${why}` }
    case 'coming':
      return { state: 'unk', word: 'never served' }
    default:
      return null
  }
}

/** What a number or a word names in an address: `129`, `running`, `disk`. */
export const isNamed = (name: string | undefined): name is string =>
  name !== undefined && /^(?:[1-9]\d{0,14}|running|disk)$/.test(name)

export const nameOf = (name: string): string =>
  name === 'running' ? 'what runs' : name === 'disk' ? 'the file' : `r${name}`
