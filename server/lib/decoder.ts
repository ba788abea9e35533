// Content that is encoded (zlib, Brotli, Zstandard), decoded a piece at a time on this thread, as encoder.ts
// beside it encodes. What is called of node:zlib's streams is not documented; test/contract/zlib.test.ts pins
// it. What a decoder holds counts with what encoders do (`limits.compress`).
import {
  constants,
  createBrotliDecompress,
  createGunzip,
  createInflate,
  createInflateRaw,
  createZstdDecompress,
} from 'node:zlib'
import { freeCoderBytes, takeCoderBytes } from './encoder.ts'

export type Decoding = 'gzip' | 'deflate' | 'br' | 'zstd'

/** What this module uses of a stream of node:zlib. */
interface Native {
  readonly _handle: {
    writeSync(how: number, from: Uint8Array, at: number, bytes: number, ...to: Out): void
    close(): void
    onerror: (message: string, errno: number, code: string) => void
  }
  /** Room that is left for output, and input that is left, after each write; not after one that failed. */
  readonly _writeState: Uint32Array
}
type Out = [to: Uint8Array, at: number, room: number]

interface Kind {
  readonly make: (first: number) => Native
  readonly more: number
  readonly end: number
  /** What one holds at once; beside it as much as it has given, up to a window. */
  readonly bytes: number
  readonly window: number
}

/** Zstandard's windows go up to gigabytes: RFC 9659 §3 bounds those of contents. */
const ZSTD_WINDOW_BITS = 23
/**
 * What fills a window of Brotli comes in one call, however little stands for it: 11 ms for the 4 MiB that
 * encoders take unless they are told otherwise, and four times that for the largest.
 */
const BR_WINDOW_BITS = 22

/** RFC 7932 §9.1: WBITS, in the first bits of a stream; Infinity: a window of another format. */
function windowBitsOf(first: number): number {
  if ((first & 1) === 0) return 16
  const three = (first >> 1) & 7
  if (three !== 0) return 17 + three
  const more = (first >> 4) & 7
  return more === 0 ? 17 : more === 1 ? Infinity : 8 + more
}

const zlibKind = (make: (first: number) => unknown): Kind => ({
  make: make as (first: number) => Native,
  more: constants.Z_NO_FLUSH,
  end: constants.Z_FINISH,
  bytes: 48 * 1024,
  window: 0,
})

/** RFC 1950 §2.2: compression method 8. Some send the bare data (RFC 9110 §8.4.1.2). */
const isZlib = (first: number): boolean => (first & 15) === 8

const KINDS: Readonly<Record<Decoding, Kind>> = {
  gzip: zlibKind(() => createGunzip()),
  deflate: zlibKind((first) => (isZlib(first) ? createInflate() : createInflateRaw())),
  br: {
    make: () => createBrotliDecompress() as unknown as Native,
    more: constants.BROTLI_OPERATION_PROCESS,
    end: constants.BROTLI_OPERATION_FINISH,
    bytes: 64 * 1024,
    window: 1 << BR_WINDOW_BITS,
  },
  zstd: {
    make: () =>
      createZstdDecompress({
        params: { [constants.ZSTD_d_windowLogMax]: ZSTD_WINDOW_BITS },
      }) as unknown as Native,
    more: constants.ZSTD_e_continue,
    end: constants.ZSTD_e_end,
    bytes: 256 * 1024,
    window: 1 << ZSTD_WINDOW_BITS,
  },
}

/** Of one call: what takes well below a millisecond. */
const OUTPUT_BYTES = 64 * 1024
// One buffer for what any decoder gives: it is written on before the next call. More than twice the room, so
// that whoever keeps some of it copies that (keepable).
const output = Buffer.allocUnsafeSlow(2 * OUTPUT_BYTES + 1)
const NOTHING = Buffer.alloc(0)
/** No frame begins so, and no block goes on so for long. */
const NO_FRAME = Buffer.from([0xff])
const ZSTD_PREFIX_UNKNOWN = 'ZSTD_error_prefix_unknown'
const ZSTD_FRAME_LEAST = 5

/** How a step went: `full` means that the same input has more to give. */
export type Decoded = 'done' | 'full' | 'malformed' | 'no_memory'

/** Decodes one body. */
export class Decoder {
  /** Bytes of the piece given last that were taken. */
  taken = 0
  readonly #kind: Kind
  readonly #coding: Decoding
  #native: Native | null = null
  #error: string | null = null
  #inBytes = 0
  #outBytes = 0
  #held = 0

  constructor(coding: Decoding) {
    this.#coding = coding
    this.#kind = KINDS[coding]
  }

  /** Decodes a part of a piece; `out` gets what comes of it, in bytes that it must copy or send. */
  decode(piece: Buffer, out: (bytes: Buffer, from: number, to: number) => void): Decoded {
    this.taken = 0
    if (this.#native === null) {
      if (piece.length === 0) return 'done'
      if (this.#coding === 'br' && windowBitsOf(piece[0] ?? 0) > BR_WINDOW_BITS) return 'malformed'
      if (!this.#take(this.#kind.bytes)) return 'no_memory'
      this.#native = this.#kind.make(piece[0] ?? 0)
      this.#native._handle.onerror = (_message, _errno, code) => (this.#error = code)
    }
    const room = this.#write(this.#native, this.#kind.more, piece)
    if (room < 0) return 'malformed'
    this.taken = piece.length - (this.#native._writeState[1] ?? 0)
    this.#inBytes += this.taken
    const made = OUTPUT_BYTES - room
    // What stands behind the end is taken by none.
    if (made === 0 && this.taken === 0 && piece.length > 0) return 'malformed'
    if (!this.#grow(made)) return 'no_memory'
    if (made > 0) out(output, 0, made)
    return room === 0 ? 'full' : 'done'
  }

  /** Nothing more comes: whether all of it was there. */
  isWhole(): boolean {
    const native = this.#native
    if (native === null) return false
    if (this.#coding !== 'zstd') return this.#write(native, this.#kind.end, NOTHING) >= 0
    // It does not tell. Behind a whole frame another may begin, and this is none; within one it is content.
    this.#write(native, this.#kind.more, NO_FRAME)
    return this.#error === ZSTD_PREFIX_UNKNOWN && this.#inBytes >= ZSTD_FRAME_LEAST
  }

  /** In the middle of a body, too. */
  release(): void {
    this.#native?._handle.close()
    this.#native = null
    freeCoderBytes(this.#held)
    this.#held = 0
  }

  /** The room that is left; -1: it is malformed. */
  #write({ _handle: handle, _writeState: state }: Native, how: number, piece: Buffer): number {
    handle.writeSync(how, piece, 0, piece.length, output, 0, OUTPUT_BYTES)
    return this.#error === null ? (state[0] ?? 0) : -1
  }

  #grow(made: number): boolean {
    const { window } = this.#kind
    const before = Math.min(this.#outBytes, window)
    this.#outBytes += made
    const more = Math.min(this.#outBytes, window) - before
    return more === 0 || this.#take(more)
  }

  #take(bytes: number): boolean {
    if (!takeCoderBytes(bytes)) return false
    this.#held += bytes
    return true
  }
}
