// A body read as it comes, within its size, and no slower than a line that is of any use: whoever sends a
// byte now and then would keep a connection, and its place, for as long as they like.

export interface Pace {
  /** Every body may take so long. */
  readonly graceMs: number
  /** What has come buys more time. */
  readonly bytesPerMs: number
}

/** 20 s, and one more for each 8 KiB: the text of a large config comes by any line that carries a call. */
export const PACE: Pace = { graceMs: 20_000, bytesPerMs: 8192 / 1000 }

/** `cut_off`: the client went before its end. */
export type ReadBody = Uint8Array | 'too_large' | 'too_slow' | 'cut_off'

/** How long after it began a body is late of which so many bytes have come. */
export const lateAfterMs = (bytes: number, { graceMs, bytesPerMs }: Pace): number =>
  graceMs + bytes / bytesPerMs

/** Reads a body to its end, or to where it is clear that there is none to be had. */
export async function readPaced(
  body: ReadableStream<Uint8Array> | null,
  bytesMax: number,
  pace: Pace = PACE,
): Promise<ReadBody> {
  if (body === null) return new Uint8Array()
  const parts: Uint8Array[] = []
  const reader = body.getReader()
  const beganMs = performance.now()
  let size = 0
  for (;;) {
    const leftMs = beganMs + lateAfterMs(size, pace) - performance.now()
    const part = await within(
      reader.read().catch(() => 'cut_off' as const),
      leftMs,
    )
    if (part === 'cut_off') return part
    const refused =
      part === null ? 'too_slow' : size + (part.value?.length ?? 0) > bytesMax ? 'too_large' : null
    if (refused !== null) {
      void reader.cancel().catch(() => {})
      return refused
    }
    if (part === null || part.done) return Buffer.concat(parts)
    size += part.value.length
    parts.push(part.value)
  }
}

/** Null: it did not come. */
async function within<T>(coming: Promise<T>, ms: number): Promise<T | null> {
  const { promise, resolve } = Promise.withResolvers<null>()
  const timer = setTimeout(() => resolve(null), Math.max(ms, 0))
  try {
    return await Promise.race([coming, promise])
  } finally {
    clearTimeout(timer)
  }
}
