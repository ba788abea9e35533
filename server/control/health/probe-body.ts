// The body of a check's answer: its framing (RFC 9112 §6) and as much of it as is looked at.

/** Name in lower case, and value. */
export type Field = readonly [name: string, value: string]

export type Framing =
  | { readonly is: 'length'; readonly bytes: number }
  | { readonly is: 'chunked' }
  | { readonly is: 'close' }

/** How the answer's body is framed; null: in a way that two readers could take differently. */
export function framingOf(method: string, status: number, fields: readonly Field[]): Framing | null {
  if (method === 'HEAD' || status === 204 || status === 304) return { is: 'length', bytes: 0 }
  const values = (wanted: string): string[] =>
    fields.filter(([name]) => name === wanted).map(([, value]) => value)
  const codings = values('transfer-encoding')
  const [length, ...lengths] = values('content-length')
  if (codings.length > 0)
    return codings.length === 1 && codings[0]?.toLowerCase() === 'chunked' && length === undefined
      ? { is: 'chunked' }
      : null
  if (length === undefined) return { is: 'close' }
  return lengths.length === 0 && /^[0-9]{1,15}$/.test(length) ? { is: 'length', bytes: Number(length) } : null
}

const CHUNK_LINE_MAX = 256
const CHUNK_LINE = /^([0-9a-f]{1,8})[ \t]*(?:;[^\r\n]*)?$/i

export type Progress = 'more' | 'whole' | 'broken'

/** Takes a body piece by piece and keeps the first `limit` bytes of it. */
export class BodyDecoder {
  /** There was more than is kept. */
  isCut = false
  readonly #limit: number
  readonly #framing: Framing
  readonly #pieces: Uint8Array[] = []
  #kept = 0
  /** Bytes that are left of the body or the chunk. */
  #left: number
  /** What of the chunked framing comes next. */
  #place: 'size' | 'data' | 'end' = 'size'
  #held: Buffer = Buffer.alloc(0)

  constructor(framing: Framing, limit: number) {
    this.#framing = framing
    this.#limit = limit
    this.#left = framing.is === 'length' ? framing.bytes : 0
  }

  get endsWithConnection(): boolean {
    return this.#framing.is === 'close'
  }

  /** The bytes kept, as UTF-8. */
  text(): string {
    return new TextDecoder().decode(Buffer.concat(this.#pieces))
  }

  take(bytes: Uint8Array): Progress {
    switch (this.#framing.is) {
      case 'close':
        return this.#keep(bytes) ? 'more' : 'whole'
      case 'length': {
        const piece = bytes.subarray(0, this.#left)
        this.#left -= piece.length
        return this.#keep(piece) && this.#left > 0 ? 'more' : 'whole'
      }
      case 'chunked':
        return this.#takeChunks(Buffer.concat([this.#held, bytes]))
    }
  }

  #takeChunks(bytes: Buffer): Progress {
    let rest = bytes
    for (;;) {
      if (this.#place === 'data') {
        const piece = rest.subarray(0, this.#left)
        rest = rest.subarray(piece.length)
        this.#left -= piece.length
        if (!this.#keep(piece)) return 'whole'
        if (this.#left > 0) return this.#hold(rest)
        this.#place = 'end'
      }
      const line = lineOf(rest, this.#place === 'end' ? 0 : CHUNK_LINE_MAX)
      if (line === null) return 'broken'
      if (line === undefined) return this.#hold(rest)
      rest = rest.subarray(line.length + 2)
      if (this.#place === 'end') {
        this.#place = 'size'
        continue
      }
      const digits = CHUNK_LINE.exec(line)?.[1]
      if (digits === undefined) return 'broken'
      this.#left = Number.parseInt(digits, 16)
      // Trailers are of no interest, and the connection is not used again.
      if (this.#left === 0) return 'whole'
      this.#place = 'data'
    }
  }

  #hold(rest: Buffer): Progress {
    this.#held = rest
    return 'more'
  }

  /** False once the limit is reached. */
  #keep(bytes: Uint8Array): boolean {
    const piece = bytes.subarray(0, this.#limit - this.#kept)
    if (piece.length > 0) this.#pieces.push(piece)
    this.#kept += piece.length
    if (piece.length < bytes.length) this.isCut = true
    return !this.isCut
  }
}

/**
 * The first line, without its CRLF; undefined: not here yet; null: it is longer than `most` or has a bare LF
 * or CR.
 */
function lineOf(bytes: Buffer, most: number): string | null | undefined {
  const end = bytes.indexOf('\r\n')
  if (end > most || (end < 0 && bytes.length > most + 1)) return null
  if (end < 0) return most === 0 && bytes.length > 0 && bytes[0] !== 13 ? null : undefined
  const line = bytes.latin1Slice(0, end)
  return /[\r\n]/.test(line) ? null : line
}
