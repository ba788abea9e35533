// Changes to a head that are applied when it is written; the bytes received stay as they are. Made only when a step
// asks for it.
import { FIELD_INTS, type Fields } from './fields.ts'

interface Added {
  readonly lower: string
  readonly line: Buffer
  readonly value: string
}

export class Edits {
  /** Lower-case names whose received fields are left out. */
  readonly removed: Buffer[] = []
  readonly #removedNames = new Set<string>()
  /** Whole lines, CRLF included, in order. */
  added: Added[] = []

  remove(name: string): void {
    const lower = name.toLowerCase()
    this.added = this.added.filter((one) => one.lower !== lower)
    if (this.#removedNames.has(lower)) return
    this.#removedNames.add(lower)
    this.removed.push(Buffer.from(lower))
  }

  add(name: string, value: string): void {
    this.added.push({ lower: name.toLowerCase(), value, line: Buffer.from(`${name}: ${value}\r\n`, 'latin1') })
  }

  set(name: string, value: string): void {
    this.remove(name)
    this.add(name, value)
  }

  isRemoved(fields: Fields, field: number): boolean {
    for (const name of this.removed) if (fields.isNamed(field, name)) return true
    return false
  }

  /** The value as it will be sent: an added one, null when removed, undefined when this leaves the received one alone. */
  get(lower: string): string | null | undefined {
    const added = this.added.find((one) => one.lower === lower)
    if (added) return added.value
    return this.#removedNames.has(lower) ? null : undefined
  }
}

/** The value of the first field with this lower-case name, edits applied; null for none. */
export function fieldValue(fields: Fields, edits: Edits | null, lower: string): string | null {
  const edited = edits?.get(lower)
  if (edited !== undefined) return edited
  const name = nameBytes(lower)
  for (let f = 0; f < fields.count; f++) {
    const length = fields.at[f * FIELD_INTS + 1]! - fields.at[f * FIELD_INTS]!
    if (length === name.length && fields.isNamed(f, name)) return fields.value(f)
  }
  return null
}

/** The values of all fields with this lower-case name as received, in order. */
export function fieldValues(fields: Fields, lower: string): string[] {
  const name = nameBytes(lower)
  const values: string[] = []
  for (let f = 0; f < fields.count; f++) if (fields.isNamed(f, name)) values.push(fields.value(f))
  return values
}

// Names come from code and config, so there are few; the bound is for the case that they do not.
const NAMES_MAX = 4096
const names = new Map<string, Buffer>()

function nameBytes(lower: string): Buffer {
  const kept = names.get(lower)
  if (kept) return kept
  const made = Buffer.from(lower, 'latin1')
  if (names.size < NAMES_MAX) names.set(lower, made)
  return made
}
