import { afterAll, describe, expect, test } from 'bun:test'
import { brotliDecompressSync, gunzipSync, zstdDecompressSync, constants } from 'node:zlib'
import { type Coding, Encoder, encoderBytes, limitEncoders } from '../../../server/lib/encoder.ts'
import { keepable } from '../../../server/lib/read-piece.ts'
import { Squeeze, type SqueezeParts } from '../../../server/middleware/squeeze.ts'
import { FakeSink, pushOnce } from '../../support/body-sink.ts'
import { seededRandom, seedOfRun } from '../../support/random.ts'
import { pause, waitFor } from '../../support/wait.ts'

const CODINGS: readonly Coding[] = ['gzip', 'br', 'zstd']
const DECODE: Readonly<Record<Coding, (bytes: Buffer) => Buffer>> = {
  gzip: (bytes) => gunzipSync(bytes),
  br: (bytes) => brotliDecompressSync(bytes),
  zstd: (bytes) => zstdDecompressSync(bytes),
}
const DECODE_SO_FAR: Readonly<Record<Coding, (bytes: Buffer) => Buffer>> = {
  gzip: (bytes) => gunzipSync(bytes, { finishFlush: constants.Z_SYNC_FLUSH }),
  br: (bytes) => brotliDecompressSync(bytes, { finishFlush: constants.BROTLI_OPERATION_FLUSH }),
  zstd: (bytes) => zstdDecompressSync(bytes, { finishFlush: constants.ZSTD_e_flush }),
}

const text = (bytes: number): Buffer => Buffer.alloc(bytes, 'It was the best of times, it was the worst. ')
afterAll(() => limitEncoders(64 * 2 ** 20))

function makeSqueeze(parts: Partial<SqueezeParts> = {}) {
  const said: string[] = []
  const sink = new FakeSink()
  const squeeze = new Squeeze({
    coding: 'gzip',
    level: 3,
    length: -1,
    isLive: false,
    isForced: false,
    encoded: () => void said.push(`encoded behind ${sink.pieces.length}`),
    trailers: (trailers) => trailers,
    refused: () => void said.push('refused'),
    ...parts,
  })
  return { sink, squeeze, said }
}

