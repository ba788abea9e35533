// Where whole lines go: a file that several processes append to, or a standard stream. Lines are gathered and
// written a batch or one second at a time, each write a whole number of lines, so that they never interleave.
// Nobody waits for it: what cannot be written is held up to a limit, beyond which lines are dropped and
// counted.
import type { LogSegments } from '../scoreboard/log-segments.ts'
import { type Batch, BatchMemory } from './batch.ts'
import { LineWriter } from './line-writer.ts'
import { Outlet } from './outlet.ts'
import { Retry } from './retry.ts'

const BACKLOG_BYTES_MAX = 4 * 1_048_576
const EVERY_MS = 1000
/** How long the end waits for a slow reader or disk. */
const CLOSE_MS = 1000
/** Until the file could be opened. */
const BATCH_BYTES = 131_072
const EARLY_BYTES = 65_536
const LINE_FEED = 10
const NO_BYTES = new Uint8Array(0)

/** Not a file: a standard stream. */
export type Standard = 'stdout' | 'stderr'

export interface LineSinkOptions {
  readonly to: { readonly file: string } | Standard
  /** Told once, until it works again. */
  readonly onFailed: (reason: string) => void
  /** Lines were dropped, and there is room again. */
  readonly onRoom?: (dropped: number) => void
  readonly backlogBytesMax?: number
  readonly everyMs?: number
  /** Of a worker: lines in them are not lost with it. */
  readonly segments?: LogSegments | null
}

/** A line is begun, written with `line`, and ended. */
export class LineSink {
  /** Writes into the batch that is being filled. */
  readonly line = new LineWriter()
  /** Lines that were given up: no room in the backlog, or a write that failed. */
  dropped = 0
  readonly #options: LineSinkOptions
  readonly #backlogBytesMax: number
  readonly #everyMs: number
  #outlet: Outlet | null = null
  #batchBytes = BATCH_BYTES
  /** Set while something waits. */
  #flushing: Timer | null = null
  /** Of the batch that is being filled. */
  #lines = 0
  #lineStart = 0
  readonly #memory: BatchMemory
  readonly #full: Batch[] = []
  /** Bytes of all that waits. */
  #waiting = 0
  /** Being written beside the event loop. */
  #inFlight: Batch | null = null
  readonly #retry = new Retry(() => this.#write())
  #isFailing = false
  #toldDropped = 0
  #closing: PromiseWithResolvers<void> | null = null
  #closeTimer: Timer | null = null
  /** To be closed once the write under way is over. */
  readonly #stale: Outlet[] = []

  constructor(options: LineSinkOptions) {
    this.#options = options
    this.#backlogBytesMax = options.backlogBytesMax ?? BACKLOG_BYTES_MAX
    this.#everyMs = options.everyMs ?? EVERY_MS
    this.#memory = new BatchMemory(options.segments ?? null)
    this.#open()
  }

  /** Makes room for a line of at most `bytesMax`; false, and counted, when too much waits already. */
  begin(bytesMax: number): boolean {
    if (this.#waiting + bytesMax > this.#backlogBytesMax || this.#closing !== null) {
      this.dropped++
      return false
    }
    const { line } = this
    if (line.at + bytesMax > line.bytes.length) {
      this.#seal()
      if (this.#waiting >= EARLY_BYTES) this.#write()
      this.#newBatch(bytesMax)
    }
    this.#lineStart = line.at
    return true
  }

  end(): void {
    this.#lines++
    const { at } = this.line
    this.#waiting += at - this.#lineStart
    this.#memory.segment?.publish(at)
    if (this.#flushing === null) this.#flushLater()
  }

  /** Writes what waits, unless a write is under way. */
  flush(): void {
    this.#seal()
    this.#write()
  }

  /** Opens the file by its name again, after it was moved away; goes on with the old one when that fails. */
  reopen(): void {
    const before = this.#outlet
    if (typeof this.#options.to === 'string' || !this.#open() || before === null) return
    this.#stale.push(before)
    this.#closeStale()
  }

  /**
   * Writes all that waits and takes no more; settles when it is out. What is not taken in time is dropped.
   */
  close(withinMs = CLOSE_MS): Promise<void> {
    if (this.#closing) return this.#closing.promise
    this.#closing = Promise.withResolvers<void>()
    // Held on to: nothing else may keep the process alive until then.
    this.#closeTimer = setTimeout(() => this.#over(), withinMs)
    this.flush()
    this.#overIfEmpty()
    return this.#closing.promise
  }

  #flushLater(): void {
    this.#flushing = setTimeout(() => {
      this.#flushing = null
      this.flush()
    }, this.#everyMs)
    this.#flushing.unref()
  }

  #open(): boolean {
    const { to } = this.#options
    try {
      this.#outlet =
        typeof to === 'string' ? Outlet.toStandard(to === 'stdout' ? 1 : 2) : Outlet.toFile(to.file)
      this.#batchBytes = this.#outlet.pieceBytes
      this.#isFailing = false
      return true
    } catch (error) {
      this.#tell(error)
      return false
    }
  }

  #seal(): void {
    const { line } = this
    if (this.#lines === 0) return
    this.#full.push(this.#memory.sealed(line.bytes.subarray(0, line.at), this.#lines))
    this.#lines = 0
    line.bytes = NO_BYTES
    line.at = 0
  }

  #newBatch(bytesMin: number): void {
    const { line } = this
    line.bytes = this.#memory.next(this.#batchBytes, bytesMin)
    line.at = 0
  }

