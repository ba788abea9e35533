// An owner that writes down what it is told.
import type { DialFailure, Dialler, Socket } from '../../../../server/sockets/socket.ts'

export class Recorder implements Dialler {
  socket: Socket | null = null
  /** In order; bytes that follow each other are one `data`. */
  readonly events: string[] = []
  readonly received: Buffer[] = []
  receivedBytes = 0
  /** It was given away: its descriptor, and what had come for it. */
  fd = -1
  rest = Buffer.alloc(0)
  /** Called within the event of that name. */
  readonly on: {
    data?: (bytes: Buffer) => void
    drain?: () => void
    end?: () => void
    close?: () => void
    detached?: (fd: number) => void
    connected?: (socket: Socket) => void
  } = {}

  get text(): string {
    return Buffer.concat(this.received).toString('latin1')
  }

  get isClosed(): boolean {
    return this.events.some((event) => event.startsWith('close'))
  }

  has(event: string): boolean {
    return this.events.includes(event)
  }

  #note(event: string): void {
    if (event !== 'data' || this.events.at(-1) !== 'data') this.events.push(event)
  }

  onData(bytes: Buffer): void {
    this.#note(bytes.length > 0 ? 'data' : 'no data')
    this.receivedBytes += bytes.length
    this.received.push(Buffer.from(bytes))
    this.on.data?.(bytes)
  }

  onDrain(): void {
    this.#note('drain')
    this.on.drain?.()
  }

  onEnd(): void {
    this.#note('end')
    this.on.end?.()
  }

  onClose(isBroken: boolean): void {
    this.#note(isBroken ? 'close broken' : 'close')
    this.on.close?.()
  }

  onDetached(fd: number, bytes: Buffer): void {
    this.#note('detached')
    this.fd = fd
    this.rest = Buffer.from(bytes)
    this.on.detached?.(fd)
  }

  onBroken(): void {
    this.#note('broken')
  }

  terminate(): void {
    this.#note('terminate')
    this.socket?.terminate()
  }

  onConnected(socket: Socket): void {
    this.socket = socket
    this.#note('connected')
    this.on.connected?.(socket)
  }

  onDialFailed(failure: DialFailure): void {
    this.#note(failure)
  }
}
