// Text that arrives in pieces, cut into lines.

const NEWLINE = 10

/** Keeps what has no end yet, however many pieces that takes; copies what it keeps. */
export class LineCutter {
  readonly #decoder = new TextDecoder()
  #pieces: Uint8Array[] = []
  /** Bytes of a line that has no end yet. */
  waitingBytes = 0

  /** The lines that end in these bytes, without their ends. */
  take(bytes: Uint8Array): string[] {
    const lines: string[] = []
    let from = 0
    for (let end = bytes.indexOf(NEWLINE); end >= 0; end = bytes.indexOf(NEWLINE, from)) {
      lines.push(this.#finish(bytes.subarray(from, end)))
      from = end + 1
    }
    if (from < bytes.length) this.#pieces.push(bytes.slice(from))
    this.waitingBytes += bytes.length - from
    return lines
  }

  #finish(last: Uint8Array): string {
    if (this.#pieces.length === 0) return this.#decoder.decode(last)
    const whole = Buffer.concat([...this.#pieces, last])
    this.#pieces = []
    this.waitingBytes = 0
    return this.#decoder.decode(whole)
  }
}
