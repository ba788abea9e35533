// What a format of texts is: whether a text is of its kind, and what was probably meant where it is not.

/** What a text means. */
export interface Meant {
  readonly value: string | number
}

/** What would have been allowed. */
export interface Refused {
  readonly allowed: string
  readonly hint: string | null
  /**
   * What may be written in its place, the likeliest first. Only those that the schema takes are ever shown.
   */
  readonly mends: readonly string[]
}

export type Decoded = Meant | Refused

/** What a schema says of a format: bounds of a duration or size as written, and what is usual. */
export interface Bounds {
  readonly least?: string
  readonly most?: string
  readonly default?: unknown
  /** What it is, in words of its own. */
  readonly allowed?: string
  /** Of an address: the port that is usual there. */
  readonly port?: number
  /** Of an address: a Unix socket is one as well. */
  readonly takesUnix?: boolean
  /** Of an address: so is a range of ports. */
  readonly takesRange?: boolean
}

export interface Format {
  decode(text: string, bounds: Bounds): Decoded
  /** Whether a number in the file is as good as its text. */
  readonly takesNumbers?: boolean
  /** What a number that is not taken should have been written as. */
  mendsOfNumber?(number: number, bounds: Bounds): readonly string[]
}

export const no = (allowed: string, hint: string | null = null, mends: readonly string[] = []): Refused => ({
  allowed,
  hint,
  mends,
})