describe.each(CODINGS.map((coding) => [coding] as const))('%s', (coding) => {
  test('a short body is encoded in one go, and its length is known', async () => {
    const { sink, squeeze, said } = makeSqueeze({ coding, length: 5000 })
    for (const piece of [text(2000), text(3000)]) pushOnce(squeeze, piece, sink)
    expect(sink.pieces).toHaveLength(0)
    squeeze.end(sink)
    await waitFor(() => sink.isEnded)
    expect(sink.length).toBe(sink.bytes.length)
    expect(sink.bytes.length).toBeLessThan(500)
    expect(DECODE[coding](sink.bytes).equals(Buffer.concat([text(2000), text(3000)]))).toBe(true)
    expect(said).toEqual(['encoded behind 0'])
    expect(sink.keptBytes).toBe(0)
  })

  test('one whose announced length has come in one piece is written before the server tells its end', async () => {
    const { sink, squeeze, said } = makeSqueeze({ coding, length: 5000 })
    pushOnce(squeeze, text(5000), sink)
    // At once, but for what this turn of the loop has no time for.
    await waitFor(() => sink.bytes.length > 0)
    expect(DECODE[coding](sink.bytes).equals(text(5000))).toBe(true)
    expect([sink.isEnded, sink.length, sink.keptBytes]).toEqual([false, sink.bytes.length, 0])
    squeeze.end(sink)
    expect(sink.isEnded).toBe(true)
    expect(said).toEqual(['encoded behind 0'])
  })

  test('many whole ones at once share turns of the loop: each is encoded as it came', async () => {
    const random = seededRandom(seedOfRun())
    const all = Array.from({ length: 40 }, () => {
      const noise = Buffer.from(random.bytes(1 + random.below(30_000)))
      const body = Buffer.concat([noise, text(random.below(30_000))])
      const isForced = random.below(2) === 0
      const made = makeSqueeze({ coding, length: body.length, isForced })
      pushOnce(made.squeeze, body, made.sink)
      if (random.below(2) === 0) made.squeeze.end(made.sink)
      return { ...made, body }
    })
    await waitFor(() => all.every(({ sink }) => sink.pieces.length > 0 && sink.keptBytes === 0))
    for (const { squeeze, sink, said, body } of all) {
      if (!sink.isEnded) squeeze.end(sink)
      expect((said.length > 0 ? DECODE[coding](sink.bytes) : sink.bytes).equals(body)).toBe(true)
      expect([sink.isEnded, sink.length, sink.failures.length]).toEqual([true, sink.bytes.length, 0])
    }
  })

  test('one that would grow goes as it came, unless the client does not take that', async () => {
    const noise = seededRandom(1).bytes(3000)
    for (const isForced of [false, true]) {
      const { sink, squeeze, said } = makeSqueeze({ coding, isForced })
      pushOnce(squeeze, noise, sink)
      squeeze.end(sink)
      await waitFor(() => sink.isEnded)
      expect(sink.length).toBe(sink.bytes.length)
      const plain = isForced ? DECODE[coding](sink.bytes) : sink.bytes
      expect(plain.equals(Buffer.from(noise))).toBe(true)
      expect(said).toEqual(isForced ? ['encoded behind 0'] : [])
    }
  })

  test('each event can be read as soon as it has come', async () => {
    const { sink, squeeze } = makeSqueeze({ coding, isLive: true })
    let sent = ''
    for (let i = 0; i < 5; i++) {
      pushOnce(squeeze, Buffer.from(`data: ${i}\n\n`), sink)
      sent += `data: ${i}\n\n`
      // At once, but for what this turn of the loop has no time for.
      await waitFor(() => DECODE_SO_FAR[coding](sink.bytes).toString() === sent)
    }
    squeeze.end(sink)
    await waitFor(() => sink.isEnded)
    expect(DECODE[coding](sink.bytes).toString()).toBe(sent)
    expect(sink.length).toBe(-1)
  })

  test('when the server pauses, all that it has sent can be read', async () => {
    const { sink, squeeze } = makeSqueeze({ coding })
    pushOnce(squeeze, Buffer.from('first'), sink)
    await waitFor(() => sink.pieces.length > 0)
    await waitFor(() => DECODE_SO_FAR[coding](sink.bytes).toString() === 'first')
    pushOnce(squeeze, Buffer.from(' second'), sink)
    await waitFor(() => DECODE_SO_FAR[coding](sink.bytes).toString() === 'first second')
    squeeze.end(sink)
    await waitFor(() => sink.isEnded)
    expect(DECODE[coding](sink.bytes).toString()).toBe('first second')
  })

  test('whatever the pieces, pauses and stalls: decoded it is what was sent', async () => {
    const random = seededRandom(seedOfRun())
    for (let round = 0; round < 40; round++) {
      const body = Buffer.concat(
        Array.from({ length: random.below(31) }, () =>
          random.below(4) === 0 ? Buffer.from(random.bytes(random.below(20001))) : text(random.below(40001)),
        ),
      )
      const isKnown = random.below(2) === 0
      const { sink, squeeze, said } = makeSqueeze({
        coding,
        level: 1 + random.below(6),
        length: isKnown ? body.length : -1,
        isLive: random.below(4) === 0,
      })
      sink.onWrite = () => void (random.below(10) === 0 && (sink.isFull = true))
      const goOn = (): void => {
        if (!sink.isFull) return
        sink.isFull = false
        squeeze.drained()
      }
      for (let at = 0; at < body.length;) {
        await waitFor(() => (goOn(), !sink.isPaused))
        const to = Math.min(body.length, at + 1 + random.below(random.pick([100_000, 5000, 5000])))
        pushOnce(squeeze, body.subarray(at, to), sink)
        at = to
        if (random.below(21) === 0) await pause(12)
      }
      squeeze.end(sink)
      await waitFor(() => (goOn(), sink.isEnded))
      const decoded = said.length > 0 ? DECODE[coding](sink.bytes) : sink.bytes
      expect(decoded.equals(body)).toBe(true)
      if (sink.length >= 0) expect(sink.length).toBe(sink.bytes.length)
      expect([sink.keptBytes, sink.failures.length]).toEqual([0, 0])
    }
  }, 60_000)

  test('cancelled at any moment it lets go of all it held, and writes nothing more', async () => {
    const random = seededRandom(seedOfRun())
    for (let round = 0; round < 60; round++) {
      const { sink, squeeze } = makeSqueeze({ coding, isLive: random.below(2) === 0 })
      const cancelAt = random.below(6)
      // In the middle of a write as well: that is when a client is found gone.
      sink.onWrite = () => void (random.below(4) === 0 && squeeze.cancel())
      for (let i = 0; i < 6; i++) {
        if (i === cancelAt) squeeze.cancel()
        pushOnce(squeeze, text(1 + random.below(90_000)), sink)
      }
      squeeze.cancel()
      const written = sink.pieces.length
      expect(sink.keptBytes).toBe(0)
      if (random.below(4) === 0) await pause(8)
      expect(sink.pieces).toHaveLength(written)
    }
  })
})

