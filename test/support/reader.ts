// Bytes as they come in from a socket, read by straight code that waits for what it needs.

/** How the other side ended: by FIN, by RST, or by closing both at once. */
export type Ending = 'fin' | 'rst'

export class ByteReader {
  ending: Ending | null = null
  /** All bytes ever pushed. */
  total = 0
  #parts: Buffer[] = []
  #length = 0
  #wake: (() => void) | null = null

  push(bytes: Uint8Array): void {
    this.#parts.push(Buffer.from(bytes))
    this.#length += bytes.length
    this.total += bytes.length
    this.#wakeUp()
  }

  end(ending: Ending): void {
    // An RST after the FIN is still worth knowing.
    if (this.ending === null || ending === 'rst') this.ending = ending
    this.#wakeUp()
  }

  /** Bytes that arrived and were not read. */
  get buffered(): number {
    return this.#length
  }

  /** What is buffered, as latin1, without reading it. */
  peek(): string {
    return this.#whole().toString('latin1')
  }

  /** Through the first `delimiter`; what there was, when the other side ended before. */
  async through(delimiter: string, most = Infinity): Promise<string> {
    let searched = 0
    for (;;) {
      const whole = this.#whole()
      const at = whole.indexOf(delimiter, Math.max(0, searched - delimiter.length), 'latin1')
      if (at >= 0) return this.#cut(at + delimiter.length).toString('latin1')
      if (this.ending !== null || whole.length > most) return this.#cut(whole.length).toString('latin1')
      searched = whole.length
      await this.more()
    }
  }

  /** Up to `most` bytes, at least one; none when the other side ended. */
  async some(most: number): Promise<Buffer> {
    while (this.#length === 0 && this.ending === null) await this.more()
    const first = this.#parts[0]
    if (first === undefined) return Buffer.alloc(0)
    if (first.length > most) {
      this.#parts[0] = first.subarray(most)
      this.#length -= most
      return first.subarray(0, most)
    }
    this.#parts.shift()
    this.#length -= first.length
    return first
  }

  /** Exactly `count` bytes; fewer when the other side ended before. */
  async exactly(count: number): Promise<Buffer> {
    while (this.#length < count && this.ending === null) await this.more()
    return this.#cut(Math.min(count, this.#length))
  }

  #whole(): Buffer {
    if (this.#parts.length > 1) this.#parts = [Buffer.concat(this.#parts)]
    return this.#parts[0] ?? Buffer.alloc(0)
  }

  #cut(count: number): Buffer {
    const whole = this.#whole()
    this.#parts = count < whole.length ? [whole.subarray(count)] : []
    this.#length -= count
    return whole.subarray(0, count)
  }

  /** Resolves when bytes came or the other side ended. */
  more(): Promise<void> {
    const { promise, resolve } = Promise.withResolvers<void>()
    const before = this.#wake
    this.#wake = () => {
      before?.()
      resolve()
    }
    return promise
  }

  #wakeUp(): void {
    const wake = this.#wake
    this.#wake = null
    wake?.()
  }
}
