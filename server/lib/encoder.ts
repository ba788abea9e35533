// Content codings by the encoders that come with the runtime (zlib, Brotli, Zstandard), one piece at a time
// on this thread: node:zlib's streams would go to a thread for each piece and back, which costs more than
// small pieces do. What is called of them here is not documented; test/contract/zlib.test.ts pins it.
import { constants, createBrotliCompress, createGzip, createZstdCompress } from 'node:zlib'

export type Coding = 'gzip' | 'br' | 'zstd'

/** What becomes of a piece: more follows; all so far must be readable; it was the last. */
export type How = 'more' | 'flush' | 'end'

/** What this module uses of a stream of node:zlib. */
interface Native {
  readonly _handle: {
    writeSync(how: number, from: Uint8Array, at: number, bytes: number, ...to: Out): void
    reset(): void
    close(): void
  }
  /** Room that is left for output, and input that is left, after each write. */
  readonly _writeState: Uint32Array
}
type Out = [to: Uint8Array, at: number, room: number]

/** Windows of 256 KiB for Brotli and Zstandard: bodies of pages are smaller, and each stream has its own. */
const WINDOW_BITS = 18
const TABLE_BITS = 17

interface Kind {
  readonly make: (level: number) => Native
  readonly hows: Readonly<Record<How, number>>
  /** What one holds, about. */
  readonly bytes: number
  /** `reset` gives it back as it was made; others forget level and window. */
  readonly isReusable: boolean
}

const KINDS: Readonly<Record<Coding, Kind>> = {
  gzip: {
    make: (level) => createGzip({ level }) as unknown as Native,
    hows: { more: constants.Z_NO_FLUSH, flush: constants.Z_SYNC_FLUSH, end: constants.Z_FINISH },
    bytes: 352 * 1024,
    isReusable: true,
  },
  br: {
    make: (level) =>
      createBrotliCompress({
        params: {
          [constants.BROTLI_PARAM_QUALITY]: level,
          [constants.BROTLI_PARAM_LGWIN]: WINDOW_BITS,
        },
      }) as unknown as Native,
    hows: {
      // It gathers up to a quarter of a megabyte and encodes that at once, for longer than a turn may take.
      more: constants.BROTLI_OPERATION_FLUSH,
      flush: constants.BROTLI_OPERATION_FLUSH,
      end: constants.BROTLI_OPERATION_FINISH,
    },
    bytes: 1280 * 1024,
    isReusable: false,
  },
  zstd: {
    make: (level) =>
      createZstdCompress({
        params: {
          [constants.ZSTD_c_compressionLevel]: level,
          [constants.ZSTD_c_windowLog]: WINDOW_BITS,
          // By itself it takes megabytes of tables at level 9; clearing those takes longer than a turn may.
          [constants.ZSTD_c_hashLog]: TABLE_BITS,
          [constants.ZSTD_c_chainLog]: TABLE_BITS,
        },
      }) as unknown as Native,
    hows: {
      more: constants.ZSTD_e_flush,
      flush: constants.ZSTD_e_flush,
      end: constants.ZSTD_e_end,
    },
    bytes: 640 * 1024,
    isReusable: false,
  },
}

/** Of one piece: what takes well below a millisecond at any level that may be set. */
export const PIECE_BYTES = 16 * 1024
/** Encoders that wait for the next body. */
const IDLE_MAX = 8

const idle = new Map<string, Native[]>()
const held = { bytes: 0, limit: 64 * 1024 * 1024 }

/** Takes `limits.compress` of a config. */
export function limitEncoders(bytes: number): void {
  held.limit = bytes
  if (held.bytes > bytes) dropIdle()
}

export const encoderLimit = (): number => held.limit

/** What all encoders hold, idle ones and decoders too. */
export const encoderBytes = (): number => held.bytes

/** So much more for whoever encodes or decodes; false: there is no room for it. */
export function takeCoderBytes(bytes: number): boolean {
  if (held.bytes + bytes > held.limit) dropIdle()
  if (held.bytes + bytes > held.limit) return false
  held.bytes += bytes
  return true
}

export function freeCoderBytes(bytes: number): void {
  held.bytes -= bytes
}

/** Room for what comes of one call. gzip gathers, and gives more than 32 KiB of it at once. */
const OUTPUT_BYTES = 64 * 1024
// One buffer for what any encoder gives out: it is written on before the next call. More than twice the
// room, so that whoever keeps what was not taken of it copies that, however much it is (keepable).
const output = Buffer.allocUnsafe(2 * OUTPUT_BYTES + 1)

/** A body of one piece in one go, where that costs less than an encoder of its own; null: it does not. */
export function encodeAtOnce(coding: Coding, level: number, pieces: readonly Buffer[]): Buffer | null {
  if (coding !== 'zstd' || pieces.reduce((sum, { length }) => sum + length, 0) > PIECE_BYTES) return null
  const [only] = pieces
  const bytes = only !== undefined && pieces.length === 1 ? only : Buffer.concat(pieces)
  return Bun.zstdCompressSync(bytes, { level })
}

/** Encodes one body. */
export class Encoder {
  /** One for this coding and level; null: there are as many as may be. */
  static take(coding: Coding, level: number): Encoder | null {
    const known = idle.get(`${coding} ${level}`)?.pop()
    if (known !== undefined) return new Encoder(coding, level, known)
    const kind = KINDS[coding]
    return takeCoderBytes(kind.bytes) ? new Encoder(coding, level, kind.make(level)) : null
  }

  readonly #coding: Coding
  readonly #level: number
  #native: Native | null

  private constructor(coding: Coding, level: number, native: Native) {
    this.#coding = coding
    this.#level = level
    this.#native = native
  }

  /**
   * Encodes a piece of PIECE_BYTES at most; `out` gets what comes of it, in bytes that it must copy or send.
   */
  encode(piece: Buffer, how: How, out: (bytes: Buffer, from: number, to: number) => void): void {
    const native = this.#native
    if (native === null) return
    const { _handle: handle, _writeState: state } = native
    const flag = KINDS[this.#coding].hows[how]
    let at = 0
    let room = 0
    do {
      handle.writeSync(flag, piece, at, piece.length - at, output, 0, OUTPUT_BYTES)
      room = state[0] ?? 0
      at = piece.length - (state[1] ?? 0)
      if (room < OUTPUT_BYTES) out(output, 0, OUTPUT_BYTES - room)
      // It has filled its room: there may be more. Unless nobody wants it: `out` may have met a client's end.
    } while ((room === 0 || at < piece.length) && this.#native === native)
  }

  /** Gives it back, in the middle of a body too. */
  release(): void {
    const native = this.#native
    if (native === null) return
    this.#native = null
    const { isReusable, bytes } = KINDS[this.#coding]
    const key = `${this.#coding} ${this.#level}`
    const others = idle.get(key) ?? []
    if (!isReusable || others.length >= IDLE_MAX) return close(native, bytes)
    native._handle.reset()
    others.push(native)
    idle.set(key, others)
  }
}

function close(native: Native, bytes: number): void {
  native._handle.close()
  freeCoderBytes(bytes)
}

/** Others need the memory. */
function dropIdle(): void {
  for (const [key, natives] of idle) {
    const { bytes } = KINDS[key.split(' ')[0] as Coding]
    for (const native of natives) close(native, bytes)
  }
  idle.clear()
}
