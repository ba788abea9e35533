// The way in of a client's connection: what each step of it hands to the next. A step becomes the owner of
// the socket (`socket.data`) until it hands on:
//
//   open address → gate (counted, limited) → [PROXY header] → [TLS] → codec
import type { TlsFacts } from '../tls/accept-tls.ts'
import type { Socket } from '../sockets/socket.ts'

/** What is known of a connection when its codec gets it. Who owns its socket when that ends says `gone`. */
export interface Accepted {
  /**
   * The client, as far as the way in knows: whom a PROXY header names, else the other end of the socket;
   * 'unknown' where nobody could tell.
   */
  readonly address: string
  readonly port: number
  /** The other end of the socket. */
  readonly socketAddress: string
  /** Where the client came in: as the PROXY header says, else here; undefined once the socket is broken. */
  readonly localAddress: string | undefined
  readonly localPort: number
  /** A PROXY header named client and local address. */
  readonly isNamed: boolean
  readonly scheme: 'http' | 'https'
  readonly tls: TlsFacts | null
  /** The name that its TLS asks for (SNI), which is not ended here; null: none, or nobody looked. */
  readonly askedFor: string | null
  /** It was broken before it was accepted: what came can be read, but nobody waits for an answer. */
  readonly isReset: boolean
  /** Its place among the connections of its listener is free again: said once, by the last owner. */
  gone(): void
}

/** Becomes the owner of an accepted socket, and is told of its events from now on. */
export interface Entry {
  accept(socket: Socket, from: Accepted): void
}
