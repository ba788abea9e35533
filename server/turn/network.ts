// What the TURN engine asks of the network, and what it is told: types only. server/turn/sockets/ is the real
// one; tests have their own. All is synchronous: one turn of the loop reads what has arrived, calls the
// sinks, and sends what they gave it.
import type { Address } from '../lib/address.ts'
import type { DatagramSink, UdpSocket } from '../sockets/udp/udp-socket.ts'

/** Who is told what happens to a stream. */
export interface StreamSink {
  /**
   * All bytes that have arrived and were not consumed yet; returns how many it consumes now. Bytes that are
   * left come again with more behind them; a sink that leaves 64 KiB and more unconsumed has its stream
   * aborted. `bytes` is not to be kept. Where the sink is replaced, in this call or later, the new one is
   * given what is left without more having to arrive; so is the same one after resume().
   */
  onBytes(stream: Stream, bytes: Uint8Array, start: number, length: number): number
  /** A connect() of ours stands. */
  onOpen?(stream: Stream): void
  /** What was queued is gone, be it that it only waited for the end of the turn. */
  onDrain?(stream: Stream): void
  /**
   * The other side sends no more (FIN); what we send still goes out. Without this handler the stream is
   * finished.
   */
  onEnd?(stream: Stream): void
  /**
   * It is gone, once. `why` is null when both sides finished in order, else a few words ("refused", "timed
   * out", "reset").
   */
  onClose(stream: Stream, why: string | null): void
}

/** A connection: of a client (through a worker), or to or from a peer (RFC 6062). */
export interface Stream {
  readonly transport: 'tcp' | 'tls'
  /** Listener that the client came to; empty for a peer. */
  readonly listener: string
  /** The other side. */
  readonly remote: Address
  /** Our side, as the other side sees it. */
  readonly local: Address
  /** Who is told; may be replaced at any time. Whoever accepts a stream sets it before returning. */
  sink: StreamSink
  /** The sink's own. */
  data: unknown
  /**
   * What waits to be sent and is not taken for so long ends it, as its other side does not read; set by
   * whoever accepts it. Nothing where a worker looks after that.
   */
  stallMs?: number
  /**
   * Bytes given to send() that the kernel has not taken: all that was sent in this turn may be among them.
   */
  readonly queued: number
  /**
   * Sends all of it when the turn ends, with what else is sent until then; keeps what the kernel does not
   * take. False: dropped whole, as more than `most` bytes (default 256 KiB) would be queued.
   */
  send(bytes: Uint8Array, start: number, length: number, most?: number): boolean
  pause(): void
  resume(): void
  /**
   * Sends what is queued, then FIN; gone when the other side ends too, or when nothing has moved for 10 s.
   * The sink still hears the other side.
   */
  finish(): void
  /**
   * Gone at once, by a reset where it is TCP, unless all that was sent to a client is on its way. Its sink
   * hears onClose within this call, unless it is gone already.
   */
  abort(why?: string): void
}

export interface TcpListener {
  close(): void
}

export type OpenFailure = 'in_use' | 'failed'

export interface Network {
  /** Binds a UDP socket to this address of the machine. */
  openUdp(local: Address, sink: DatagramSink): UdpSocket | OpenFailure
  /**
   * Listens for TCP on this address, in a way that connections can also be made from it (SO_REUSEADDR,
   * SO_REUSEPORT).
   */
  listenTcp(local: Address, accept: (stream: Stream) => void): TcpListener | OpenFailure
  /** Connects from this address and port. The outcome comes to the sink: onOpen, or onClose with why. */
  connectTcp(local: Address, peer: Address, sink: StreamSink): Stream | OpenFailure
}
