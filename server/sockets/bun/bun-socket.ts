// A connection on Bun's sockets, and what their events mean to its owner.
import type { Socket as NativeSocket, SocketHandler } from 'bun'
import { tellBug } from '../../lib/bug.ts'
import { tick } from '../../lib/clock.ts'
import { flush } from '../../lib/stage.ts'
import { IPPROTO_TCP, setOption, TCP_CORK } from '../calls.ts'
import { endsOf } from '../socket-ends.ts'
import { type Dialler, NOBODY, type Socket, type SocketEnds, type SocketEvents } from '../socket.ts'
import { connectResult } from '../start-connect.ts'
import { handshakeEnds } from './shaking.ts'
import { type Pumped, enqueue, isQuiet, pump, unpump } from './pump.ts'

/** As much as one read of Bun's brings: beyond it there may be more. */
const READ_BYTES_MAX = 512 * 1024

/** As Bun has it, beyond its public types. */
export type Native = NativeSocket<BunSocket> & {
  readonly fd: number
  readonly localAddress: string | undefined
}

export class BunSocket implements Socket, Pumped {
  owner: SocketEvents = NOBODY
  readonly isDecrypted: boolean
  isPumped = false
  isQueued = false
  isPaused = false
  isClosed = false
  /** Found past Bun, to which it looks like an end. */
  isBroken = false
  /** What may be read for sure as what is read now. */
  readable = 0
  /** Who waits for it to be connected; null: it is, or nobody does. */
  dialler: Dialler | null = null
  /** Of Bun: for TLS, which goes on with another. */
  native: Native
  #isNativePaused = false
  #lastRead = 0
  /** It took less than it was given. */
  #isBlocked = false
  #hasShut = false

  constructor(native: Native, isDecrypted = false) {
    this.native = native
    this.isDecrypted = isDecrypted
  }

  get fd(): number {
    return this.native.fd
  }

  get localAddress(): string | undefined {
    return this.native.localAddress?.replace(/^::ffff:(?=\d)/, '')
  }

  get localPort(): number {
    // Undefined once it is broken, whatever the types say.
    return (this.native.localPort as number | undefined) ?? 0
  }

  ends(): SocketEnds {
    return endsOf(this.native)
  }

  // ── writing ──

  write(bytes: Buffer, from: number, to: number): number {
    return this.#taken(this.native.write(bytes, from, to - from), to - from)
  }

  /** Of what was given. One that is found broken by a write is told to Bun's reading as an end. */
  #taken(taken: number, given: number): number {
    this.#isBlocked = taken < given
    if (taken < 0 && !this.#hasShut) this.isBroken = true
    return taken
  }

  /** Bun says so as it opens as well, and where nobody waits for it. */
  hasRoom(): void {
    if (!this.#isBlocked) return
    this.#isBlocked = false
    this.owner.onDrain()
  }

  writeBoth(first: Buffer, bytes: Buffer, from: number, to: number): number {
    const taken = this.write(first, 0, first.length)
    if (taken < first.length) return taken
    const more = this.write(bytes, from, to)
    return more < 0 ? more : taken + more
  }

  /** What is written now, TLS's own last words and the FIN behind them leave together. */
  endSoon(): void {
    if (process.platform === 'linux' && this.fd >= 0) setOption(this.fd, IPPROTO_TCP, TCP_CORK, 1)
  }

  shutdown(): void {
    this.#hasShut = true
    this.native.shutdown()
  }

  terminate(): void {
    this.native.terminate()
  }

  // ── reading ──

  pause(): void {
    if (this.isPaused) return
    this.isPaused = true
    this.settleReading()
  }

  resume(): void {
    if (!this.isPaused) return
    this.isPaused = false
    if (this.isPumped) enqueue(this)
    else this.settleReading()
  }

  /** Bun reads unless its owner pauses, or its bytes are read past it. */
  settleReading(): void {
    const pauses = this.isPaused || this.isPumped
    if (pauses === this.#isNativePaused || this.isClosed) return
    this.#isNativePaused = pauses
    if (pauses) this.native.pause()
    else this.native.resume()
  }

  expectVolume(bytes: number): void {
    this.readable = bytes
    if (bytes > 0) pump(this)
    else unpump(this)
  }

  get mayHoldMore(): boolean {
    return this.isPumped || this.#lastRead >= READ_BYTES_MAX
  }

  get isQuiet(): boolean {
    return this.isDecrypted || isQuiet(this.fd)
  }

  /** Bytes have come, to Bun or past it. */
  received(bytes: Buffer): void {
    this.#lastRead = bytes.length
    this.readable -= bytes.length
    this.owner.onData(bytes)
  }

  broke(): void {
    this.isBroken = true
    this.terminate()
  }

  // ── being dialled ──

  /** A socket that is being connected has reported something. */
  settle(): void {
    const { dialler } = this
    if (dialler === null) return
    const result = process.platform === 'linux' ? connectResult(this.fd) : 'connected'
    if (result === 'pending') return
    this.dialler = null
    if (result === 'connected') return dialler.onConnected(this)
    this.owner = NOBODY
    this.terminate()
    dialler.onDialFailed(result)
  }
}

/** The events of all of Bun's sockets. */
export const bunEvents = {
  data(native: NativeSocket<BunSocket>, bytes: Buffer): void {
    tick()
    native.data.received(bytes)
    flush()
  },
  drain({ data: socket }: NativeSocket<BunSocket>): void {
    tick()
    if (socket.dialler !== null) socket.settle()
    else socket.hasRoom()
    flush()
  },
  end({ data: socket }: NativeSocket<BunSocket>): void {
    tick()
    socket.settle()
    // A reset that a write was told first is told here as if it were an end.
    if (socket.isBroken) socket.terminate()
    else socket.owner.onEnd()
    flush()
  },
  close({ data: socket }: NativeSocket<BunSocket>, error?: Error): void {
    tick()
    socket.isClosed = true
    handshakeEnds(socket)
    const { dialler } = socket
    socket.dialler = null
    if (dialler === null) socket.owner.onClose(error !== undefined || socket.isBroken)
    else dialler.onDialFailed('connect_failed')
    flush()
  },
  /**
   * A socket's own errors are followed by its close event, which is what counts. What a handler threw is a
   * bug: told, and contained.
   */
  error({ data: socket }: NativeSocket<BunSocket>, error: Error): void {
    if ('syscall' in error || 'errno' in error) return
    tellBug(error)
    socket.owner.terminate()
  },
} satisfies SocketHandler<BunSocket>
