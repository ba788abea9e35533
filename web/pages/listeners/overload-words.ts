// What is said of workers that have more to do than they can.
import type { Overload } from '../../data/api-types.ts'
import { bytes, list, ms, number, percent } from '../../data/say.ts'

export type Cause = keyof Overload['limits']

/** In this order. */
export const CAUSES: readonly Cause[] = ['loop_lag', 'memory', 'descriptors']

export const NAMES: Readonly<Record<Cause, string>> = {
  loop_lag: 'Turns late',
  memory: 'Memory',
  descriptors: 'Open files',
}

const SAID: Readonly<Record<Cause, (value: number) => string>> = {
  loop_lag: (value) => `${ms(value)} ms`,
  memory: bytes,
  descriptors: (value) => `${percent(value)} %`,
}

/** “80 ms of 250 ms”, by how near it is: 1 is the limit. */
export const levelWords = (cause: Cause, level: number, limit: number): string =>
  `${SAID[cause](level * limit)} of ${SAID[cause](limit)}`

/** Of new requests. */
export const shareWords = (share: number, isShadow: boolean): string =>
  share === 0 ? 'Takes all' : `${isShadow ? 'Would refuse' : 'Refuses'} ${percent(share)} %`

/** “1,204 of priority 0, 12 of priority 5”, the lowest first, as they are refused first; '': none so far. */
export function shedWords(shed: Overload['shed'], decision: 'refused' | 'shadow'): string {
  const by = new Map<number, number>()
  for (const one of shed)
    if (one.decision === decision) by.set(one.priority, (by.get(one.priority) ?? 0) + one.requests)
  const all = [...by].toSorted(([a], [b]) => a - b)
  return list(all.map(([priority, requests]) => `${number(requests)} of priority ${priority}`))
}
