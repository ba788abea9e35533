// Ids of requests, for X-Request-Id, the log, and answers of ours: 16 hexadecimal digits of this process, and
// 8 that count.
const PREFIX_DIGITS = 16
const DIGITS = PREFIX_DIGITS + 8
const HEX = Buffer.from('0123456789abcdef')

export class RequestIds {
  readonly #bytes = Buffer.from(crypto.randomUUID().replaceAll('-', '').slice(0, DIGITS))
  #count = 0

  /** Made of bytes, as a string that is joined would be copied once more by whoever reads it. */
  next(): string {
    const bytes = this.#bytes
    let rest = (this.#count = (this.#count + 1) >>> 0)
    for (let at = DIGITS - 1; at >= PREFIX_DIGITS; at--) {
      bytes[at] = HEX[rest & 15] as number
      rest >>>= 4
    }
    return bytes.latin1Slice(0, DIGITS)
  }
}
