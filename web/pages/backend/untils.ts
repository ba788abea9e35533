// Until when an order is to hold, as one picks it.
import { gatewayNow } from '../../data/clock.ts'
import { clock } from '../../data/say.ts'

export const UNTILS = ['', '15m', '30m', '1h', '4h', 'custom'] as const
export type Until = (typeof UNTILS)[number]

const MS: Readonly<Record<string, number>> = { s: 1000, m: 60_000, h: 3_600_000, d: 86_400_000 }

/** `1h30m` in ms; null: it is no duration. */
export function msOf(text: string): number | null {
  const parts = [...text.trim().matchAll(/(\d+(?:\.\d+)?)\s*(d|h|min|m|s)/g)]
  const read = parts.map(([whole]) => whole).join('')
  if (parts.length === 0 || read.replaceAll(/\s/g, '') !== text.replaceAll(/\s/g, '')) return null
  return parts.reduce((all, [, size = '0', unit = 's']) => all + Number(size) * (MS[unit[0] ?? 's'] ?? 0), 0)
}

/** As the API takes it: `90 min` is `90m`. */
export const durationOf = (text: string): string => text.replaceAll(/\s+/g, '').replaceAll('min', 'm')

const WORDS: Readonly<Record<Until, string>> = {
  '': 'No end',
  '15m': '15 min',
  '30m': '30 min',
  '1h': '1 h',
  '4h': '4 h',
  custom: 'Other…',
}

/** “30 min (03:42)” */
export function untilLabel(until: Until, now = gatewayNow()): string {
  const ms = until === '' || until === 'custom' ? null : msOf(until)
  return ms === null ? WORDS[until] : `${WORDS[until]} (${clock(now + ms)})`
}
