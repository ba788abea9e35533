// Header sections that have come before. Who asks again and again says the same of itself each time, and who
// answers the same thing does so too, but for a Date that changes once a second: such a section is compared,
// which costs a fifth of scanning it, and what was found in it then is known.
import { filled } from '../lib/filled.ts'
import { LF } from './bytes.ts'

/** What a scan of these very bytes finds. */
export interface Section {
  /** Up to the end of the empty line. */
  readonly bytes: Buffer
  /** The table of its fields, and where it began when they were found. */
  readonly at: Int32Array
  readonly from: number
  readonly count: number
  readonly seen: number
  /** Its User-Agent as text, for those who log each request; undefined: nobody has asked yet. */
  agent: string | null | undefined
}

const SLOTS = 64
const BYTES_MAX = 2048
/** So much of a section tells it from most others. */
const MARK_EVERY = 16

export class KnownSections {
  readonly #sections = filled<Section | null>(SLOTS, null)
  /** Of the section that came last for each place: it is kept when it comes again. */
  readonly #marks = new Int32Array(SLOTS)

  /** The section at this place, if these are its bytes; null: they are to be scanned. */
  recall(slot: number, bytes: Buffer, from: number, to: number): Section | null {
    const section = this.#sections[slot]
    if (!section) return null
    const { length } = section.bytes
    const end = from + length
    if (end > to || bytes[end - 1] !== LF || bytes[from] !== section.bytes[0]) return null
    return bytes.compare(section.bytes, 0, length, from, end) === 0 ? section : null
  }

  /** The place of `bytes[from..end)`, a section that was just scanned. It is kept if it came before. */
  remember(bytes: Buffer, from: number, end: number, found: Pick<Section, 'at' | 'count' | 'seen'>): number {
    let mark = end - from
    for (let i = from; i < end; i += MARK_EVERY) mark = (Math.imul(mark, 31) + bytes[i]!) | 0
    const slot = (mark ^ (mark >>> 16)) & (SLOTS - 1)
    if (this.#marks[slot] !== mark) this.#marks[slot] = mark
    else if (end - from <= BYTES_MAX && this.recall(slot, bytes, from, end) === null) {
      const { at, count, seen } = found
      this.#sections[slot] = {
        bytes: Buffer.from(bytes.subarray(from, end)),
        at: at.slice(),
        from,
        count,
        seen,
        agent: undefined,
      }
    }
    return slot
  }
}

/** Of requests. */
export const ASKED = new KnownSections()
/** Of answers, which for as long as a second have the same Date. */
export const ANSWERED = new KnownSections()
