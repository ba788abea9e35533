// Secrets in resources: they are never read back, and stay as they are where they are left out or sent as
// they were shown.
import type { Plain } from '../../config/spell.ts'
import { isList } from '../../config/edit/values.ts'

type Mapped = Readonly<Record<string, unknown>>
const isMapped = (value: unknown): value is Mapped =>
  typeof value === 'object' && value !== null && !Array.isArray(value)

/** What is to be written, where `shown` is what was told of `old`, and `sent` came back. */
export function withSecrets(old: unknown, shown: unknown, sent: unknown): unknown {
  if (isMapped(sent) && isMapped(old) && isMapped(shown)) {
    const kept = Object.keys(old).filter((key) => !Object.hasOwn(sent, key) && isHidden(shown[key], old[key]))
    const entries = Object.entries(sent).map(([key, value]) => [
      key,
      withSecrets(old[key], shown[key], value),
    ])
    return { ...Object.fromEntries(entries), ...Object.fromEntries(kept.map((key) => [key, old[key]])) }
  }
  if (Array.isArray(sent) && Array.isArray(old) && Array.isArray(shown))
    return sent.map((item: unknown, index) => withSecrets(old[index], shown[index], item))
  return typeof sent === 'string' && sent === shown && sent !== old && old !== undefined ? old : sent
}

/** Whether all of it is hidden. */
function isHidden(shown: unknown, old: unknown): boolean {
  if (isMapped(old)) {
    const keys = Object.keys(old)
    return keys.length > 0 && isMapped(shown) && keys.every((key) => isHidden(shown[key], old[key]))
  }
  if (Array.isArray(old))
    return (
      old.length > 0 &&
      Array.isArray(shown) &&
      old.every((item: unknown, index) => isHidden(shown[index], item))
    )
  return typeof old === 'string' && shown !== old
}

/** RFC 7396: null removes, maps are merged, all else takes the place of what was there. */
export function merged(target: unknown, patch: unknown): unknown {
  if (!isMapped(patch)) return patch
  const result: Record<string, unknown> = isMapped(target) ? { ...target } : {}
  for (const [key, value] of Object.entries(patch))
    if (value === null) delete result[key]
    else result[key] = merged(result[key], value)
  return result
}

/** As a config may hold it: keys whose value is null are left out; undefined: null stands in a list. */
export function asPlain(value: unknown): Plain | undefined {
  if (typeof value === 'string' || typeof value === 'number' || typeof value === 'boolean') return value
  if (Array.isArray(value)) {
    const items = value.map(asPlain)
    return items.every((item) => item !== undefined) ? (items as Plain[]) : undefined
  }
  if (!isMapped(value)) return undefined
  const entries: [string, Plain][] = []
  for (const [key, item] of Object.entries(value)) {
    if (item === null) continue
    const plain = asPlain(item)
    if (plain === undefined) return undefined
    entries.push([key, plain])
  }
  return Object.fromEntries(entries)
}

export const isPlainMap = (value: Plain | undefined): value is { readonly [key: string]: Plain } =>
  typeof value === 'object' && !isList(value)
