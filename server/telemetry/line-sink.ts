// Where whole lines go: a file that several processes append to, or stdout. Lines are gathered and written 64 KB or one second at
// a time, each write a whole number of lines by O_APPEND, so that they never interleave. Nobody waits for it: what cannot be written is
// held up to a limit, beyond which lines are dropped and counted.
import { closeSync, constants, fstatSync, openSync, write, writeSync } from 'node:fs'
import { libc } from '../lib/native.ts'
import { LineWriter } from './line-writer.ts'
import type { LogLevel } from './log.ts'

const BATCH_BYTES = 65_536
/** A write of so much to a pipe is not torn (PIPE_BUF, pipe(7)); larger ones of several processes may mix. */
const PIPE_BYTES = 4096
const BACKLOG_BYTES_MAX = 4 * 1_048_576
/** A file whose write took longer than this is written to beside the event loop for a while. */
const SLOW_WRITE_MS = 20
const SLOW_FOR_MS = 60_000
/** A pipe that is full is tried again soon, as its reader may be quick, then less and less often, as it may be stuck. */
const RETRY_MS_MIN = 1
const RETRY_MS_MAX = 32
/** What a pipe may hold at most without privileges (pipe-max-size); it begins with 64 KiB. */
const PIPE_HOLDS_BYTES = 1_048_576
const F_SETPIPE_SZ = 1031
const EVERY_MS = 1000
/** How long the end of the process waits for a slow reader. */
const CLOSE_MS = 1000
const CLOSE_RETRY_MS = 2
const SPARES_MAX = BATCH_BYTES / PIPE_BYTES
const STDOUT = 1
const NO_BYTES = new Uint8Array(0)

export interface LineSinkOptions {
  /** null: stdout. */
  readonly file: string | null
  readonly onEvent: (level: LogLevel, event: string, fields: Record<string, unknown>) => void
  readonly backlogBytesMax?: number
  readonly everyMs?: number
}

/** Whole lines; after a short write the rest of them. */
interface Batch {
  readonly bytes: Uint8Array
  readonly lines: number
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
  /** Runs while something waits: an idle process is not woken. */
  #timer: ReturnType<typeof setTimeout> | null = null
  #fd = -1
  /** A batch holds no more than is written in one piece. */
  #batchBytes = BATCH_BYTES
  /** A write may take as long as it likes: stdout is a socket. */
  #blocks = false
  #slowUntilMs = 0
  /** Of the batch that is being filled. */
  #lines = 0
  #lineStart = 0
  /** Memory of written batches, for the next. */
  readonly #spares: Uint8Array[] = []
  readonly #full: Batch[] = []
  /** Bytes of all that waits. */
  #waiting = 0
  /** Being written beside the event loop. */
  #inFlight: Batch | null = null
  #retry: ReturnType<typeof setTimeout> | null = null
  #retryMs = RETRY_MS_MIN
  #isFailing = false
  #isClosed = false
  /** Descriptors to close once the write under way is over. */
  readonly #stale: number[] = []

  constructor(options: LineSinkOptions) {
    this.#options = options
    this.#backlogBytesMax = options.backlogBytesMax ?? BACKLOG_BYTES_MAX
    this.#everyMs = options.everyMs ?? EVERY_MS
    this.#open()
  }

