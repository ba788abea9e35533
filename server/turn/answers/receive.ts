// Where everything from clients comes in: datagrams at a listener's sockets, and connections that workers
// accepted.
import { nowMs } from '../../lib/clock.ts'
import type { Timed } from '../../lib/wheel.ts'
import { frameLength, isChannelData, NEED_MORE, NOT_A_FRAME } from '../bytes/frames.ts'
import { CLASSES, METHODS } from '../bytes/stun.ts'
import type { Stream, StreamSink } from '../network.ts'
import type { DatagramSink, Source, UdpSocket } from '../../sockets/udp/udp-socket.ts'
import { Client } from '../state/client.ts'
import type { TurnListener } from '../state/listener.ts'
import { Tuples } from '../state/tuples.ts'
import type { TurnState } from '../state/turn-state.ts'
import { channelData } from './channel-data.ts'
import { answerRequest } from './request.ts'
import { send } from './send.ts'

/** Answers the STUN message in [start, start + length); false: it is none. */
function receiveMessage(
  turn: TurnState,
  client: Client,
  bytes: Uint8Array,
  start: number,
  length: number,
): boolean {
  const { message } = turn
  if (!message.decode(bytes, start, length)) {
    client.listener.meter.drop('malformed')
    return false
  }
  if (message.class === CLASSES.REQUEST) answerRequest(turn, client, message)
  else if (message.class === CLASSES.INDICATION && message.method === METHODS.SEND) send(client, message)
  // RFC 8489 §6.3.2: other indications (Binding keeps an address translator awake) have no answer. We ask
  // nothing, so no answer is ours.
  return true
}

/** Hears one socket of a listener: one that is bound to all addresses shows itself as several. */
export class ClientDatagrams implements DatagramSink {
  readonly #turn: TurnState
  readonly #listener: TurnListener
  readonly #place: number
  readonly #met = new Set<Tuples>()

  /** `place`: which of the sockets of behaviour discovery it is. */
  constructor(turn: TurnState, listener: TurnListener, place: number) {
    this.#turn = turn
    this.#listener = listener
    this.#place = place
  }

  onOpen(socket: UdpSocket): void {
    if (!(socket.data instanceof Tuples)) this.#meet(socket)
  }

  onDatagram(socket: UdpSocket, from: Source, bytes: Uint8Array, start: number, length: number): void {
    const tuples = (socket.data ?? this.#meet(socket)) as Tuples
    if (length < 4) return this.#listener.meter.drop('malformed')
    const allocation = tuples.find(from.key)
    if (isChannelData(bytes, start)) {
      if (allocation === null) this.#listener.meter.drop('no_allocation')
      else channelData(allocation, bytes, start, length)
      return
    }
    const client = allocation === null ? Client.ofDatagram(tuples, from.address()) : allocation.client
    receiveMessage(this.#turn, client, bytes, start, length)
  }

  /** The socket is to be closed: who has an allocation there has none any more. */
  close(): void {
    for (const tuples of this.#met)
      for (const allocation of tuples.all) this.#turn.end(allocation, 'listener_removed')
    this.#listener.discovery[this.#place] = null
  }

  #meet(socket: UdpSocket): Tuples {
    const tuples = new Tuples(this.#listener, socket, this.#place)
    socket.data = tuples
    this.#met.add(tuples)
    this.#listener.discovery[this.#place] = socket
    return tuples
  }
}

/** Hears clients' connections. */
export class ClientStreams implements StreamSink {
  readonly #turn: TurnState

  constructor(turn: TurnState) {
    this.#turn = turn
  }

  accept(stream: Stream): void {
    const listener = this.#turn.listeners.get(stream.listener)
    if (listener === undefined) return stream.abort('no such listener')
    const client = Client.ofStream(listener, stream)
    client.idle = new IdleTimer(stream)
    stream.data = client
    stream.sink = this
    stream.stallMs = listener.config.timeouts.idle
    listener.streams.add(client)
    listener.meter.connected(1)
    this.#touch(client)
  }

  onBytes(stream: Stream, bytes: Uint8Array, start: number, length: number): number {
    const client = stream.data as Client
    const end = start + length
    let at = start
    while (at < end) {
      // ChannelData that nobody can have bound is none, and not waited for: HTTP begins like that.
      const isLost = !client.hasAllocated && isChannelData(bytes, at)
      const size = isLost ? NOT_A_FRAME : frameLength(bytes, at, end - at)
      if (size === NEED_MORE) break
      if (!this.#receive(client, bytes, at, size)) {
        stream.abort('not STUN')
        return length
      }
      if (client.isGone) return length
      at += size
      // What follows a ConnectionBind is for the peer.
      if (client.bound !== null)
        return at === end ? length : at - start + stream.sink.onBytes(stream, bytes, at, end - at)
      this.#touch(client)
    }
    return at - start
  }

  onEnd(stream: Stream): void {
    this.#lose(stream.data as Client)
    stream.finish()
  }

  onClose(stream: Stream): void {
    const client = stream.data as Client
    client.left()
    this.#lose(client)
    if (client.idle !== null) this.#turn.parts.wheel.remove(client.idle)
  }

  /** False: no frame, and where the next one begins is unknown. */
  #receive(client: Client, bytes: Uint8Array, at: number, size: number): boolean {
    const { allocation } = client
    if (size === NOT_A_FRAME) {
      client.listener.meter.drop('malformed')
      return false
    }
    if (!isChannelData(bytes, at)) return receiveMessage(this.#turn, client, bytes, at, size)
    if (allocation === null) client.listener.meter.drop('no_allocation')
    else channelData(allocation, bytes, at, size)
    return true
  }

  #lose({ allocation }: Client): void {
    if (allocation !== null) this.#turn.lost(allocation)
  }

  /** A connection without an allocation ends when it is silent: bytes that make no message are silence. */
  #touch({ allocation, idle, listener }: Client): void {
    if (allocation === null && idle !== null)
      this.#turn.parts.wheel.due(idle, nowMs + listener.config.timeouts.idle)
  }
}

class IdleTimer implements Timed {
  readonly #stream: Stream
  dueMs = 0
  filedTick = -1
  filedPlace = -1

  constructor(stream: Stream) {
    this.#stream = stream
  }

  expire(): void {
    this.#stream.abort('idle')
  }
}
