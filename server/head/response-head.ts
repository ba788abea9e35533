// The head of an answer, a server's or our own: scanned once as bytes, kept as it came.
import { CR, FIELD_VALUE, LF, SP } from './bytes.ts'
import { type Tolerance, canonicalHead } from './canonical.ts'
import { EditableHead } from './editable-head.ts'
import { SCAN } from './fields.ts'
import { ANSWERED } from './known-sections.ts'

export interface AnswerLimits {
  readonly headBytes: number
  readonly fields: number
  /** What is mended rather than refused; nothing where it is left out. */
  readonly tolerance?: Tolerance
}

/** Of a server's answers, by what is mended in them. */
export const ANSWER_LIMITS: Readonly<Record<Tolerance, AnswerLimits>> = {
  exact: { headBytes: 64 * 1024, fields: 500, tolerance: 'exact' },
  strict: { headBytes: 64 * 1024, fields: 500, tolerance: 'strict' },
  lenient: { headBytes: 64 * 1024, fields: 500, tolerance: 'lenient' },
}

export type AnswerFault = 'server_malformed' | 'server_head_too_large'

export class ResponseHead extends EditableHead {
  status = 0
  /** Where the status line's part after the version begins, and where the line ends (before CRLF). */
  statusStart = 0
  lineEnd = 0
  /** The line scanned last begins as a status line does, up to its three digits. */
  #isStatusSaid = false

  protected override moved(by: number): void {
    super.moved(by)
    this.statusStart -= by
    this.lineEnd -= by
  }

  /** A head that is the same as this one, for changes of its own. */
  another(): ResponseHead {
    const other = takeHead()
    other.fields.like(this.fields)
    other.edits = null
    other.version = this.version
    other.status = this.status
    other.statusStart = this.statusStart
    other.lineEnd = this.lineEnd
    other.headStart = this.headStart
    other.headEnd = this.headEnd
    return other
  }

  /**
   * Scans an answer's head at `from`; the place after it, SCAN.incomplete, or why it is refused (RFC 9112 §4,
   * §5).
   */
  scan(bytes: Buffer, from: number, to: number, limits: AnswerLimits): number | AnswerFault {
    const end = this.#scanStrictly(bytes, from, to, limits)
    return end === 'server_malformed' ? this.#scanMended(bytes, from, to, limits) : end
  }

  /** One that can be mended is read in its canonical form; it lies in bytes of its own then. */
  #scanMended(bytes: Buffer, from: number, to: number, limits: AnswerLimits): number | AnswerFault {
    const stop = Math.min(to, from + limits.headBytes)
    const line = this.#scanLine(bytes, from, stop)
    // A status line that is none shows at once; one that only ends in LF may be mended.
    if (line === SCAN.malformed && (limits.tolerance !== 'lenient' || !this.#isStatusSaid))
      return 'server_malformed'
    const mended = canonicalHead(bytes, from, stop, limits.tolerance ?? 'exact')
    if (mended === null) return 'server_malformed'
    if (mended === 'incomplete')
      return to - from > limits.headBytes ? 'server_head_too_large' : SCAN.incomplete
    const end = this.#scanStrictly(mended.bytes, 0, mended.bytes.length, limits)
    return typeof end === 'string' ? end : mended.end
  }

  /**
   * The head, which frames its body in no single way, with equal lengths made one; whether that changed
   * anything.
   */
  mendLengths(limits: AnswerLimits): boolean {
    if (limits.tolerance !== 'lenient') return false
    const mended = canonicalHead(this.fields.bytes, this.headStart, this.headEnd, 'lenient')
    if (mended === null || mended === 'incomplete') return false
    return typeof this.#scanStrictly(mended.bytes, 0, mended.bytes.length, limits) === 'number'
  }

  #scanStrictly(bytes: Buffer, from: number, to: number, limits: AnswerLimits): number | AnswerFault {
    this.headStart = from
    const fits = to - from <= limits.headBytes
    // 1. status-line = HTTP-version SP status-code SP [reason-phrase] CRLF (§4)
    const stop = fits ? to : from + limits.headBytes // what lies beyond has no say in why it is refused
    const line = this.#scanLine(bytes, from, stop)
    if (line === SCAN.malformed) return 'server_malformed'
    if (line === SCAN.incomplete) return fits ? SCAN.incomplete : 'server_head_too_large'
    // 2. field lines (§5)
    const end = this.fields.scanAgain(ANSWERED, bytes, line, stop, limits.fields)
    if (end === SCAN.malformed) return 'server_malformed'
    if (end === SCAN.tooMany) return 'server_head_too_large'
    if (end === SCAN.incomplete) return fits ? SCAN.incomplete : 'server_head_too_large'
    this.headEnd = end
    return end
  }

  /**
   * Nothing more comes of a head: what is wrong with the part that is here, however it was cut; null:
   * nothing.
   */
  faultOfPart(bytes: Buffer | null, limits: AnswerLimits): AnswerFault | null {
    const end = bytes === null ? SCAN.incomplete : this.scan(bytes, 0, bytes.length, limits)
    return typeof end === 'string' ? end : null
  }

  #scanLine(bytes: Buffer, from: number, to: number): number {
    this.#isStatusSaid = false
    for (let i = from; i < to && i < from + 7; i++) if (bytes[i] !== VERSION[i - from]) return SCAN.malformed
    if (to - from < 13) return to > from + 9 && bytes[from + 8] !== SP ? SCAN.malformed : SCAN.incomplete
    const minor = bytes[from + 7]! - 48
    const hundreds = bytes[from + 9]! - 48
    const tens = bytes[from + 10]! - 48
    const ones = bytes[from + 11]! - 48
    if ((minor !== 0 && minor !== 1) || bytes[from + 8] !== SP) return SCAN.malformed
    if (hundreds < 1 || hundreds > 9 || tens < 0 || tens > 9 || ones < 0 || ones > 9) return SCAN.malformed
    this.#isStatusSaid = true
    this.version = minor === 1 ? 11 : 10
    this.status = hundreds * 100 + tens * 10 + ones
    this.statusStart = from + 8
    // The space before an absent reason is required (§4), yet servers without it frame nothing differently.
    let i = from + 12
    if (bytes[i] !== SP && bytes[i] !== CR) return SCAN.malformed
    while (i < to && FIELD_VALUE[bytes[i]!] === 1) i++
    if (i + 1 >= to) return i < to && bytes[i] !== CR ? SCAN.malformed : SCAN.incomplete
    if (bytes[i] !== CR || bytes[i + 1] !== LF) return SCAN.malformed
    this.lineEnd = i
    return i + 2
  }
}

const VERSION = Buffer.from('HTTP/1.')

/** Heads for answers to come: who is told of an answer owns its head, and gives it back at its end. */
const free: ResponseHead[] = []
const FREE_MAX = 1024

/** A head to be read. */
export const takeHead = (): ResponseHead => free.pop() ?? new ResponseHead()

/** Nobody looks at this head any more. */
export function giveHead(head: ResponseHead): void {
  head.release()
  if (free.length < FREE_MAX) free.push(head)
}
