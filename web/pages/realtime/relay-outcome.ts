// What came of one way to the relay, so far.

/** How far one URL got. */
export interface Outcome {
  readonly url: string
  readonly isDone: boolean
  readonly isOpen: boolean
  /** Addresses that were relayed, as the browser was told. */
  readonly relayed: readonly string[]
  /** To the first of them, and to the open channel, in ms. */
  readonly relayedMs: number | null
  readonly openMs: number | null
  /** The pair that was chosen: `203.0.113.10:53118 udp ⇄ 203.0.113.10:53120`. */
  readonly pair: string | null
  /** Median and 99th of a hundred, in ms. */
  readonly p50Ms: number | null
  readonly p99Ms: number | null
  readonly sent: number
  readonly lost: number
  /** Bytes a second through the relay, one way. */
  readonly bytesPerS: number | null
  readonly errors: readonly { readonly code: number; readonly text: string }[]
  /** All of it, until it was known. */
  readonly tookMs: number
}

export const nothingYet = (url: string): Outcome => ({
  ...{ url, isDone: false, isOpen: false, relayed: [], relayedMs: null, openMs: null, pair: null },
  ...{ p50Ms: null, p99Ms: null, sent: 0, lost: 0, bytesPerS: null, errors: [], tookMs: 0 },
})
