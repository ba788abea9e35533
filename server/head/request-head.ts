// A request's head: scanned once as bytes, kept as it came, turned into text only where somebody asks.
import { METHODS, METHOD_CONNECT, METHOD_OTHER } from '../tables/methods.ts'
import { type Authority, portOf, readAuthority } from './authority.ts'
import { CR, LF, SP, TARGET, TOKEN, latin1 } from './bytes.ts'
import { EditableHead } from './editable-head.ts'
import { FIELD_INTS, SCAN } from './fields.ts'
import { KNOWN } from './known-fields.ts'
import { ASKED } from './known-sections.ts'

export interface HeadLimits {
  readonly headBytes: number
  readonly targetBytes: number
  readonly fields: number
}

/** Why a head was refused. */
export type HeadFault =
  | 'head_malformed'
  | 'head_too_large'
  | 'target_too_long'
  | 'target_invalid'
  | 'host_invalid'
  | 'version_unsupported'

const METHOD_BYTES = METHODS.slice(0, METHOD_OTHER).map((name) => Buffer.from(name))
const METHOD_BYTES_MAX = 32
const METHOD_OPTIONS = METHODS.indexOf('OPTIONS')
const NOWHERE: Authority = { raw: Buffer.alloc(0), host: '' }

export class RequestHead extends EditableHead {
  methodId = METHOD_OTHER
  /** Set for methods outside the table. */
  #methodText = ''
  methodEnd = 0
  /**
   * The target in origin form (or "*"), within the bytes: an absolute form's scheme and authority lie before
   * it.
   */
  targetStart = 0
  targetEnd = 0
  /** Where the path ends: at "?", or at the target's end. */
  pathEnd = 0
  isAbsolute = false
  /** The path has neither escapes nor dot segments: it is its own normal form. */
  plainPath = true
  authority: Authority = NOWHERE
  /** What servers are asked for in place of the target that came, one character a byte; null: of that. */
  rewritten: string | null = null
  #path: string | null = null
  /** What was left of the query; null: all of it. */
  #left: string | null = null

