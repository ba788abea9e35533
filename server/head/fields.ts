// The header section of a request or an answer: where each field lies in the bytes, found and validated in
// one pass (RFC 9112 §5). No field becomes a string before somebody asks for it.
import {
  COLON,
  CR,
  FIELD_VALUE,
  LF,
  TOKEN,
  countOf,
  equalsFolded,
  latin1,
  skipSpace,
  trimSpace,
} from './bytes.ts'
import { giveCopy, takeCopy } from './kept-bytes.ts'
import { KNOWN, knownField, underscoreField } from './known-fields.ts'
import type { KnownSections, Section } from './known-sections.ts'
import { holdsSignIn } from './sign-in-cookies.ts'

/**
 * Ints of a field in `at`: name start, name end, value start, value end (both trimmed), number (KNOWN). A
 * line ends where the next begins.
 */
export const FIELD_INTS = 5

/** Results of a scan that are no position: all are below zero. */
export const SCAN = { incomplete: -1, malformed: -2, tooLarge: -3, tooMany: -4 } as const

const EMPTY_LINE_BYTES = 2
const FIELDS_AT_FIRST = 32
const freeTables: Int32Array[] = []
const FREE_TABLES_MAX = 1024

/** A field table is lent to a head for the time of its exchange, so that idle connections hold none. */
export function takeTable(): Int32Array {
  return freeTables.pop() ?? new Int32Array(FIELDS_AT_FIRST * FIELD_INTS)
}

export function giveTable(table: Int32Array): void {
  if (table.length === FIELDS_AT_FIRST * FIELD_INTS && freeTables.length < FREE_TABLES_MAX)
    freeTables.push(table)
}

const NO_BYTES = Buffer.alloc(0)
const NO_TABLE = new Int32Array(0)

/** Field lines of one head. */
export class Fields {
  bytes: Buffer = NO_BYTES
  at: Int32Array = NO_TABLE
  count = 0
  /** Bit `id` (of KNOWN, below 31) is set when such a field is there. */
  seen = 0
  /**
   * Bits of fields that nobody may look at, as who sent them is not believed: they read as if they had not
   * come.
   */
  hidden = 0
  /** Where the first field line begins, and where the empty line after the last does. */
  start = 0
  end = 0
  /** Memory of its own, lent for the time of an exchange; null: the bytes lie where they were read. */
  #copy: Buffer | null = null
  /** It came before; null: it did not, or nobody knows. */
  section: Section | null = null
  /** Where the section that came last may be known; nobody's memory is held by it. */
  #slot = 0

