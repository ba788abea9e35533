// A client that came over TCP or TLS to a turn listener, until the relay has it. One of TCP is handed over by
// its descriptor, through the relay's door, and the connection there only tells that it is there. Of another
// (TLS, Bun's sockets, a relay without a descriptor for it) bytes pass through here both ways as they come.
//
//   silent ──first byte is STUN's──▶ knocking ──the door is open──▶ handing ──▶ handed ──▶ over
//                                                             └────────┴──▶ spliced ──▶ over
import type { Accepted } from '../accept/entry.ts'
import { nowMs } from '../lib/clock.ts'
import { closeFds } from '../lib/pass-fds.ts'
import { keepable } from '../lib/read-piece.ts'
import type { Dialler, Socket } from '../sockets/socket.ts'
import { sockets } from '../sockets/sockets.ts'
import { Splice } from '../sockets/splice.ts'
import type { Timed } from '../lib/wheel.ts'
import type { TurnListener } from '../snapshot/snapshot.ts'
import { type ProxyHeader, writeProxyHeader } from '../lib/proxy-header.ts'
import { cutOff, Handing, type HandingOwner } from './handing.ts'
import type { StreamClients } from './stream-clients.ts'

/**
 * A client waits 2 s for the door. It stays open while the relay is replaced, so this is rare: too many wait
 * there.
 */
const KNOCK_AGAIN_MS = 250
const KNOCKS = 9
/** While draining: what a client says first may be on its way so long after it was let in. */
const FIRST_BYTE_MS = 1000

type Stage = 'silent' | 'knocking' | 'handing' | 'handed' | 'spliced' | 'over'

const NOTHING: Buffer = Buffer.alloc(0)

/**
 * Whether a connection that begins with this byte is the relay's: STUN begins so (RFC 8489 §5: two zero bits,
 * then the class).
 */
export const isForRelay = (first: number | undefined): boolean => first === 0x00 || first === 0x01

export class StreamClient implements Dialler, Timed, HandingOwner {
  dueMs = 0
  filedTick = -1
  filedPlace = 0
  readonly listener: TurnListener
  #stage: Stage = 'silent'
  readonly #clients: StreamClients
  #socket: Socket
  readonly #from: Accepted
  /** What it has said, until that is on its way. */
  #said: Buffer[] = []
  #header: ProxyHeader | null = null
  #hasEnded = false
  /** Its connection with the relay. */
  #door: Socket | null = null
  #handing: Handing | null = null
  /** Its descriptor while it is nobody else's yet; -1: it is its socket's, or the relay's. */
  #fd = -1
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
    if (this.#stage !== 'silent' && this.#stage !== 'knocking') return
    this.#said.push(keepable(bytes, 0, bytes.length))
    if (this.#stage === 'knocking') return
    // Now: a socket that is given away knows no address any more.
    this.#header = this.#headerOf(this.#from)
    if (!isForRelay(bytes[0]) || this.#written(false) === NOTHING) return this.terminate()
    this.#stage = 'knocking'
    this.#socket.pause()
    this.#knock()
  }

  #headerOf({ address, port, localAddress, localPort, tls }: Accepted): ProxyHeader {
    return {
      clientHost: address,
      clientPort: port,
      localHost: localAddress,
      localPort,
      isTls: tls !== null,
      listener: this.listener.name,
    }
  }

  /** Empty: where it came from is not known. */
  #written(hasDescriptor: boolean): Buffer {
    const header = this.#header
    return (header && writeProxyHeader({ ...header, hasDescriptor })) ?? NOTHING
  }

