// The body of an answer on its way through an encoder.
//
//   gathers   a short body whose end may come soon: it is encoded in one go then, so that its length is known,
//             and goes as it came where that is shorter; one that came in one piece is not even copied
//   whole     all of it is here, and is being encoded
//   given     all of it has been written, but the server has not told its end yet
//   streams   what has come goes out at once where it is a stream of events, else as soon as the server
//             pauses; or with what follows
//   plain     as it came: there was no memory for an encoder
import type { Fields } from '../head/fields.ts'
import { type Coding, encodeAtOnce, Encoder } from '../lib/encoder.ts'
import { keepable } from '../lib/read-piece.ts'
import { stopWork, work, type Work } from '../lib/work.ts'
import type { BodySink, BodyTransform } from './middleware.ts'
import { Pause } from './pause.ts'
import { bytesOf, NOTHING, PlainPieces } from './plain-pieces.ts'
import { WholeOutput } from './whole-output.ts'

export interface SqueezeParts {
  readonly coding: Coding
  readonly level: number
  /** Bytes that the server has announced; -1: it has not. */
  readonly length: number
  /** Each piece is to be read as soon as it comes: a stream of events. */
  readonly isLive: boolean
  /** The client does not take the body as it is. */
  readonly isForced: boolean
  /** The head is to say that the body is encoded. It has not left yet. */
  readonly encoded: () => void
  /** Trailers of an encoded body that hold of it too. */
  readonly trailers: (trailers: Fields) => Fields | null
  /** There is no memory for one more encoder. */
  readonly refused: () => void
}

/** A body up to this size is encoded in one go. */
const GATHER_MAX = 64 * 1024

type Place = 'gathers' | 'whole' | 'given' | 'streams' | 'plain' | 'over'

export class Squeeze implements BodyTransform, Work {
  readonly #parts: SqueezeParts
  #place: Place = 'gathers'
  #encoder: Encoder | null = null
  #next: BodySink | null = null
  readonly #plain = new PlainPieces()
  /** The head says that the body is encoded. */
  #isEncoded = false
  /** Nothing more comes. */
  #isEnded = false
  /** The encoder may hold what its output does not tell yet. */
  #isDirty = false
  #isPaused = false
  /** Of a whole body: as it came, and what comes of it. */
  #kept: readonly Buffer[] = []
  readonly #output = new WholeOutput()
  #countedBytes = 0
  readonly #pause = new Pause(() => this.#paused())

  constructor(parts: SqueezeParts) {
    this.#parts = parts
  }

