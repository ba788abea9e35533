// The connection of one check: opened for it, never used again.
import type { Socket } from 'bun'
import { dial, dialResult, type DialFailure } from '../../lib/dial.ts'

export interface ProbeEvents {
  connected(): void
  data(bytes: Uint8Array): void
  /** The server has finished or broken off. */
  ended(): void
  /** No connection came to be. */
  failed(reason: string): void
}

export interface ProbeConnection {
  /** Begins to connect; events may come before it returns. */
  start(): void
  write(bytes: Uint8Array): void
  /** Ends it in either direction; no event follows. */
  close(): void
}

/** Makes a connection to an address literal, to be started. */
export type Connect = (address: string, port: number, events: ProbeEvents) => ProbeConnection

/** A server that does not answer our FIN is cut off after this. */
const LINGER_MS = 1000

/** Why a check was none: no descriptor was left to make it with. It says nothing about the server. */
export const UNTRIED = 'no descriptor left to check it with'

const REASONS: Readonly<Record<DialFailure, string>> = {
  connect_refused: 'connect refused',
  connect_timeout: 'connect timed out',
  connect_failed: 'connect failed',
  descriptor_limit: UNTRIED,
}

/** Makes one of TCP. */
export const connectTcp: Connect = (address, port, events) => new TcpConnection(address, port, events)

class TcpConnection implements ProbeConnection {
  readonly #address: string
  readonly #port: number
  #events: ProbeEvents | null
  #socket: Socket<TcpConnection> | null = null
  #isConnected = false
  #rest: Uint8Array = new Uint8Array(0)

  constructor(address: string, port: number, events: ProbeEvents) {
    this.#address = address
    this.#port = port
    this.#events = events
  }

  start(): void {
    const failure = dial<TcpConnection>(this.#address, this.#port, this, HANDLERS)
    if (failure !== null) this.#fail(failure)
  }

  write(bytes: Uint8Array): void {
    this.#rest = Buffer.concat([this.#rest, bytes])
    this.#flush()
  }

  /** With a FIN where it stands, so that the server sees an orderly end. */
  close(): void {
    this.#events = null
    const socket = this.#socket
    if (socket === null) return
    if (!this.#isConnected) return void socket.terminate()
    socket.shutdown()
    setTimeout(() => socket.terminate(), LINGER_MS).unref()
  }

  onOpen(socket: Socket<TcpConnection>): void {
    this.#socket = socket
    // Given up meanwhile: only where a pending connect cannot be.
    if (this.#events === null) return void socket.terminate()
    this.onProgress()
  }

  /** Something has happened to the socket: it may be connected now, or have failed, or take more bytes. */
  onProgress(): void {
    if (this.#socket === null || this.#events === null) return
    if (this.#isConnected) return this.#flush()
    const result = dialResult(this.#socket)
    if (result === 'pending') return
    if (result !== 'connected') return this.#fail(result)
    this.#isConnected = true
    this.#events.connected()
  }

  onData(bytes: Uint8Array): void {
    this.#events?.data(bytes)
  }

  onEnd(): void {
    if (!this.#isConnected) this.onProgress()
    const events = this.#events
    if (events === null) return
    if (!this.#isConnected) return this.#fail('connect_failed')
    this.#events = null
    this.#socket?.shutdown()
    events.ended()
  }

  #flush(): void {
    if (this.#socket === null || this.#rest.length === 0) return
    const taken = this.#socket.write(this.#rest)
    if (taken > 0) this.#rest = this.#rest.subarray(taken)
  }

  #fail(failure: DialFailure): void {
    const events = this.#events
    this.#events = null
    this.#socket?.terminate()
    events?.failed(REASONS[failure])
  }
}

const HANDLERS = {
  open: (socket: Socket<TcpConnection>) => socket.data.onOpen(socket),
  drain: (socket: Socket<TcpConnection>) => socket.data.onProgress(),
  data: (socket: Socket<TcpConnection>, bytes: Buffer) => socket.data.onData(bytes),
  end: (socket: Socket<TcpConnection>) => socket.data.onEnd(),
  close: (socket: Socket<TcpConnection>) => socket.data.onEnd(),
  error: (socket: Socket<TcpConnection>) => socket.data.onEnd(),
  // Where dial is Bun.connect (not on Linux), a failure comes here.
  connectError: (socket: Socket<TcpConnection>) => socket.data.onEnd(),
}