  get method(): string {
    return this.methodId === METHOD_OTHER ? this.#methodText : METHODS[this.methodId]!
  }
  get host(): string {
    return this.authority.host
  }
  /** As received, without the query. */
  get path(): string {
    return (this.#path ??=
      this.targetEnd > this.targetStart
        ? latin1(this.fields.bytes, this.targetStart, this.pathEnd) || '/'
        : this.#emptyPath())
  }
  /** Without its "?"; '' for none. */
  get query(): string {
    if (this.#left !== null) return this.#left
    return this.pathEnd < this.targetEnd ? latin1(this.fields.bytes, this.pathEnd + 1, this.targetEnd) : ''
  }
  /** Something was taken out of the query that nobody behind us is to see: so much is left. */
  leaveQuery(left: string): void {
    this.#left = left
    this.rewritten = left === '' ? this.path : `${this.path}?${left}`
  }
  /** Path and query as received. */
  get target(): string {
    return this.pathEnd < this.targetEnd
      ? this.path + latin1(this.fields.bytes, this.pathEnd, this.targetEnd)
      : this.path
  }
  /** `get('user-agent')`, which is asked of each request that is logged. */
  get userAgent(): string | null {
    const { section, hidden } = this.fields
    if (section === null || this.edits !== null || ((hidden >> KNOWN.userAgent) & 1) === 1)
      return this.get('user-agent')
    if (section.agent === undefined) section.agent = this.get('user-agent')
    return section.agent
  }
  /**
   * An absolute form without a path means "/", for OPTIONS "*" (RFC 9112 §3.2.4); a head that never scanned
   * has none.
   */
  #emptyPath(): string {
    return this.isAbsolute ? (this.method === 'OPTIONS' ? '*' : '/') : ''
  }

  /** All of it has come and was read; not so when it was refused. */
  get isWhole(): boolean {
    return this.headEnd > this.headStart
  }

  /** Whether fields of this lower-case name came with different values. */
  isAmbiguous(lower: string): boolean {
    const values = this.values(lower)
    return values.some((value) => value !== values[0])
  }

  /** One that was refused was read up to its target or to a field. */
  protected override get readEnd(): number {
    const { count, at } = this.fields
    if (this.isWhole) return this.headEnd
    return count > 0 ? at[(count - 1) * FIELD_INTS + 3]! : this.targetEnd
  }

  protected override moved(by: number): void {
    super.moved(by)
    this.methodEnd -= by
    this.targetStart -= by
    this.targetEnd -= by
    this.pathEnd -= by
  }

  /**
   * Scans a request head that begins at `from`; the place after it, SCAN.incomplete, or why it is refused
   * (RFC 9112 §2.2, §3, §5). May be called again with more bytes: nothing is kept in between.
   */
  scan(bytes: Buffer, from: number, to: number, limits: HeadLimits): number | HeadFault {
    this.#forget(bytes, from)
    const fits = to - from <= limits.headBytes
    // 1. request-line = method SP request-target SP HTTP-version CRLF (§3)
    const stop = fits ? to : from + limits.headBytes // what lies beyond has no say in why it is refused
    const lineEnd = this.#scanLine(bytes, from, stop, limits)
    if (typeof lineEnd === 'string') return lineEnd
    if (lineEnd === SCAN.incomplete) return fits ? SCAN.incomplete : 'head_too_large'
    // 2. field lines up to the empty line (§5)
    const end = this.fields.scanAgain(ASKED, bytes, lineEnd, stop, limits.fields)
    if (end === SCAN.malformed) return 'head_malformed'
    if (end === SCAN.tooMany) return 'head_too_large'
    if (end === SCAN.incomplete) return fits ? SCAN.incomplete : 'head_too_large'
    this.headEnd = end
    // 3. exactly one valid Host; an absolute form's authority replaces it (§3.2, §3.2.2)
    return this.#readHost(bytes) ? end : 'host_invalid'
  }

  /**
   * A head that is refused is answered and logged as what it is, not as the one before it on its connection.
   */
  #forget(bytes: Buffer, from: number): void {
    this.fields.bytes = bytes
    this.fields.section = null
    this.fields.count = 0
    this.fields.seen = 0
    this.fields.hidden = 0
    this.headStart = from
    this.headEnd = from
    this.version = 11
    this.methodId = METHOD_OTHER
    this.#methodText = ''
    this.targetStart = from
    this.targetEnd = from
    this.pathEnd = from
    this.isAbsolute = false
    this.authority = NOWHERE
    this.rewritten = null
    this.#left = null
    this.#path = null
  }