test.each(CODINGS)(
  '%s: a drain of what was written before the body loses nothing of what is gathered',
  async (coding) => {
    const { sink, squeeze } = makeSqueeze({ coding })
    pushOnce(squeeze, text(1000), sink)
    squeeze.drained()
    // Its server pauses, so that what was gathered goes out.
    await waitFor(() => sink.pieces.length > 0)
    squeeze.drained()
    pushOnce(squeeze, text(1960), sink)
    squeeze.drained()
    squeeze.end(sink)
    await waitFor(() => sink.isEnded)
    expect(DECODE[coding](sink.bytes).equals(Buffer.concat([text(1000), text(1960)]))).toBe(true)
  },
)

test('whatever gzip gives out at once: who keeps what a client did not take of it keeps a copy', () => {
  // Long copies from far away: many bytes go in before a block is full, and that block is a large one.
  const random = seededRandom(5)
  const dense = Buffer.alloc(2_600_000)
  dense.set(random.bytes(32_768))
  for (let at = 32_768; at < dense.length;) {
    const length = 6 + random.below(190)
    const from = at - length - random.below(32_000 - length)
    dense.copyWithin(at, Math.max(0, from), Math.max(0, from) + length)
    at += length
    if (at < dense.length && random.below(3) === 0) dense[at++] = random.below(256)
  }
  const encoder = Encoder.take('gzip', 5)!
  const kept: Buffer[] = []
  const copies: Buffer[] = []
  for (let at = 0; at < dense.length; at += 16_384)
    encoder.encode(dense.subarray(at, at + 16_384), 'more', (bytes, from, to) => {
      kept.push(keepable(bytes, from, to))
      copies.push(Buffer.from(bytes.subarray(from, to)))
    })
  encoder.release()
  expect(Math.max(...copies.map(({ length }) => length))).toBeGreaterThan(32 * 1024)
  expect(Buffer.concat(kept).equals(Buffer.concat(copies))).toBe(true)
})

describe('memory', () => {
  test('is bounded: beyond it bodies go as they came, with their length', async () => {
    limitEncoders(2 ** 20)
    const first = makeSqueeze({ coding: 'gzip', isLive: true })
    const second = makeSqueeze({ coding: 'gzip', isLive: true })
    const third = makeSqueeze({ coding: 'gzip', isLive: true })
    for (const { squeeze, sink } of [first, second, third]) pushOnce(squeeze, text(2000), sink)
    expect([first.said, second.said, third.said]).toEqual([
      ['encoded behind 0'],
      ['encoded behind 0'],
      ['refused'],
    ])
    expect(third.sink.bytes.equals(text(2000))).toBe(true)
    const short = makeSqueeze({ coding: 'br', length: 2000 })
    pushOnce(short.squeeze, text(2000), short.sink)
    short.squeeze.end(short.sink)
    await waitFor(() => short.sink.isEnded)
    expect([short.said, short.sink.length]).toEqual([['refused'], 2000])
    for (const { squeeze } of [first, second, third]) squeeze.cancel()
    limitEncoders(64 * 2 ** 20)
  })

  test('encoders of ended bodies serve the next ones, and give way to other codings', () => {
    limitEncoders(2 * 2 ** 20)
    for (let i = 0; i < 50; i++) {
      for (const coding of CODINGS) {
        const encoder = Encoder.take(coding, 1)
        expect(encoder).not.toBeNull()
        encoder?.release()
      }
      expect(encoderBytes()).toBeLessThanOrEqual(2 * 2 ** 20)
    }
    limitEncoders(64 * 2 ** 20)
  })

  test('a client that does not read stops the server: nothing is encoded for it meanwhile', () => {
    const { sink, squeeze } = makeSqueeze({ isLive: true })
    sink.onWrite = () => void (sink.isFull = true)
    pushOnce(squeeze, seededRandom(5).bytes(300_000), sink)
    expect(sink.isPaused).toBe(true)
    expect(sink.pieces.length).toBeLessThan(3)
    expect(sink.keptBytes).toBeGreaterThan(250_000)
    squeeze.cancel()
    expect(sink.keptBytes).toBe(0)
  })
})
