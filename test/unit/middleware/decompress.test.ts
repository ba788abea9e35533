import { afterEach, beforeAll, describe, expect, test } from 'bun:test'
import {
  brotliCompressSync,
  constants,
  deflateRawSync,
  deflateSync,
  gzipSync,
  zstdCompressSync,
} from 'node:zlib'
import { encoderBytes, encoderLimit, limitEncoders } from '../../../server/lib/encoder.ts'
import type { Decoding } from '../../../server/lib/decoder.ts'
import { Inflate } from '../../../server/middleware/decompress.ts'
import { FakeSink, pushOnce } from '../../support/body-sink.ts'
import { seededRandom, seedOfRun } from '../../support/random.ts'
import { stepOf } from '../../support/step-world.ts'
import { waitFor } from '../../support/wait.ts'
import { exchange, requestOf } from './exchanges.ts'

const KINDS: readonly (readonly [string, Decoding, (bytes: Buffer) => Buffer])[] = [
  ['gzip', 'gzip', (bytes) => gzipSync(bytes)],
  ['deflate', 'deflate', (bytes) => deflateSync(bytes)],
  ['deflate without its frame', 'deflate', (bytes) => deflateRawSync(bytes)],
  ['br', 'br', (bytes) => brotliCompressSync(bytes, { params: { [constants.BROTLI_PARAM_QUALITY]: 4 } })],
  ['zstd', 'zstd', (bytes) => zstdCompressSync(bytes)],
]

/** Encoders that other tests have left idle go. */
beforeAll(() => {
  const limit = encoderLimit()
  limitEncoders(0)
  limitEncoders(limit)
})
afterEach(() => expect(encoderBytes()).toBe(0))

/** What becomes of a body in these pieces; why it was refused. */
async function inflated(coding: Decoding, pieces: readonly Buffer[], maxRatio = 100) {
  const why: string[] = []
  const sink = new FakeSink()
  const inflate = new Inflate(coding, {
    maxRatio,
    refused: (one) => {
      why.push(one)
      return { status: 400, headers: [], body: '', fault: null }
    },
    decoded: () => why.push('decoded'),
  })
  for (const piece of pieces) pushOnce(inflate, piece, sink)
  inflate.end(sink)
  await waitFor(() => why.length > 0)
  expect(sink.keptBytes).toBe(0)
  expect(sink.isEnded).toBe(why[0] === 'decoded')
  expect(sink.refusals.length).toBe(why[0] === 'decoded' ? 0 : 1)
  return { bytes: sink.bytes, why: why.join() }
}

describe.each(KINDS)('a body in %s', (_, coding, encode) => {
  const random = seededRandom(seedOfRun())
  const cut = (bytes: Buffer): Buffer[] => {
    const pieces: Buffer[] = []
    for (let at = 0; at < bytes.length;) {
      const piece = bytes.subarray(at, at + 1 + random.below(random.pick([3, 500, 70_000])))
      pieces.push(piece)
      at += piece.length
    }
    return pieces
  }

  test('is decoded, whatever the pieces', async () => {
    for (let n = 0; n < 12; n++) {
      const noise = Buffer.from(random.bytes(random.below(40_000)))
      const plain = Buffer.concat([Buffer.alloc(random.below(300_000), 'all alike '), noise])
      const { bytes, why } = await inflated(coding, cut(encode(plain)))
      expect(why).toBe('decoded')
      expect(bytes.equals(plain)).toBe(true)
    }
  })

  test('that is cut anywhere is refused', async () => {
    const whole = encode(Buffer.from('a body of some length, which is not alike at all'))
    for (let length = 0; length < whole.length; length++)
      expect([length, (await inflated(coding, [whole.subarray(0, length)])).why]).toEqual([
        length,
        'malformed',
      ])
  })

  test('with something behind its end is refused', async () => {
    const { why } = await inflated(coding, [encode(Buffer.from('short')), Buffer.from('\0garbage behind it')])
    expect(why).toBe('malformed')
  })

  test('that is something else is refused', async () => {
    for (const other of ['not encoded at all', '\0\0\0\0\0\0', '\r\n\r\n'])
      expect((await inflated(coding, [Buffer.from(other)])).why).toBe('malformed')
  })

  test('that would be a hundred times as large is given up long before', async () => {
    const bomb = encode(Buffer.alloc(64 * 1024 * 1024))
    const { bytes, why } = await inflated(coding, [bomb])
    expect(why).toBe('too_much')
    expect(bytes.length).toBeLessThan(Math.max(2 ** 20, bomb.length * 100) + 65_536)
    // Small ones are of no harm, whatever their ratio.
    expect((await inflated(coding, [encode(Buffer.alloc(1_000_000))])).why).toBe('decoded')
  })

  test('finds no room where others have it', async () => {
    const limit = encoderLimit()
    limitEncoders(encoderBytes())
    try {
      expect((await inflated(coding, [encode(Buffer.from('short'))])).why).toBe('no_memory')
    } finally {
      limitEncoders(limit)
    }
  })

  test('waits while nobody takes what comes of it', async () => {
    const sink = new FakeSink()
    let isDecoded = false
    const inflate = new Inflate(coding, {
      maxRatio: Infinity,
      refused: () => ({ status: 400, headers: [], body: '', fault: null }),
      decoded: () => (isDecoded = true),
    })
    sink.onWrite = () => (sink.isFull = true)
    pushOnce(inflate, encode(Buffer.alloc(3_000_000, 'alike ')), sink)
    inflate.end(sink)
    let pieces = 0
    while (!isDecoded) {
      expect(sink.pieces.length).toBeLessThanOrEqual(pieces + 1)
      pieces = sink.pieces.length
      sink.isFull = false
      inflate.drained()
      await new Promise((resolve) => setImmediate(resolve))
    }
    expect(sink.bytes.length).toBe(3_000_000)
    expect(pieces).toBeGreaterThan(40)
  })

  test('holds nothing once its client has gone', () => {
    const sink = new FakeSink()
    sink.isFull = true
    const inflate = new Inflate(coding, {
      maxRatio: 1000,
      refused: () => ({ status: 400, headers: [], body: '', fault: null }),
      decoded: () => {},
    })
    pushOnce(inflate, encode(Buffer.alloc(100_000, 'x')), sink)
    inflate.cancel()
    expect(sink.keptBytes).toBe(0)
  })
})

