// Shares that were written in per cent, as other products have them.
import type { SchemaNode } from './schema-node.ts'

/** What "50 %", or 50 where a share of at most 1 belongs, is as a share; null: it is neither. */
export function shareOfPercent({ type, maximum = Infinity }: SchemaNode, value: unknown): number | null {
  if (type !== 'number' || maximum > 1) return null
  const [, digits, sign] = /^([0-9]+(?:\.[0-9]+)?) ?(%?)$/.exec(String(value).trim()) ?? []
  const percent = Number(digits)
  // Below that it is a share already, and wrong in another way.
  if (!(percent <= 100) || (sign === '' && percent <= maximum)) return null
  return Number((percent / 100).toPrecision(12))
}

/** "write 0.5 for 50 %": whoever meant something else sees that it is not that. */
export const percentHint = (share: number): string =>
  `write ${share} for ${Number((share * 100).toPrecision(12))} %`
