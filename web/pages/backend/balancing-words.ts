// What the way of balancing means for who is taken out or weighed.
import type { HashFields } from './backend-fields.ts'

export const ignoresWeights = (algorithm: string): boolean =>
  algorithm === 'random' || algorithm === 'first_available'

/** “the cookie session”: what requests carry by which they stay with a server that drains. */
export function boundByOf({
  algorithm,
  hash,
}: {
  readonly algorithm: string
  readonly hash?: HashFields
}): string | null {
  if (algorithm !== 'hash' || hash?.name === undefined) return null
  const kinds: Readonly<Record<string, string>> = {
    cookie: 'the cookie',
    header: 'the header',
    query: 'the parameter',
  }
  const kind = kinds[hash.by ?? '']
  return kind === undefined ? null : `${kind} ${hash.name}`
}
