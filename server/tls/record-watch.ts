// Looks at the records that a server sends, from outside: whether the last of them says that it sends no
// more (close_notify). TLS itself tells the end of a connection alike whether it was said or cut off, and an
// answer that ends with its connection is whole only where it was said (RFC 8446 §6.1, RFC 9112 §8).
const ALERT = 0x15
const APPLICATION_DATA = 0x17
const HEAD_BYTES = 5
/** An alert as TLS 1.3 encrypts it: its two bytes, its type, 16 bytes of the seal. */
const SEALED_ALERT_BYTES = 19
/** What sealing adds at least, the type of what is inside included. */
const SEAL_BYTES = 17

export class RecordWatch {
  /** Also alerts look like data (TLS 1.3). */
  isSealed = false
  /** What is still to come of the record under way. */
  #left = 0
  readonly #head = new Uint8Array(HEAD_BYTES)
  /** So many bytes of a head have come; as long as it is not whole. */
  #headBytes = 0
  /** The latest record that is whole. */
  #type = 0
  #length = 0
  /** What came at last: the most that its records before the latest can have brought, and what it brought. */
  #before = 0
  #brought = 0

  /** These bytes have come; what they bring decrypted is told behind that. */
  came(bytes: Uint8Array): void {
    this.#before = this.#brought = 0
    let isFirst = true
    for (let at = 0; at < bytes.length;) {
      if (this.#left === 0) {
        this.#head[this.#headBytes++] = bytes[at++] as number
        if (this.#headBytes === HEAD_BYTES) this.#begin()
        continue
      }
      const part = Math.min(this.#left, bytes.length - at)
      this.#left -= part
      at += part
      if (this.#left > 0) return
      if (!isFirst) this.#before += Math.max(0, this.#length - SEAL_BYTES)
      isFirst = false
      this.#headBytes = 0
      this.#type = this.#head[0] as number
      this.#length = this.#lengthOfHead
    }
  }

  /** So many bytes of data came of it. */
  brought(count: number): void {
    this.#brought += count
  }

  /** What came was not looked at for a while, and ended with a record. */
  skipped(): void {
    this.#left = this.#headBytes = this.#type = 0
  }

  /** The last thing that was said is that no more comes. */
  get hasSaidEnd(): boolean {
    if (this.#left > 0 || this.#headBytes > 0) return false
    if (!this.isSealed) return this.#type === ALERT
    // A record of two bytes of data is as long: but then these have been told.
    const isLong = this.#type === APPLICATION_DATA && this.#length === SEALED_ALERT_BYTES
    return isLong && this.#brought <= this.#before
  }

  get #lengthOfHead(): number {
    return (((this.#head[3] as number) << 8) | (this.#head[4] as number)) >>> 0
  }

  #begin(): void {
    this.#left = this.#lengthOfHead
    // TLS knows no empty record; one would be the end of what we can follow.
    if (this.#left === 0) this.#headBytes = 0
  }
}
