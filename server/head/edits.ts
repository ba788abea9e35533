// Changes to a head that are applied when it is written; the bytes received stay as they are. Made only when
// a step asks for it.
import { equalsFolded } from './bytes.ts'
import { fieldLine } from './field-line.ts'
import { FIELD_INTS, type Fields } from './fields.ts'

/** A field that is added. */
export interface Added {
  readonly name: string
  readonly lower: string
  /** The whole line, CRLF included. */
  readonly line: Buffer
  readonly value: string
}

/** One that is the same for all heads that it is added to: made once. */
export const added = (name: string, value: string): Added => ({
  name,
  lower: name.toLowerCase(),
  value,
  line: fieldLine(name, value),
})

export class Edits {
  /** Lower-case names whose received fields are left out. */
  readonly removed: Buffer[] = []
  /** The same as text. There are few: a set would cost more than looking at each. */
  readonly #removedNames: string[] = []
  /** Whole lines, CRLF included, in order. */
  added: Added[] = []

  remove(name: string): void {
    this.#remove(name.toLowerCase())
  }

  #remove(lower: string): void {
    if (this.added.some((one) => one.lower === lower))
      this.added = this.added.filter((one) => one.lower !== lower)
    if (this.#removedNames.includes(lower)) return
    this.#removedNames.push(lower)
    this.removed.push(nameBytes(lower))
  }

  add(name: string, value: string): void {
    this.added.push(added(name, value))
  }

  /** The same with a field that was made before. */
  addMade(field: Added): void {
    this.added.push(field)
  }

  setMade(field: Added): void {
    this.#remove(field.lower)
    this.added.push(field)
  }

  set(name: string, value: string): void {
    this.setMade(added(name, value))
  }

  /** The same, for a copy of its head. */
  copy(): Edits {
    const copy = new Edits()
    copy.removed.push(...this.removed)
    for (const name of this.#removedNames) copy.#removedNames.push(name)
    copy.added = [...this.added]
    return copy
  }

  isRemoved(fields: Fields, field: number): boolean {
    return this.removesName(fields.bytes, fields.at[field * FIELD_INTS]!, fields.at[field * FIELD_INTS + 1]!)
  }

  /** Whether received fields named `bytes[start..end)`, in any case, are left out. */
  removesName(bytes: Uint8Array, start: number, end: number): boolean {
    for (const name of this.removed) if (equalsFolded(bytes, start, end, name)) return true
    return false
  }

  /** Whether received fields of this lower-case name are left out. */
  removes(lower: string): boolean {
    return this.#removedNames.includes(lower)
  }

  /** The value of the first line added with this lower-case name; null for none. */
  addedValue(lower: string): string | null {
    for (const one of this.added) if (one.lower === lower) return one.value
    return null
  }
}

/** The value of the first field with this lower-case name, edits applied; null for none. */
export function fieldValue(fields: Fields, edits: Edits | null, lower: string): string | null {
  if (!edits?.removes(lower)) {
    const name = nameBytes(lower)
    for (let f = 0; f < fields.count; f++) if (fields.isNamed(f, name)) return fields.value(f)
  }
  return edits ? edits.addedValue(lower) : null
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
