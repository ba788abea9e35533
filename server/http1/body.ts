// The body of a message as it arrives (RFC 9112 §6, §7): finds its end, validates chunked framing, and hands
// on pieces of what was read. Nothing is copied and nothing kept; a piece may be cut anywhere.
import { COLON, CR, FIELD_VALUE, HT, LF, SP, TOKEN, hexDigit } from '../head/bytes.ts'
import type { Fields } from '../head/fields.ts'
import type { Framing } from '../head/framing.ts'
import { FRAMING_TRAILERS, TRAILER_BYTES_MAX, isNoTrailer, trailerFields } from './trailers.ts'

/** Takes pieces of a body; `bytes[from..to)` is never empty, and `content` bytes of it are not framing. */
export interface PieceTaker {
  piece(bytes: Buffer, from: number, to: number, content: number): void
}

/** Places in a chunked body (§7.1). */
const SIZE = 0 // first digit of chunk-size
const SIZE_MORE = 1
const EXTENSION = 2
const SIZE_LF = 3
const DATA = 4
const DATA_CR = 5
const DATA_LF = 6
const TRAILER = 7 // first byte of a trailer line, or of the empty line
const TRAILER_NAME = 8
const TRAILER_VALUE = 9
const TRAILER_LF = 10
const END_LF = 11
const SIZE_BLANK = 12 // white space behind a chunk-size: BWS before an extension, or of no meaning

const WANTED: readonly (readonly [places: readonly number[], what: string])[] = [
  [[SIZE, SIZE_MORE, SIZE_LF], 'a chunk size in hexadecimal digits and CR LF'],
  [[SIZE_BLANK, EXTENSION], 'a chunk extension'],
  [[DATA_CR, DATA_LF], 'CR LF at the end of a chunk'],
]

const SIZE_DIGITS_MAX = 13 // 2^52 - 1: exact in a number
/** All extensions of one body: bounded, so that framing cannot be made of megabytes. */
const EXTENSION_BYTES_MAX = 4096

/** `read` returns this when the body breaks its framing. */
export const MALFORMED = -1

export class BodyReader {
  /** No further byte belongs to this body. */
  isDone = true
  /** Bytes of content so far, framing left out. */
  contentBytes = 0
  #framing: Framing = 'none'
  /** Hand on chunk framing too, extensions left out; otherwise content only. */
  #keepsFraming = false
  #left = 0
  /** Content of a body whose framing is handed on that was read, and stands in no piece yet. */
  #untold = 0
  #place = SIZE
  #digits = 0
  #extensionBytes = 0
  #trailerBytes = 0
  #isQuoted = false
  #isEscaped = false
  /** The name of the trailer field being read: not handed on before it is known whether it may be. */
  #name = ''
  /** The trailer field being read is left out. */
  #isDropped = false
  /** Trailer lines that are told apart: those of a body whose framing is not handed on. */
  #lines = ''

  /**
   * Begins a body. `bodyBytes` counts for framing "length". `keepsFraming`: pieces of a chunked body hold its
   * chunk framing.
   */
  begin(framing: Framing, bodyBytes: number, keepsFraming: boolean): void {
    this.isDone = framing === 'none' || (framing === 'length' && bodyBytes === 0)
    this.contentBytes = 0
    this.#framing = framing
    this.#left = framing === 'length' ? bodyBytes : 0
    this.#untold = 0
    this.#keepsFraming = keepsFraming
    this.#place = SIZE
    this.#digits = 0
    this.#extensionBytes = 0
    this.#trailerBytes = 0
    this.#isQuoted = false
    this.#isEscaped = false
    this.#isDropped = false
    this.#lines = ''
  }

  /** From the first byte on: hands on content only, whatever was said at the beginning. */
  contentOnly(): void {
    this.#keepsFraming = false
  }

