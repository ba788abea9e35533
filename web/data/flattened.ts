// A config as rows, one a setting: what takes effect, and whether it was written or is a default.
import { isMap } from './merge.ts'

export interface SettingRow {
  /** `backends.api.servers[0].weight`. */
  readonly path: string
  readonly value: string
  readonly isWritten: boolean
}

/** Settings of what takes effect, in its order; `written` is what the file says, in the same shape. */
export function flattened(effective: unknown, written: unknown): SettingRow[] {
  const rows: SettingRow[] = []
  const walk = (path: string, value: unknown, own: unknown): void => {
    if (Array.isArray(value) && value.some((one) => typeof one === 'object' && one !== null))
      for (const [at, one] of value.entries())
        walk(`${path}[${at}]`, one, Array.isArray(own) ? own[at] : undefined)
    else if (isMap(value) && Object.keys(value).length > 0)
      for (const [name, one] of Object.entries(value))
        walk(path === '' ? keyOf(name) : `${path}.${keyOf(name)}`, one, isMap(own) ? own[name] : undefined)
    else rows.push({ path, value: shown(value), isWritten: own !== undefined })
  }
  walk('', effective, written)
  return rows
}

/** A name with a dot of its own is told apart from two. */
const keyOf = (name: string): string => (/^[\w-]+$/.test(name) ? name : JSON.stringify(name))

function shown(value: unknown): string {
  if (value === null) return 'none'
  if (Array.isArray(value)) return value.length === 0 ? 'none' : value.map(String).join(', ')
  return typeof value === 'string' ? value : JSON.stringify(value)
}

/** Whether it is in the short form, whose settings stand elsewhere in what takes effect. */
export const isShortConfig = (written: unknown): boolean =>
  isMap(written) && ('listen' in written || Array.isArray(written['backends']))

/** Those that have all of the words, in their path or their value. */
export function settingsWith(rows: readonly SettingRow[], words: string): readonly SettingRow[] {
  const wanted = words.toLowerCase().split(/\s+/).filter(Boolean)
  if (wanted.length === 0) return rows
  return rows.filter(({ path, value }) => {
    const text = `${path} ${value}`.toLowerCase()
    return wanted.every((word) => text.includes(word))
  })
}
