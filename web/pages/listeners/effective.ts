// A resource as it takes effect, field by field, and which of them are written.
import { at, isMap, type JsonMap, leavesOf } from '../../data/merge.ts'

export interface EffectiveRow {
  /** timeouts.head */
  readonly path: string
  readonly value: string
  /** It stands in the file; others are as by default. */
  readonly isWritten: boolean
}

export function effectiveRows(effective: JsonMap, configured: JsonMap): EffectiveRow[] {
  return leavesOf(effective)
    .filter(({ value }) => !(isMap(value) && Object.keys(value).length === 0))
    .map(({ path, value }) => ({
      path: path.join('.'),
      value: wordsOf(value),
      isWritten: at(configured, path) !== undefined,
    }))
}

function wordsOf(value: unknown): string {
  if (Array.isArray(value)) return value.length === 0 ? 'none' : value.map(wordsOf).join(', ')
  if (value === null || value === '') return 'none'
  return typeof value === 'object' ? JSON.stringify(value) : String(value)
}
