// What server/lib/encoder.ts and decoder.ts call of node:zlib's streams is not documented.
import { expect, test } from 'bun:test'
import {
  brotliCompressSync,
  brotliDecompressSync,
  constants,
  createBrotliCompress,
  createBrotliDecompress,
  createGunzip,
  createGzip,
  createInflate,
  createZstdCompress,
  createZstdDecompress,
  deflateSync,
  gunzipSync,
  gzipSync,
  zstdCompressSync,
  zstdDecompressSync,
} from 'node:zlib'

interface Native {
  readonly _handle: {
    writeSync(
      how: number,
      from: Uint8Array,
      at: number,
      bytes: number,
      ...to: [Uint8Array, number, number]
    ): void
    reset(): void
    close(): void
    onerror?: (message: string, errno: number, code: string) => void
  }
  readonly _writeState: Uint32Array
}

const TEXT = Buffer.alloc(100_000, 'the same again and again ')

/** Encodes in pieces into a buffer that is too small for what comes of one. */
function encode(native: Native, how: number, bytes: Buffer, room: number): Buffer {
  const out: Buffer[] = []
  let at = 0
  let left = 0
  do {
    const to = Buffer.alloc(room)
    native._handle.writeSync(how, bytes, at, bytes.length - at, to, 0, room)
    left = native._writeState[0] as number
    at = bytes.length - (native._writeState[1] as number)
    out.push(to.subarray(0, room - left))
  } while (left === 0 || at < bytes.length)
  return Buffer.concat(out)
}

const KINDS = [
  ['gzip', () => createGzip({ level: 5 }), constants.Z_SYNC_FLUSH, constants.Z_FINISH, gunzipSync],
  [
    'br',
    () => createBrotliCompress({ params: { [constants.BROTLI_PARAM_QUALITY]: 4 } }),
    constants.BROTLI_OPERATION_FLUSH,
    constants.BROTLI_OPERATION_FINISH,
    brotliDecompressSync,
  ],
  [
    'zstd',
    () => createZstdCompress({ params: { [constants.ZSTD_c_compressionLevel]: 3 } }),
    constants.ZSTD_e_flush,
    constants.ZSTD_e_end,
    zstdDecompressSync,
  ],
] as const

test.each(KINDS.map((kind) => [kind[0], kind] as const))(
  '%s: a stream of node:zlib encodes piece by piece on this thread, says what is left of room and input, and flushes',
  (_, [, make, flush, end, decode]) => {
    const native = make() as unknown as Native
    const pieces = [encode(native, flush, TEXT, 64), encode(native, flush, TEXT, 4096)]
    expect(pieces[0]!.length).toBeGreaterThan(0)
    pieces.push(encode(native, end, Buffer.alloc(0), 64))
    native._handle.close()
    expect(decode(Buffer.concat(pieces)).equals(Buffer.concat([TEXT, TEXT]))).toBe(true)
  },
)

test('reset gives a gzip stream back as it was made, in the middle of a body too', () => {
  const fresh = createGzip({ level: 1 }) as unknown as Native
  const used = createGzip({ level: 1 }) as unknown as Native
  encode(used, constants.Z_SYNC_FLUSH, TEXT, 4096)
  used._handle.reset()
  const [a, b] = [fresh, used].map((native) => encode(native, constants.Z_FINISH, TEXT.subarray(5), 4096))
  expect(a!.equals(b!)).toBe(true)
})

const DECODERS = [
  ['gzip', () => createGunzip(), gzipSync, constants.Z_NO_FLUSH],
  ['deflate', () => createInflate(), deflateSync, constants.Z_NO_FLUSH],
  ['br', () => createBrotliDecompress(), brotliCompressSync, constants.BROTLI_OPERATION_PROCESS],
  ['zstd', () => createZstdDecompress(), zstdCompressSync, constants.ZSTD_e_continue],
] as const

test.each(DECODERS.map((kind) => [kind[0], kind] as const))(
  '%s: a decoder gives no more than there is room for, says what is left, and tells what is wrong by onerror alone',
  (_, [, make, encodeAll, more]) => {
    const native = make() as unknown as Native
    expect(encode(native, more, encodeAll(TEXT), 4096).equals(TEXT)).toBe(true)
    native._handle.close()
    const wrong = make() as unknown as Native
    let code = ''
    wrong._handle.onerror = (_message, _errno, told) => (code = told)
    const bytes = Buffer.from('not encoded at all')
    wrong._handle.writeSync(more, bytes, 0, bytes.length, Buffer.alloc(64), 0, 64)
    expect(code).not.toBe('')
    wrong._handle.close()
  },
)

test('behind a whole frame of Zstandard a byte that begins none is an error, within one it is not that', () => {
  const told = (bytes: Buffer): string => {
    const native = createZstdDecompress() as unknown as Native
    let code = ''
    native._handle.onerror = (_message, _errno, told) => (code = told)
    encode(native, constants.ZSTD_e_continue, bytes, 200_000)
    native._handle.writeSync(constants.ZSTD_e_continue, Buffer.from([0xff]), 0, 1, Buffer.alloc(64), 0, 64)
    native._handle.close()
    return code
  }
  const whole = zstdCompressSync(TEXT)
  expect(told(whole)).toBe('ZSTD_error_prefix_unknown')
  expect(told(whole.subarray(0, -3))).not.toBe('ZSTD_error_prefix_unknown')
})