  #scanLine(bytes: Buffer, from: number, to: number, limits: HeadLimits): number | HeadFault {
    let i = from
    while (i < to && TOKEN[bytes[i]!] !== 0) i++
    if (i - from > METHOD_BYTES_MAX) return 'head_malformed'
    if (i >= to) return SCAN.incomplete
    if (i === from || bytes[i] !== SP) return 'head_malformed'
    this.methodEnd = i
    this.#readMethod(bytes, from, i)
    const targetStart = ++i
    let marks = 0
    let previous = 0
    let question = -1
    this.plainPath = true
    while (i < to) {
      const kind = TARGET[bytes[i]!]!
      if (kind === 0) break
      if (question === -1) {
        if (kind === 17) question = i
        else if ((kind & 2) !== 0 || ((kind & 4) !== 0 && previous === 9)) this.plainPath = false
      }
      marks |= kind
      previous = kind
      i++
    }
    if (i - targetStart > limits.targetBytes) return 'target_too_long'
    if (i >= to) return SCAN.incomplete
    if (bytes[i] !== SP) return bytes[i] === CR || bytes[i] === LF ? 'head_malformed' : 'target_invalid'
    this.targetStart = targetStart
    this.targetEnd = i
    this.pathEnd = question === -1 ? i : question
    const version = this.#scanVersion(bytes, i + 1, to)
    if (typeof version === 'string' || version < 0) return version
    return this.#readTarget(bytes) ? version : 'target_invalid'
  }

  #readMethod(bytes: Buffer, start: number, end: number): void {
    for (let m = 0; m < METHOD_BYTES.length; m++) {
      const name = METHOD_BYTES[m]!
      if (name.length !== end - start) continue
      let i = 0
      while (i < name.length && bytes[start + i] === name[i]) i++
      if (i === name.length) {
        this.methodId = m
        return
      }
    }
    this.#methodText = latin1(bytes, start, end)
  }

  /** HTTP-version CRLF; only HTTP/1.0 and HTTP/1.1 are spoken here (§2.3). */
  #scanVersion(bytes: Buffer, start: number, to: number): number | HeadFault {
    const end = start + 8
    if (end + 2 > to) {
      // Not all there yet; but what is there must not be wrong already.
      for (let i = start; i < to && i < end; i++)
        if (!isVersionByte(bytes[i]!, i - start)) return 'head_malformed'
      return end + 1 > to || bytes[end] === CR ? SCAN.incomplete : 'head_malformed'
    }
    for (let i = 0; i < 8; i++) if (!isVersionByte(bytes[start + i]!, i)) return 'head_malformed'
    if (bytes[end] !== CR || bytes[end + 1] !== LF) return 'head_malformed'
    const minor = bytes[start + 7]! - 48
    if (bytes[start + 5] !== 49 || minor > 1) return 'version_unsupported'
    this.version = minor === 1 ? 11 : 10
    return end + 2
  }

  /** origin-form, absolute-form, "*" for OPTIONS, "host:port" for CONNECT (§3.2). */
  #readTarget(bytes: Buffer): boolean {
    const start = this.targetStart
    if (this.methodId === METHOD_CONNECT) {
      const authority = readAuthority(bytes, start, this.targetEnd)
      return authority !== null && portOf(authority) > 0
    }
    if (bytes[start] === 47) return true // "/"
    if (bytes[start] === 42) return this.targetEnd === start + 1 && this.methodId === METHOD_OPTIONS // "*"
    return this.#readAbsolute(bytes, start)
  }

  #readAbsolute(bytes: Buffer, start: number): boolean {
    const scheme = latin1(bytes, start, Math.min(start + 8, this.targetEnd)).toLowerCase()
    const skip = scheme.startsWith('http://') ? 7 : scheme === 'https://' ? 8 : 0
    if (skip === 0) return false
    let end = start + skip
    while (end < this.targetEnd && bytes[end] !== 47 && bytes[end] !== 63) end++
    const authority = readAuthority(bytes, start + skip, end)
    if (!authority || authority.host === '') return false
    this.authority = authority
    this.isAbsolute = true
    this.targetStart = end
    return true
  }

  #readHost(bytes: Buffer): boolean {
    const { fields } = this
    const field = fields.find(KNOWN.host)
    if (field === -1) return this.version === 10
    for (let f = field + 1; f < fields.count; f++)
      if (fields.at[f * FIELD_INTS + 4] === KNOWN.host) return false
    const authority = readAuthority(
      bytes,
      fields.at[field * FIELD_INTS + 2]!,
      fields.at[field * FIELD_INTS + 3]!,
    )
    if (!authority) return false
    if (!this.isAbsolute) this.authority = authority
    return true
  }
}

const HTTP_SLASH = Buffer.from('HTTP/')

function isVersionByte(byte: number, place: number): boolean {
  if (place < 5) return byte === HTTP_SLASH[place]
  if (place === 6) return byte === 46
  return byte >= 48 && byte <= 57
}

/** Whether `bytes[from..to)` has an empty line in any spelling: then it is time to scan (again). */
export function mayEnd(bytes: Buffer, from: number, to: number): boolean {
  for (let i = bytes.indexOf(LF, from); i !== -1 && i < to; i = bytes.indexOf(LF, i + 1)) {
    const next = bytes[i + 1]
    if (i + 1 < to && (next === LF || (next === CR && i + 2 < to && bytes[i + 2] === LF))) return true
  }
  return false
}