  push(bytes: Buffer, from: number, to: number, next: BodySink): void {
    this.#next = next
    if (this.#is('gathers')) {
      if (this.#mayGather(to - from)) {
        const isWhole = this.#plain.bytes === 0 && to - from === this.#parts.length
        return isWhole ? this.#encodeNow(bytes, from, to) : this.#gather(bytes, from, to)
      }
      this.#stream(next)
    }
    if (this.#is('plain')) return next.write(bytes, from, to)
    if (!this.#is('streams')) return
    this.#plain.push(bytes.subarray(from, to))
    work(this)
    this.#settle(next)
  }

  end(next: BodySink): void {
    this.#next = next
    this.#isEnded = true
    this.#pause.stop()
    if (this.#is('gathers')) this.#whole(this.#plain.takeAll(), next)
    else if (this.#is('given') || this.#is('plain')) this.#over(next)
    else work(this)
  }

  trailers(trailers: Fields): Fields | null {
    return this.#isEncoded ? this.#parts.trailers(trailers) : trailers
  }

  drained(): void {
    // What is gathered yet has no encoder: a drain may be that of what was written before this body.
    if (this.#is('streams') && (this.#plain.bytes > 0 || this.#isEnded)) work(this)
  }

  cancel(): void {
    this.#finish()
  }

  #is(place: Place): boolean {
    return this.#place === place
  }

  // ── a short body ──

  #mayGather(bytes: number): boolean {
    const { isLive, length } = this.#parts
    return !isLive && length <= GATHER_MAX && this.#plain.bytes + bytes <= GATHER_MAX
  }

  #gather(bytes: Buffer, from: number, to: number): void {
    this.#plain.push(keepable(bytes, from, to))
    this.#count()
    this.#pause.begin()
  }

  /** It came in one piece: nothing of it is copied if this turn has the time. */
  #encodeNow(bytes: Buffer, from: number, to: number): void {
    this.#whole([bytes.subarray(from, to)], this.#next as BodySink)
    if (!this.#is('whole')) return
    this.#kept = [keepable(bytes, from, to)]
    this.#plain.liesIn(this.#kept)
    this.#count(to - from)
  }

  #whole(pieces: Buffer[], next: BodySink): void {
    this.#kept = pieces
    for (const piece of pieces) this.#plain.push(piece)
    const { coding, level } = this.#parts
    const atOnce = encodeAtOnce(coding, level, pieces)
    if (atOnce === null && !this.#takeEncoder()) return this.#give(pieces, next)
    this.#place = 'whole'
    if (atOnce !== null) {
      this.#plain.takeAll()
      this.#output.add(atOnce, 0, atOnce.length)
    }
    this.#output.isAlone = true
    work(this)
    this.#output.share()
  }

  /** One piece more is encoded; behind the last one it is known whether that was worth it. */
  #encodeWhole(next: BodySink): boolean {
    const output = this.#output
    this.#encodePiece((bytes, from, to) => output.add(bytes, from, to))
    if (this.#plain.bytes > 0) return true
    const isBetter = output.bytes < bytesOf(this.#kept) || this.#parts.isForced
    if (isBetter) this.#tellEncoded()
    else output.clear()
    this.#give(isBetter ? [] : this.#kept, next)
    return false
  }

  /** Writes a whole body, plain or not; its end follows when the server tells it. */
  #give(plain: readonly Buffer[], next: BodySink): void {
    this.#place = 'given'
    next.length = this.#output.bytes + bytesOf(plain)
    for (const piece of plain) next.write(piece, 0, piece.length)
    this.#output.writeTo(next)
    if (this.#is('given')) this.#letGo()
    if (this.#isEnded) this.#over(next)
  }

  // ── a long one ──

  /** More comes than is gathered, or its end lets wait. */
  #stream(next: BodySink): void {
    this.#pause.stop()
    if (this.#takeEncoder()) {
      this.#place = 'streams'
      return this.#tellEncoded()
    }
    this.#place = 'plain'
    next.length = this.#parts.length
    this.#sendPieces(next)
  }

  step(): boolean {
    const next = this.#next
    if (next === null) return false
    if (this.#is('whole')) return this.#encodeWhole(next)
    if (!this.#is('streams')) return false
    // Its client is slow: what is encoded now would only wait there.
    if (next.isFull) return false
    this.#encodePiece((bytes, from, to) => next.write(bytes, from, to))
    if (this.#plain.bytes > 0) return true
    if (this.#isEnded) this.#over(next)
    else if (this.#isDirty) this.#pause.begin()
    this.#settle(next)
    return false
  }

  failed(error: unknown): void {
    const next = this.#next
    this.#finish()
    next?.fail(error)
  }

  #encodePiece(out: (bytes: Buffer, from: number, to: number) => void): void {
    const piece = this.#plain.shift()
    const isLast = this.#plain.bytes === 0
    const isEnd = isLast && (this.#isEnded || this.#is('whole'))
    const how = isEnd ? 'end' : isLast && this.#parts.isLive ? 'flush' : 'more'
    this.#isDirty = how === 'more'
    this.#encoder?.encode(piece, how, out)
  }

  /** The server has sent nothing for a while: its client is not to wait for what it has sent. */
  #paused(): void {
    const next = this.#next
    if (next === null) return
    if (this.#is('gathers')) {
      this.#stream(next)
      if (this.#is('streams')) work(this)
    } else if (this.#is('streams') && this.#plain.bytes === 0 && this.#isDirty) {
      this.#isDirty = false
      this.#encoder?.encode(NOTHING, 'flush', (bytes, from, to) => next.write(bytes, from, to))
    }
  }

  /** What is left waits for turns to come, and the server waits with it. */
  #settle(next: BodySink): void {
    if (this.#is('over')) return
    const isBusy = this.#plain.bytes > 0
    if (isBusy) this.#plain.keep()
    this.#count()
    if (isBusy === this.#isPaused) return
    this.#isPaused = isBusy
    if (isBusy) next.pause()
    else next.resume()
  }

  // ── ends ──

  /** Whether there is an encoder. */
  #takeEncoder(): boolean {
    this.#encoder = Encoder.take(this.#parts.coding, this.#parts.level)
    if (this.#encoder === null) this.#parts.refused()
    return this.#encoder !== null
  }

  #tellEncoded(): void {
    this.#isEncoded = true
    this.#parts.encoded()
  }

  #sendPieces(next: BodySink): void {
    const pieces = this.#plain.takeAll()
    this.#count()
    for (const piece of pieces) next.write(piece, 0, piece.length)
  }

  /** Counts what is held. */
  #count(bytes = this.#plain.bytes): void {
    if (bytes !== this.#countedBytes) this.#next?.countKept(bytes - this.#countedBytes)
    this.#countedBytes = bytes
  }

  #over(next: BodySink): void {
    this.#finish()
    next.end()
  }

  #finish(): void {
    if (this.#is('over')) return
    this.#place = 'over'
    this.#pause.stop()
    stopWork(this)
    this.#letGo()
  }

  #letGo(): void {
    this.#plain.takeAll()
    this.#kept = []
    this.#output.clear()
    this.#count()
    this.#encoder?.release()
    this.#encoder = null
  }
}
