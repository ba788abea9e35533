// A connection to one address of a server, on its way. Once it stands its socket is another one's.
import { connectionBegins, connectionEnds } from '../lib/descriptor-budget.ts'
import type { Timed, Wheel } from '../lib/wheel.ts'
import type { DialAddress, DialEvents, Dialled, Reached } from '../reach/dial-events.ts'
import type { Dial, DialFailure, Dialler, Socket } from '../sockets/socket.ts'
import type { FaultCode } from '../tables/faults.ts'
import { dialServerAt } from '../tls/dial-tls.ts'
import { whyLate } from '../tls/server-handshakes.ts'
import type { ServerTls } from '../tls/server-tls.ts'

export interface TcpReached extends Reached {
  /** How TLS is spoken with it; null: bytes are passed on as they come. */
  readonly tls: ServerTls | null
  /** What is sent before its handshake; before anything else who takes the connection writes it. */
  readonly header?: Buffer | null
}

export type TcpDialEvents = DialEvents<TcpDial>

/** Who takes its socket has its place in the budget of descriptors too: `connectionEnds` gives that back. */
export class TcpDial implements Dialled, Dialler, Timed {
  dueMs = 0
  filedTick = -1
  filedPlace = 0
  isDialling = true
  /** It stands. */
  socket: Socket | null = null
  readonly #wheel: Wheel
  readonly #events: TcpDialEvents
  #dial: Dial | null = null

  constructor(wheel: Wheel, events: TcpDialEvents) {
    this.#wheel = wheel
    this.#events = events
    connectionBegins()
  }

  start(address: string, { port, tls, header = null }: TcpReached, dueMs: number): void {
    const dial = dialServerAt({ address, port }, tls, header, this)
    // A server on this machine may be connected by now.
    if (!this.isDialling) return
    this.#dial = dial
    this.#wheel.due(this, dueMs)
  }

  get isShaking(): boolean {
    return this.#dial?.isShaking === true
  }

  onConnected(socket: Socket): void {
    this.#settle()
    this.socket = socket
    this.#events.serverOpen(this)
  }

  onDialFailed(failure: DialFailure, detail: string | null = null): void {
    this.#fail(failure, detail)
  }

  expire(): void {
    const code = whyLate(this.#dial)
    this.#dial?.cancel()
    this.#fail(code, null)
  }

  #fail(code: FaultCode, detail: string | null): void {
    if (!this.isDialling) return
    this.#settle()
    connectionEnds()
    this.#events.serverGone(code, detail)
  }

  drop(): void {
    if (!this.isDialling) return
    this.#dial?.cancel()
    this.#settle()
    connectionEnds()
  }

  #settle(): void {
    this.isDialling = false
    this.#dial = null
    this.#wheel.remove(this)
  }

  // Until somebody has taken its socket.

  onData(): void {}

  onDrain(): void {}

  onEnd(): void {}

  onClose(): void {}

  onBroken(): void {}

  terminate(): void {
    this.socket?.terminate()
  }
}

export const dialTcp =
  (wheel: Wheel): DialAddress<TcpReached, TcpDial> =>
  (endpoint, address, events, dueMs) => {
    const made = new TcpDial(wheel, events)
    made.start(address, endpoint, dueMs)
    return made
  }
