// Fields whose names begin alike.
import { FIELD_INTS, type Fields } from './fields.ts'

/** The names, as they came, of all that begin with this (in lower case, at least one letter); null: none. */
export function namesFrom(fields: Fields, prefix: Uint8Array): string[] | null {
  const { at, bytes, count } = fields
  let names: string[] | null = null
  for (let f = 0; f < count; f++) {
    const start = at[f * FIELD_INTS]!
    // One look at a letter for most names.
    if ((bytes[start]! | 32) !== prefix[0] || at[f * FIELD_INTS + 1]! - start < prefix.length) continue
    let i = 1
    while (i < prefix.length && (bytes[start + i]! | 32) === (prefix[i]! | 32)) i++
    if (i === prefix.length) (names ??= []).push(fields.name(f))
  }
  return names
}