  /** The outcome comes to onConnected or onDialFailed, perhaps before this returns. */
  #knock(): void {
    this.#knocks++
    sockets().dialUnix(this.listener.door, this)
  }

  /** The door is open. */
  onConnected(door: Socket): void {
    if (this.#stage !== 'knocking') return void door.terminate()
    this.#clients.wheel.remove(this)
    this.#door = door
    if (!this.#handOver(door)) this.#join([this.#written(false), ...this.#said])
  }

  // ── handed over ──

  /** False: it cannot be. */
  #handOver(door: Socket): boolean {
    // Sockets of one loop can all do it, and others none; of TLS what a descriptor brings is of no use.
    if (this.#from.tls !== null || door.detach === undefined || this.#hasEnded) return false
    if (this.#socket.detach?.() !== true) return false
    if (this.#stage !== 'knocking') return true
    this.#stage = 'handing'
    this.#handing = new Handing(door, this)
    if (this.#fd >= 0) this.#pass()
    return true
  }

  /** Its socket has let go of it, perhaps within the call that asked for that. */
  onDetached(fd: number, bytes: Buffer): void {
    if (this.#stage === 'over') return cutOff(fd)
    this.#fd = fd
    this.#said.push(bytes)
    if (this.#stage === 'handing') this.#pass()
  }

  #pass(): void {
    const message = Buffer.concat([this.#written(true), ...this.#said])
    // While a relay is replaced the message waits for the next one.
    const isSent = this.#handing?.pass(this.#fd, message) === true
    if (this.#stage !== 'handing') return
    if (isSent) this.#wait(this.listener.options.timeouts.idle)
    else this.#takeBack([this.#written(false), ...this.#said], NOTHING)
  }

  taken(): void {
    if (this.#stage !== 'handing') return
    closeFds([this.#fd])
    this.#fd = -1
    this.#said = []
    this.#stage = 'handed'
    this.#clients.wheel.remove(this)
    if (this.#clients.isDraining) this.drain()
  }

  notTaken(said: Buffer): void {
    if (this.#stage === 'handing') this.#takeBack([], said)
  }

  doorClosed(): void {
    this.terminate()
  }

  /** Bytes pass through here, after all. */
  #takeBack(toRelay: readonly Buffer[], toClient: Buffer): void {
    const socket = sockets().adopt?.(this.#fd, this)
    if (socket === undefined) return this.terminate()
    this.#fd = -1
    this.#socket = socket
    this.#join(toRelay, toClient)
  }

  // ── bytes through here ──

  #join(toRelay: readonly Buffer[], toClient: Buffer = NOTHING): void {
    const { wheel } = this.#clients
    wheel.remove(this)
    this.#stage = 'spliced'
    this.#said = []
    // Who may be silent, and for how long, is the relay's to say: it knows who has an allocation.
    const splice = new Splice({ wheel, idleMs: 0, stallMs: this.listener.options.timeouts.idle, owner: this })
    this.#splice = splice
    for (const bytes of toRelay) splice.inner.write(bytes)
    this.#socket.resume()
    splice.outer.attach(this.#socket)
    if (this.#hasEnded) splice.outer.onEnd()
    splice.inner.attach(this.#door!)
    if (toClient.length > 0) splice.inner.onData(toClient)
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

  // ── its end ──

  /**
   * No further client is served: one that has said nothing yet has a moment from when it came, no more; one
   * that the relay has is the relay's alone.
   */
  drain(): void {
    if (this.#stage === 'handed') return this.terminate()
    if (this.#stage !== 'silent') return
    const leftMs = this.#letInMs + FIRST_BYTE_MS - nowMs
    if (leftMs <= 0) return this.terminate()
    this.#wait(leftMs)
  }

  /** Ends it, and its place at the relay, at once; one that was handed over is let go. */
  terminate(): void {
    if (this.#stage === 'over') return
    if (this.#splice) return this.#splice.abort()
    const fd = this.#fd
    this.#over()
    if (fd >= 0) cutOff(fd)
    this.#socket.terminate()
    this.#door?.terminate()
  }

  onDrain(): void {}

  onBroken(): void {
    this.terminate()
  }

  /** Nothing came, or nothing more does. */
  onEnd(): void {
    if (this.#stage === 'knocking') this.#hasEnded = true
    else this.terminate()
  }

  onClose(): void {
    if (this.#splice === null) this.terminate()
  }

  /** Both sockets of its splice are gone. */
  spliceGone(): void {
    this.#over()
  }

  #over(): void {
    if (this.#stage === 'over') return
    this.#stage = 'over'
    this.#fd = -1
    this.#said = []
    this.#clients.wheel.remove(this)
    this.#from.gone()
    this.#clients.closed(this)
  }
}