test('a window of Zstandard that is larger than those of contents is refused', async () => {
  const far = zstdCompressSync(Buffer.from(seededRandom(1).bytes(9_000_000)), {
    params: { [constants.ZSTD_c_windowLog]: 24 },
  })
  expect((await inflated('zstd', [far])).why).toBe('malformed')
})

test('windows of Brotli are those that encoders take by themselves, or smaller', async () => {
  const by = (bits: number): Buffer =>
    brotliCompressSync(Buffer.alloc(100_000, 'alike '), { params: { [constants.BROTLI_PARAM_LGWIN]: bits } })
  for (let bits = 10; bits <= 22; bits++) expect((await inflated('br', [by(bits)])).why).toBe('decoded')
  for (const bits of [23, 24]) expect((await inflated('br', [by(bits)])).why).toBe('malformed')
})

describe('decompress', () => {
  const asked = (mode: 'enforce' | 'shadow', ...fields: string[]) => {
    const step = stepOf({ decompress: { mode, codings: ['gzip', 'br'], ratio: 100 } })
    const x = exchange({ request: requestOf(...fields) })
    const note = step.note?.() as { coding: string | null }
    return { answer: step.request?.(x, note), note, x, step }
  }

  test('takes what it knows, by its old name too, and tells what it takes', () => {
    expect(asked('enforce', 'Content-Encoding: BR').note.coding).toBe('br')
    expect(asked('enforce', 'Content-Encoding: x-gzip').note.coding).toBe('gzip')
    expect(asked('enforce', 'Content-Encoding: identity').note.coding).toBeNull()
    expect(asked('enforce').answer).toBeUndefined()
    const values = ['zstd', 'gzip, br', 'compress', 'gzip\0', `g${'z'.repeat(3000)}`, 'ÿþ']
    for (const value of values.filter((one) => !one.includes('\0')))
      expect(asked('enforce', `Content-Encoding: ${value}`).answer).toMatchObject({
        status: 415,
        fault: 'content_coding_unsupported',
        headers: [['Accept-Encoding', 'gzip, br']],
      })
    expect(asked('enforce', 'Content-Encoding: gzip', 'Content-Encoding: br').answer).toMatchObject({
      status: 415,
    })
  })

  test('in shadow what it does not know passes as it is', () => {
    const { answer, note, x, step } = asked('shadow', 'Content-Encoding: zstd')
    expect([answer, note.coding, x.shadow]).toEqual([undefined, null, 'decompress'])
    expect(step.requestBody?.(x, note)).toBeNull()
    expect(x.request.get('content-encoding')).toBe('zstd')
  })

  test('leaves nothing in the head that does not hold of what comes of the body', () => {
    const { x, note, step } = asked(
      'enforce',
      'Content-Encoding: gzip',
      'Content-MD5: x',
      'Repr-Digest: y',
      'X-A: 1',
    )
    step.requestBody?.(x, note)?.cancel?.()
    for (const name of ['content-encoding', 'content-md5', 'repr-digest'])
      expect(x.request.get(name)).toBeNull()
    expect(x.request.get('x-a')).toBe('1')
  })
})
