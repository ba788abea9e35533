// A client at one end of a five-tuple: over UDP a source address at one of our sockets, else a connection.
import type { Timed } from '../../lib/wheel.ts'
import type { Address } from '../../lib/address.ts'
import type { Stream } from '../network.ts'
import type { UdpSocket } from '../../sockets/udp/udp-socket.ts'
import type { Allocation } from './allocation.ts'
import type { TurnListener } from './listener.ts'
import type { PeerConnection } from './peer-connection.ts'
import type { Tuples } from './tuples.ts'

export class Client {
  readonly listener: TurnListener
  readonly transport: 'udp' | 'tcp' | 'tls'
  readonly address: Address
  /** Where it reached us. */
  readonly local: Address
  /** Over UDP; else null. */
  readonly tuples: Tuples | null
  readonly socket: UdpSocket | null
  readonly stream: Stream | null
  allocation: Allocation | null = null
  /** It had an allocation at some time: its ChannelData may be late, and is no other protocol. */
  hasAllocated = false
  /** Ends a connection whose client has no allocation and says nothing. */
  idle: Timed | null = null
  /** What a data connection is bound to (RFC 6062). */
  bound: PeerConnection | null = null
  /** Its connection is closed. */
  isGone = false

  private constructor(
    listener: TurnListener,
    address: Address,
    tuples: Tuples | null,
    stream: Stream | null,
  ) {
    this.listener = listener
    this.address = address
    this.tuples = tuples
    this.socket = tuples?.socket ?? null
    this.stream = stream
    this.transport = stream?.transport ?? 'udp'
    this.local = stream?.local ?? tuples!.socket.address
  }

  static ofDatagram(tuples: Tuples, address: Address): Client {
    return new Client(tuples.listener, address, tuples, null)
  }

  static ofStream(listener: TurnListener, stream: Stream): Client {
    return new Client(listener, stream.remote, null, stream)
  }

  /** A connection was closed. */
  left(): void {
    if (this.isGone) return
    this.isGone = true
    this.listener.streams.delete(this)
    this.listener.meter.connected(-1)
  }

  /**
   * Sends a message that is not in the arena. A connection that does not take it is of no use any more: its
   * client lost count.
   */
  send(message: Uint8Array): void {
    if (this.socket !== null) this.socket.sendCopy(this.address, message)
    else if (this.stream?.send(message, 0, message.length) === false)
      this.stream.abort('the client does not read')
  }

  /**
   * Sends data; false: a connection whose client reads too slowly. `isArena`: the bytes stay as they are to
   * the end of the turn, else they are copied where that is needed.
   */
  sendData(bytes: Uint8Array, start: number, length: number, isArena: boolean): boolean {
    const { socket } = this
    if (socket === null) return this.stream !== null && this.stream.send(bytes, start, length)
    if (isArena) socket.send(this.address, bytes, start, length)
    else socket.sendCopy(this.address, bytes.subarray(start, start + length))
    return true
  }
}
