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
/** An alert, where it is told from data. */
const ALERT_BYTES = 2
/** The shortest message that is no data, and no alert: a KeyUpdate (RFC 8446 §4.6.3). */
const NO_DATA_BYTES_MIN = 5
/** Of more records that came at once nobody asks which of them were no data: there are few such, at first. */
const EARLIER_MAX = 12

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
  /** What those of them can have brought that may be no data. */
  readonly #earlier: number[] = []

  /** These bytes have come; what they bring decrypted is told behind that. */
  came(bytes: Uint8Array): void {
    this.#before = this.#brought = this.#earlier.length = 0
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
      if (!isFirst) this.#passed(Math.max(0, this.#length - SEAL_BYTES))
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
    return isLong && this.#brought <= this.#before && !this.#mayBeData
  }

  /**
   * Whether the last record may have brought two bytes: then some before it brought nothing, as the tickets
   * of TLS 1.3 do. Where it may as well be the alert, an answer counts as cut off rather than as whole.
   */
  get #mayBeData(): boolean {
    const missing = this.#before - this.#brought
    return missing > 0 && isSumOfSome(missing + ALERT_BYTES, this.#earlier)
  }

  #passed(bytes: number): void {
    this.#before += bytes
    if (bytes >= NO_DATA_BYTES_MIN && this.#earlier.length < EARLIER_MAX) this.#earlier.push(bytes)
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

function isSumOfSome(sum: number, parts: readonly number[]): boolean {
  const sums = new Set([0])
  for (const part of parts) for (const one of [...sums]) sums.add(one + part)
  return sums.has(sum)
}