  /** The trailers of a finished body of which only content was handed on; null: it has none. */
  takeTrailers(): Fields | null {
    return trailerFields(this.#lines)
  }

  /** The body ends with the connection. */
  get isCloseDelimited(): boolean {
    return this.#framing === 'close'
  }

  /** Where its sender may well pause: before a chunk, or anywhere where only the close ends it. */
  get isBetweenPieces(): boolean {
    return this.#framing === 'close' || (this.#framing === 'chunked' && this.#place === SIZE)
  }

  /** How much of a body of known length is to come; Infinity: that is not known. */
  get left(): number {
    return this.#framing === 'length' ? this.#left : Number.POSITIVE_INFINITY
  }

  /** So many bytes of a body of known length came another way, and are in no piece. */
  skip(count: number): void {
    this.#left -= count
    this.contentBytes += count
    this.isDone = this.#left === 0
  }

  /** Reads from `bytes[from..to)`; where this body ends (at most `to`), or MALFORMED. */
  read(bytes: Buffer, from: number, to: number, taker: PieceTaker): number {
    if (this.isDone) return from
    if (this.#framing === 'length') return this.#readLength(bytes, from, to, taker)
    if (this.#framing === 'chunked') return this.#readChunked(bytes, from, to, taker)
    this.contentBytes += to - from
    if (to > from) taker.piece(bytes, from, to, to - from)
    return to
  }

  #readLength(bytes: Buffer, from: number, to: number, taker: PieceTaker): number {
    const end = to - from < this.#left ? to : from + this.#left
    this.skip(end - from)
    if (end > from) taker.piece(bytes, from, end, end - from)
    return end
  }

  /** A state machine over bytes; data is skipped as a whole. What begins at `kept` is not handed on yet. */
  #readChunked(bytes: Buffer, from: number, to: number, taker: PieceTaker): number {
    let i = from
    let kept = this.#isHeldBack ? -1 : from
    let nameAt = -1 // where the trailer line being read begins, if that is in these bytes
    while (i < to) {
      const byte = bytes[i]!
      switch (this.#place) {
        case SIZE:
        case SIZE_MORE: {
          const digit = hexDigit(byte)
          if (digit >= 0) {
            if (++this.#digits > SIZE_DIGITS_MAX) return MALFORMED
            this.#left = this.#left * 16 + digit
            this.#place = SIZE_MORE
          } else if (this.#place === SIZE) return MALFORMED
          else if (byte === CR) this.#place = SIZE_LF
          else if (byte === 59 || byte === SP || byte === HT) {
            // BWS, ";" and chunk-ext (§7.1.1): checked, bounded, not handed on
            if (this.#keepsFraming && i > kept) this.#handOn(taker, bytes, kept, i)
            kept = -1
            this.#place = byte === 59 ? EXTENSION : SIZE_BLANK
          } else return MALFORMED
          i++
          break
        }
        case SIZE_BLANK:
        case EXTENSION:
          if (++this.#extensionBytes > EXTENSION_BYTES_MAX) return MALFORMED
          if (byte === CR && !this.#isQuoted) {
            kept = i
            this.#place = SIZE_LF
          } else if (!this.#isExtensionByte(byte)) return MALFORMED
          i++
          break
        case SIZE_LF:
          if (byte !== LF) return MALFORMED
          i++
          this.#digits = 0
          this.#place = this.#left === 0 ? TRAILER : DATA
          if (!this.#keepsFraming) kept = i
          break
        case DATA: {
          const end = to - i < this.#left ? to : i + this.#left
          this.#left -= end - i
          this.contentBytes += end - i
          if (this.#keepsFraming) this.#untold += end - i
          else taker.piece(bytes, i, end, end - i)
          i = end
          if (this.#left === 0) this.#place = DATA_CR
          break
        }
        case DATA_CR:
          if (byte !== CR) return MALFORMED
          this.#place = DATA_LF
          i++
          break
        case DATA_LF:
          if (byte !== LF) return MALFORMED
          this.#place = SIZE
          i++
          break
        default: {
          const before = this.#place
          if (this.#readTrailer(byte) === MALFORMED) return MALFORMED
          if (before === TRAILER && this.#place === TRAILER_NAME) {
            if (this.#keepsFraming && kept !== -1 && i > kept) this.#handOn(taker, bytes, kept, i)
            kept = -1
            nameAt = i
          } else if (before === TRAILER_NAME && this.#place === TRAILER_VALUE && !this.#isDropped)
            kept = nameAt === -1 ? this.#handOnName(taker, i) : nameAt
          i++
          if (before === TRAILER_LF && this.#isDropped) {
            this.#isDropped = false
            kept = i
          }
          if (this.isDone) {
            if (this.#keepsFraming && kept !== -1) this.#handOn(taker, bytes, kept, i)
            return i
          }
        }
      }
    }
    if (this.#keepsFraming && kept !== -1 && to > kept) this.#handOn(taker, bytes, kept, to)
    return to
  }

  /** A piece that holds chunk framing. */
  #handOn(taker: PieceTaker, bytes: Buffer, from: number, to: number): void {
    const content = this.#untold
    this.#untold = 0
    taker.piece(bytes, from, to, content)
  }

  /** What is read now is not handed on, or not yet. */
  get #isHeldBack(): boolean {
    const place = this.#place
    return this.#isDropped || place === EXTENSION || place === SIZE_BLANK || place === TRAILER_NAME
  }

  /** The name of a trailer field that began in earlier bytes; what follows it begins at `at`. */
  #handOnName(taker: PieceTaker, at: number): number {
    const name = Buffer.from(this.#name, 'latin1')
    if (this.#keepsFraming) this.#handOn(taker, name, 0, name.length)
    return at
  }

  /** chunk-ext-name [ "=" token or quoted-string ], white space only as BWS; no control characters. */
  #isExtensionByte(byte: number): boolean {
    if (this.#place === SIZE_BLANK) {
      if (byte === 59) this.#place = EXTENSION
      return byte === 59 || byte === SP || byte === HT
    }
    if (this.#isEscaped) this.#isEscaped = false
    else if (this.#isQuoted && byte === 92) this.#isEscaped = true
    else if (byte === 34) this.#isQuoted = !this.#isQuoted
    else if (!this.#isQuoted)
      return TOKEN[byte] !== 0 || byte === 61 || byte === 59 || byte === SP || byte === HT
    return FIELD_VALUE[byte] === 1
  }

  /** trailer-section CRLF (§7.1.2): the grammar of header fields; one byte. */
  #readTrailer(byte: number): number {
    if (++this.#trailerBytes > TRAILER_BYTES_MAX) return MALFORMED
    switch (this.#place) {
      case TRAILER:
        if (byte === CR) this.#place = END_LF
        else if (TOKEN[byte] === 0) return MALFORMED
        else {
          this.#name = String.fromCharCode(byte)
          this.#place = TRAILER_NAME
        }
        return 0
      case TRAILER_NAME:
        if (byte === COLON) {
          const name = this.#name.toLowerCase().replaceAll('_', '-')
          if (FRAMING_TRAILERS.has(name)) return MALFORMED
          this.#isDropped = isNoTrailer(name)
          this.#place = TRAILER_VALUE
          if (!this.#isDropped && !this.#keepsFraming) this.#lines += `${this.#name}:`
        } else if (TOKEN[byte] === 0) return MALFORMED
        else this.#name += String.fromCharCode(byte)
        return 0
      case TRAILER_VALUE:
        if (byte === CR) this.#place = TRAILER_LF
        else if (FIELD_VALUE[byte] !== 1) return MALFORMED
        else if (!this.#isDropped && !this.#keepsFraming) this.#lines += String.fromCharCode(byte)
        return 0
      case TRAILER_LF:
        if (byte !== LF) return MALFORMED
        if (!this.#isDropped && !this.#keepsFraming) this.#lines += '\r\n'
        this.#place = TRAILER
        return 0
      default:
        if (byte !== LF) return MALFORMED
        this.isDone = true
        return 0
    }
  }

  /** What was wanted where the body broke its framing. */
  get whyMalformed(): string {
    const wanted = WANTED.find(([places]) => places.includes(this.#place))?.[1] ?? 'a trailer field'
    return `behind ${this.contentBytes} bytes of its chunked body ${wanted} is wanted`
  }
}