  /** Makes room for a line of at most `bytesMax`; false, and counted, when too much waits already. */
  begin(bytesMax: number): boolean {
    if (this.#waiting + bytesMax > this.#backlogBytesMax || this.#isClosed) {
      this.dropped++
      return false
    }
    const { line } = this
    if (line.at + bytesMax > line.bytes.length) {
      this.#seal()
      if (this.#full.length * this.#batchBytes >= BATCH_BYTES) this.#write()
      this.#newBatch(bytesMax)
    }
    this.#lineStart = line.at
    return true
  }

  end(): void {
    this.#lines++
    this.#waiting += this.line.at - this.#lineStart
    if (this.#timer === null) this.#flushLater()
  }

  /** Writes what waits, unless a write is under way. */
  flush(): void {
    this.#seal()
    this.#write()
  }

  /** Opens the file by its name again, after it was moved away; goes on with the old one when that fails. */
  reopen(): void {
    const before = this.#fd
    if (this.#options.file === null || !this.#open() || before < 0) return
    this.#stale.push(before)
    this.#closeStale()
  }

  /** Writes all that waits; for the end of the process. What the sink does not take in time is dropped. */
  close(): void {
    if (this.#isClosed) return
    this.#isClosed = true
    if (this.#timer !== null) clearTimeout(this.#timer)
    if (this.#retry !== null) clearTimeout(this.#retry)
    this.#retry = null
    this.#seal()
    const untilMs = performance.now() + CLOSE_MS
    while (this.#fd >= 0 && this.#full.length > 0) {
      if (this.#writeOne()) continue
      if (performance.now() > untilMs) break
      Bun.sleepSync(CLOSE_RETRY_MS)
    }
    this.#giveUp()
    if (this.#fd > STDOUT) this.#stale.push(this.#fd)
    this.#fd = -1
    this.#closeStale()
  }

  #flushLater(): void {
    this.#timer = setTimeout(() => {
      this.#timer = null
      this.flush()
      if (this.#waiting > 0) this.#flushLater()
    }, this.#everyMs)
    this.#timer.unref()
  }

  #open(): boolean {
    const { file } = this.#options
    try {
      if (file === null) this.#openStdout()
      else {
        const { O_WRONLY, O_APPEND, O_CREAT, O_NONBLOCK } = constants
        this.#fd = openSync(file, O_WRONLY | O_APPEND | O_CREAT | O_NONBLOCK, 0o640)
        this.#batchBytes = fstatSync(this.#fd).isFile() ? BATCH_BYTES : PIPE_BYTES
        enlargePipe(this.#fd)
      }
      this.#isFailing = false
      return true
    } catch (error) {
      this.#tell(error)
      return false
    }
  }

  /** A pipe or terminal is opened anew, so that not waiting for it is a setting of ours alone: the old one is shared with others. */
  #openStdout(): void {
    this.#fd = STDOUT
    if (fstatSync(STDOUT).isFile()) return
    this.#batchBytes = PIPE_BYTES
    enlargePipe(STDOUT)
    try {
      const { O_WRONLY, O_APPEND, O_NONBLOCK } = constants
      this.#fd = openSync(`/proc/self/fd/${STDOUT}`, O_WRONLY | O_APPEND | O_NONBLOCK)
    } catch {
      this.#blocks = true // a socket, or no /proc
    }
  }

  #seal(): void {
    const { line } = this
    if (this.#lines === 0) return
    this.#full.push({ bytes: line.bytes.subarray(0, line.at), lines: this.#lines })
    this.#lines = 0
    line.bytes = NO_BYTES
    line.at = 0
  }

  #newBatch(bytesMin: number): void {
    const { line } = this
    const spare = bytesMin <= this.#batchBytes ? this.#spares.pop() : undefined
    line.bytes = spare ?? new Uint8Array(Math.max(this.#batchBytes, bytesMin))
    line.at = 0
  }

  #write(): void {
    if (this.#inFlight !== null || this.#retry !== null || this.#full.length === 0) return
    if (this.#fd < 0 && !this.#open()) return
    while (this.#full.length > 0) {
      if (this.#blocks || performance.now() < this.#slowUntilMs) return this.#writeBeside()
      if (!this.#writeOne()) return this.#tryAgainLater()
    }
  }

  /** Writes the first batch; false when the sink is full at the moment. */
  #writeOne(): boolean {
    const batch = this.#full.shift()!
    const beganMs = performance.now()
    try {
      this.#wrote(batch, writeSync(this.#fd, batch.bytes))
    } catch (error) {
      if (!this.#failed(batch, error)) return false
    }
    const nowMs = performance.now()
    if (nowMs - beganMs > SLOW_WRITE_MS) this.#slowUntilMs = nowMs + SLOW_FOR_MS
    return true
  }

  #writeBeside(): void {
    const batch = this.#full.shift()
    if (batch === undefined) return
    this.#inFlight = batch
    write(this.#fd, batch.bytes, (error: Error | null, bytes: number) => {
      this.#inFlight = null
      this.#closeStale()
      if (error === null) this.#wrote(batch, bytes)
      else if (!this.#failed(batch, error)) return this.#tryAgainLater()
      if (this.#isClosed) this.#giveUp()
      else this.#write()
    })
  }

  /** The rest of a short write goes first. */
  #wrote(batch: Batch, bytes: number): void {
    this.#isFailing = false
    this.#retryMs = RETRY_MS_MIN
    this.#waiting -= bytes
    if (bytes < batch.bytes.length)
      this.#full.unshift({ bytes: batch.bytes.subarray(bytes), lines: batch.lines })
    else if (batch.bytes.buffer.byteLength === this.#batchBytes && this.#spares.length < SPARES_MAX) {
      this.#spares.push(new Uint8Array(batch.bytes.buffer))
    }
  }

  /** False when it is only full (EAGAIN: a pipe whose reader is slow) and the batch goes back. */
  #failed(batch: Batch, error: unknown): boolean {
    if (error instanceof Error && 'code' in error && error.code === 'EAGAIN') {
      this.#full.unshift(batch)
      return false
    }
    this.#waiting -= batch.bytes.length
    this.dropped += batch.lines
    this.#tell(error)
    return true
  }

  /** Once, until it works again. */
  #tell(error: unknown): void {
    if (this.#isFailing) return
    this.#isFailing = true
    const reason = error instanceof Error ? error.message : String(error)
    this.#options.onEvent('error', 'access_log_failed', { file: this.#options.file, reason })
  }

  #giveUp(): void {
    for (const batch of this.#full.splice(0)) this.dropped += batch.lines
    this.#waiting = 0
  }

  #tryAgainLater(): void {
    if (this.#isClosed) return this.#giveUp()
    this.#retry = setTimeout(() => {
      this.#retry = null
      this.#write()
    }, this.#retryMs)
    this.#retry.unref()
    this.#retryMs = Math.min(this.#retryMs * 2, RETRY_MS_MAX)
  }

  #closeStale(): void {
    if (this.#inFlight === null) for (const fd of this.#stale.splice(0)) closeSync(fd)
  }
}

/** Room for what comes while the reader of a pipe is not scheduled. Where the system refuses, it stays as it is. */
function enlargePipe(fd: number): void {
  if (process.platform === 'linux' && fstatSync(fd).isFIFO()) libc().fcntl(fd, F_SETPIPE_SZ, PIPE_HOLDS_BYTES)
}
