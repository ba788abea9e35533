// Memory of heads that outlive the event which brought them, as what they were read from is read into again.
// It is used again once a head is done with, so that an exchange leaves no garbage for it: nobody but the
// head may keep it, and what is written of it is copied (`writeSmall`).

/** Most heads are smaller. Those that are not have memory of their own size. */
const USUAL_BYTES = 2048
const FREE_MAX = 1024
const free: Buffer[] = []

/** A copy of `bytes[from..to)`, perhaps with more behind it. */
export function takeCopy(bytes: Buffer, from: number, to: number): Buffer {
  const length = to - from
  const copy =
    length <= USUAL_BYTES
      ? (free.pop() ?? Buffer.allocUnsafeSlow(USUAL_BYTES))
      : Buffer.allocUnsafeSlow(length)
  bytes.copy(copy, 0, from, to)
  return copy
}

/** Nobody looks at this copy any more. */
export function giveCopy(copy: Buffer): void {
  if (copy.length === USUAL_BYTES && free.length < FREE_MAX) free.push(copy)
}
