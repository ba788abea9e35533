// A UDP socket as those see it who serve it: types, and how much room its datagrams have.
import type { Address, AddressKey } from '../../lib/address.ts'

/**
 * Bytes before a received datagram that may be overwritten: room for the longest header that is put before
 * it.
 */
export const HEADROOM = 64
/** Bytes behind it: room for padding. */
export const TAILROOM = 4

/** Whom a datagram came from. One object, reused: good only until the sink returns. */
export interface Source {
  /** Of address and port, as Address.key. */
  readonly key: AddressKey
  /** Of the address alone, as Address.ipKey. */
  readonly ipKey: AddressKey
  /** A copy to keep. */
  address(): Address
}

/**
 * Who is told of datagrams. `bytes` is the arena of this turn: the datagram stands in [start, start +
 * length).
 */
export interface DatagramSink {
  /**
   * A socket stands, before its first datagram: at once, or where it is bound to every address, when this
   * local address is known.
   */
  onOpen?(socket: UdpSocket): void
  onDatagram(socket: UdpSocket, from: Source, bytes: Uint8Array, start: number, length: number): void
}

export interface UdpSocket {
  /**
   * Where it is reached. A socket that is bound to every address of the machine shows itself as one UdpSocket
   * for each local address that datagrams came to, so that an answer leaves from the address that was asked
   * (and a five-tuple is known by socket and source).
   */
  readonly address: Address
  /** The sink's own. */
  data: unknown
  /**
   * Sends bytes of the arena, in place: they must not change until the turn ends. What cannot be sent now is
   * dropped, as the network would. Bytes from elsewhere (of a stream) are copied at once. `dontFragment`:
   * with the DF bit (false: the system's default).
   */
  send(to: Address, bytes: Uint8Array, start: number, length: number, dontFragment?: boolean): void
  /** The same for all of an array that is not the arena. */
  sendCopy(to: Address, bytes: Uint8Array, dontFragment?: boolean): void
  close(): void
}