  /** Moves `bytes[from..to)`, in which the fields lie, to the start of memory of its own. */
  detach(from: number, to: number): void {
    const copy = takeCopy(this.bytes, from, to)
    if (this.#copy !== null) giveCopy(this.#copy)
    this.bytes = this.#copy = copy
    if (from === 0) return
    const { at, count } = this
    for (let f = 0; f < count; f++) for (let k = 0; k < 4; k++) at[f * FIELD_INTS + k]! -= from
    this.start -= from
    this.end -= from
  }

  release(): void {
    if (this.at !== NO_TABLE) giveTable(this.at)
    if (this.#copy !== null) giveCopy(this.#copy)
    this.#copy = null
    this.at = NO_TABLE
    this.bytes = NO_BYTES
    this.section = null
    this.count = 0
    this.seen = 0
    this.hidden = 0
  }

  has(id: number): boolean {
    return (this.seen & (1 << id)) !== 0
  }

  /** Place of the first field with this number; -1 for none. */
  find(id: number): number {
    if (!this.has(id)) return -1
    for (let f = 0; f < this.count; f++) if (this.at[f * FIELD_INTS + 4] === id) return f
    return -1
  }

  value(field: number): string {
    return latin1(this.bytes, this.at[field * FIELD_INTS + 2]!, this.at[field * FIELD_INTS + 3]!)
  }

  name(field: number): string {
    return latin1(this.bytes, this.at[field * FIELD_INTS]!, this.at[field * FIELD_INTS + 1]!)
  }

  /** Bytes of its name and its value. */
  size(field: number): number {
    const i = field * FIELD_INTS
    return this.at[i + 1]! - this.at[i]! + this.at[i + 3]! - this.at[i + 2]!
  }

  /** How often a byte is in its value; -1: that is empty. */
  countIn(field: number, byte: number): number {
    const [from, to] = [this.at[field * FIELD_INTS + 2]!, this.at[field * FIELD_INTS + 3]!]
    return to > from ? countOf(this.bytes, byte, from, to) : -1
  }

  /** Whether `field` has this name and may be looked at. */
  isNamed(field: number, lower: Uint8Array): boolean {
    if (((this.hidden >> this.at[field * FIELD_INTS + 4]!) & 1) === 1) return false
    return equalsFolded(this.bytes, this.at[field * FIELD_INTS]!, this.at[field * FIELD_INTS + 1]!, lower)
  }

  /** Where the line of `field` ends, its CRLF included. */
  lineEnd(field: number): number {
    return field + 1 < this.count ? this.at[(field + 1) * FIELD_INTS]! : this.end
  }

  #grow(): void {
    const larger = new Int32Array(this.at.length * 2)
    larger.set(this.at)
    giveTable(this.at)
    this.at = larger
  }

  /** The same as `scan`, where these very bytes may well have come before. */
  scanAgain(known: KnownSections, bytes: Buffer, from: number, to: number, fieldsMax: number): number {
    const section = known.recall(this.#slot, bytes, from, to)
    if (section !== null && section.count <= fieldsMax) return this.#take(section, bytes, from)
    const end = this.scan(bytes, from, to, fieldsMax)
    if (end > 0) this.#slot = known.remember(bytes, from, end, this)
    return end
  }

  /** Becomes the same as another, which lies in the same bytes. */
  like(other: Fields): void {
    const { at: from, count } = other
    this.bytes = other.bytes
    this.section = null
    this.count = count
    this.seen = other.seen
    this.hidden = 0
    this.start = other.start
    this.end = other.end
    if (this.at === NO_TABLE) this.at = takeTable()
    while (this.at.length < count * FIELD_INTS) this.#grow()
    const own = this.at
    for (let place = 0; place < count * FIELD_INTS; place++) own[place] = from[place]!
  }

  #take(section: Section, bytes: Buffer, from: number): number {
    const { at, count } = section
    const end = from + section.bytes.length
    const shift = from - section.from
    this.bytes = bytes
    this.section = section
    this.count = count
    this.seen = section.seen
    this.hidden = 0
    this.start = from
    this.end = end - EMPTY_LINE_BYTES
    if (this.at === NO_TABLE) this.at = takeTable()
    while (this.at.length < count * FIELD_INTS) this.#grow()
    const own = this.at
    for (let place = 0; place < count * FIELD_INTS; place += FIELD_INTS) {
      own[place] = at[place]! + shift
      own[place + 1] = at[place + 1]! + shift
      own[place + 2] = at[place + 2]! + shift
      own[place + 3] = at[place + 3]! + shift
      own[place + 4] = at[place + 4]!
    }
    return end
  }

  /**
   * Scans field lines from `from` to the empty line that ends them; the place after it, or one of SCAN. `to`
   * is the end of what has arrived. What is refused: a name that is no token, white space before the colon, a
   * line without colon, obs-fold, CR or LF on its own, control characters (RFC 9112 §2.2, §5).
   */
  scan(bytes: Buffer, from: number, to: number, fieldsMax: number): number {
    this.bytes = bytes
    this.section = null
    this.count = 0
    this.seen = 0
    this.hidden = 0
    this.start = from
    if (this.at === NO_TABLE) this.at = takeTable()
    let i = from
    for (;;) {
      if (i >= to) return SCAN.incomplete
      // 1. An empty line ends the section.
      if (bytes[i] === CR) {
        if (i + 1 >= to) return SCAN.incomplete
        if (bytes[i + 1] !== LF) return SCAN.malformed
        this.end = i
        return i + 2
      }
      // 2. field-name ":" with nothing between them (§5.1).
      const nameStart = i
      let marks = 0
      while (i < to) {
        const kind = TOKEN[bytes[i]!]!
        if (kind === 0) break
        marks |= kind
        i++
      }
      if (i >= to) return SCAN.incomplete
      const nameEnd = i
      if (nameEnd === nameStart || bytes[i] !== COLON) return SCAN.malformed
      i++
      // 3. field-value up to CRLF, trimmed (§5.2 obs-fold shows as a line that begins with white space: no
      //   token).
      const valueStart = i
      while (i < to && FIELD_VALUE[bytes[i]!] === 1) i++
      if (i >= to) return SCAN.incomplete
      if (bytes[i] !== CR) return SCAN.malformed
      if (i + 1 >= to) return SCAN.incomplete
      if (bytes[i + 1] !== LF) return SCAN.malformed
      if (this.count >= fieldsMax) return SCAN.tooMany
      this.#add(nameStart, nameEnd, valueStart, i, (marks & 2) !== 0)
      i += 2
    }
  }

  #add(
    nameStart: number,
    nameEnd: number,
    valueStart: number,
    valueEnd: number,
    hasUnderscore: boolean,
  ): void {
    const place = this.count * FIELD_INTS
    if (place + FIELD_INTS > this.at.length) this.#grow()
    const { at, bytes } = this
    const named = hasUnderscore
      ? underscoreField(bytes, nameStart, nameEnd)
      : knownField(bytes, nameStart, nameEnd)
    at[place] = nameStart
    at[place + 1] = nameEnd
    const start = skipSpace(bytes, valueStart, valueEnd)
    at[place + 2] = start
    const end = trimSpace(bytes, start, valueEnd)
    at[place + 3] = end
    const id = named === KNOWN.cookie && !holdsSignIn(bytes, start, end) ? KNOWN.other : named
    at[place + 4] = id
    this.seen |= 1 << id
    this.count++
  }
}