  #write(): void {
    if (this.#full.length === 0) return this.#overIfEmpty()
    if (this.#inFlight !== null || this.#retry.isAwaited) return
    if (this.#outlet === null && !this.#open()) return
    const outlet = this.#outlet
    while (outlet !== null && this.#full.length > 0) {
      if (outlet.isSlow) return this.#writeBeside(outlet)
      if (!this.#writeOne(outlet)) return this.#retry.later()
    }
    this.#overIfEmpty()
  }

  /** Writes the first batch, or a part of it; false when there is no room at the moment. */
  #writeOne(outlet: Outlet): boolean {
    const [batch] = this.#full
    if (batch === undefined) return true
    try {
      this.#writing(outlet, batch)
      const count = outlet.writeNow(batch.bytes)
      this.#wrote(batch, count)
      return count > 0
    } catch (error) {
      this.#drop(batch)
      this.#tell(error)
      return true
    }
  }

  /** Notes where a batch goes before it does: should we die of it, it is looked for there. */
  #writing(outlet: Outlet, batch: Batch): void {
    this.#options.segments?.goTo(outlet.isDisk ? outlet.inode : 0)
    batch.segment?.writing(batch.bytes.length)
  }

  #writeBeside(outlet: Outlet): void {
    const [batch] = this.#full
    if (batch === undefined) return
    this.#inFlight = batch
    this.#writing(outlet, batch)
    outlet.writeBeside(batch.bytes, (error, count) => {
      this.#inFlight = null
      const isWhole = this.#wrote(batch, count)
      if (error !== null) this.#tell(error)
      else if (!isWhole && count > 0 && outlet.isDisk) this.#mend(outlet, batch, count)
      this.#closeStale()
      if (isWhole) return this.#write()
      if (error !== null && !outlet.isDisk) this.#drop(batch)
      if (outlet.isDisk) this.#retry.laterOnDisk()
      else this.#retry.later()
    })
  }

  /** So many bytes of the first batch are out; whether that is all of it. */
  #wrote(batch: Batch, count: number): boolean {
    const isWhole = count === batch.bytes.length
    if (count > 0) this.#retry.went()
    this.#waiting -= count
    if (!isWhole) {
      batch.took(count)
      return false
    }
    this.#isFailing = false
    this.#full.shift()
    this.#memory.free(batch)
    this.#tellRoom()
    return true
  }

  /**
   * A disk that was full has taken a part: what it has of a line is taken back, so that nothing is appended
   * to half a line.
   */
  #mend(outlet: Outlet, batch: Batch, count: number): void {
    this.#tell(new Error('no space: a write was cut short'))
    const half = count - 1 - batch.before(count).lastIndexOf(LINE_FEED)
    if (half === 0 || !outlet.takesBack(half)) return
    batch.rewind(half)
    this.#waiting += half
  }

  #drop(batch: Batch): void {
    this.#full.shift()
    this.#waiting -= batch.bytes.length
    this.dropped += batch.lines
    this.#memory.free(batch)
  }

  /** Once, until it works again. */
  #tell(error: unknown): void {
    if (this.#isFailing) return
    this.#isFailing = true
    this.#options.onFailed(error instanceof Error ? error.message : String(error))
  }

  #tellRoom(): void {
    const { dropped } = this
    if (dropped === this.#toldDropped || this.#full.length > 0 || !this.#options.onRoom) return
    const count = dropped - this.#toldDropped
    this.#toldDropped = dropped
    this.#options.onRoom(count)
  }

  #closeStale(): void {
    if (this.#inFlight === null) for (const outlet of this.#stale.splice(0)) outlet.close()
  }

  #overIfEmpty(): void {
    if (this.#closing !== null && this.#full.length === 0) this.#over()
  }

  #over(): void {
    if (this.#closeTimer === null) return
    clearTimeout(this.#closeTimer)
    this.#closeTimer = null
    this.#retry.stop()
    if (this.#flushing !== null) clearTimeout(this.#flushing)
    for (const batch of this.#full.splice(0)) {
      this.dropped += batch.lines
      // What is being written must stay as it is; what is given up must not be written by anybody.
      if (batch !== this.#inFlight) this.#memory.free(batch)
    }
    this.#waiting = 0
    if (this.#outlet !== null) this.#stale.push(this.#outlet)
    this.#outlet = null
    this.#closeStale()
    this.#closing?.resolve()
  }
}
