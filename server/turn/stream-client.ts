// A client that came over TCP or TLS to a turn listener, until the relay has it: the relay takes it through
// its door, and from then on bytes pass both ways as they come.
//
//   silent ──first byte is STUN's──▶ knocking ──the door is open──▶ spliced ──▶ over
import type { Accepted } from '../accept/entry.ts'
import { nowMs } from '../lib/clock.ts'
import type { Dialler, Socket } from '../sockets/socket.ts'
import { sockets } from '../sockets/sockets.ts'
import { Splice } from '../sockets/splice.ts'
import type { Timed } from '../lib/wheel.ts'
import type { TurnListener } from '../snapshot/snapshot.ts'
import { writeProxyHeader } from '../lib/proxy-header.ts'
import type { StreamClients } from './stream-clients.ts'

/**
 * A client waits 2 s for the door. It stays open while the relay is replaced, so this is rare: too many wait
 * there.
 */
const KNOCK_AGAIN_MS = 250
const KNOCKS = 9
/** While draining: what a client says first may be on its way so long after it was let in. */
const FIRST_BYTE_MS = 1000

type Stage = 'silent' | 'knocking' | 'spliced' | 'over'

/**
 * Whether a connection that begins with this byte is the relay's: STUN begins so (RFC 8489 §5: two zero bits,
 * then the class).
 */
export const isForRelay = (first: number | undefined): boolean => first === 0x00 || first === 0x01

export class StreamClient implements Dialler, Timed {
  dueMs = 0
  filedTick = -1
  filedPlace = 0
  readonly listener: TurnListener
  #stage: Stage = 'silent'
  readonly #clients: StreamClients
  readonly #socket: Socket
  readonly #from: Accepted
  #splice: Splice | null = null
  #knocks = 0
  /** When it could begin to speak. */
  readonly #letInMs = nowMs

  constructor(clients: StreamClients, listener: TurnListener, socket: Socket, from: Accepted) {
    this.#clients = clients
    this.listener = listener
    this.#socket = socket
    this.#from = from
    this.#wait(clients.isDraining ? FIRST_BYTE_MS : listener.options.timeouts.idle)
  }

  onData(bytes: Buffer): void {
    if (this.#stage !== 'silent') return
    if (!isForRelay(bytes[0])) return this.terminate()
    const header = this.#header()
    if (header === null) return this.terminate()
    const { wheel } = this.#clients
    // Who may be silent, and for how long, is the relay's to say: it knows who has an allocation.
    this.#splice = new Splice({ wheel, idleMs: 0, stallMs: this.listener.options.timeouts.idle, owner: this })
    const { outer, inner } = this.#splice
    inner.write(header)
    outer.attach(this.#socket)
    outer.onData(bytes)
    this.#stage = 'knocking'
    this.#knock()
  }

  #header(): Buffer | null {
    const { address, port, localAddress, localPort, tls } = this.#from
    return writeProxyHeader({
      clientHost: address,
      clientPort: port,
      localHost: localAddress,
      localPort,
      isTls: tls !== null,
      listener: this.listener.name,
    })
  }

  /** The outcome comes to onConnected or onDialFailed, perhaps before this returns. */
  #knock(): void {
    this.#knocks++
    sockets().dialUnix(this.listener.door, this)
  }

  /** The door is open. */
  onConnected(socket: Socket): void {
    if (this.#stage !== 'knocking' || this.#splice === null) return void socket.terminate()
    this.#stage = 'spliced'
    this.#clients.wheel.remove(this)
    this.#splice.inner.attach(socket)
  }

  onDialFailed(): void {
    if (this.#stage !== 'knocking') return
    // While draining, no relay comes that would open it.
    if (this.#knocks >= KNOCKS || this.#clients.isDraining) return this.terminate()
    this.#wait(KNOCK_AGAIN_MS)
  }

  #wait(ms: number): void {
    this.#clients.wheel.due(this, nowMs + ms)
  }

  expire(): void {
    if (this.#stage === 'knocking') this.#knock()
    else if (this.#stage !== 'spliced') this.terminate()
  }

  /** No further client is served: one that has said nothing yet has a moment from when it came, no more. */
  drain(): void {
    if (this.#stage !== 'silent') return
    const leftMs = this.#letInMs + FIRST_BYTE_MS - nowMs
    if (leftMs <= 0) return this.terminate()
    this.#wait(leftMs)
  }

  /** Ends it, and its place at the relay, at once. */
  terminate(): void {
    if (this.#stage === 'over') return
    if (this.#splice) return this.#splice.abort()
    const socket = this.#socket
    this.#over()
    socket.terminate()
  }

  onDrain(): void {}

  onBroken(): void {
    this.terminate()
  }

  /** Nothing came. */
  onEnd(): void {
    this.terminate()
  }

  onClose(): void {
    if (this.#splice === null) this.#over()
  }

  /** Both sockets of its splice are gone. */
  spliceGone(): void {
    this.#over()
  }

  #over(): void {
    if (this.#stage === 'over') return
    this.#stage = 'over'
    this.#clients.wheel.remove(this)
    this.#from.gone()
    this.#clients.closed(this)
  }
}
