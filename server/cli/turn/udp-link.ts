// UDP to a server: a connected socket, so that the kernel tells when nobody listens there, and drops what
// others send.
import { Address } from '../../lib/address.ts'
import { failureOf, type Link, type LinkFailure, type LinkSink, type LinkTarget } from './link.ts'

/** Opens a socket that speaks with this one address. Whether somebody is there, only answers tell. */
export async function openUdpLink({ address }: LinkTarget, sink: LinkSink): Promise<Link | LinkFailure> {
  try {
    const socket = await Bun.udpSocket({
      hostname: address.family === 4 ? '0.0.0.0' : '::',
      connect: { hostname: address.host, port: address.port },
      socket: {
        data: (_socket, bytes) => sink.onMessage(Uint8Array.from(bytes)),
        // Called with the error alone, against its types.
        error: (...told: readonly unknown[]) => sink.onRefused(failureOf(told.at(-1)).detail),
      },
    })
    const local = Address.parse(socket.address.address, socket.address.port) ?? address
    return new UdpLink(socket, local, address, sink)
  } catch (problem) {
    return failureOf(problem)
  }
}

class UdpLink implements Link {
  readonly transport = 'udp'
  readonly certificate = null
  readonly local: Address
  readonly remote: Address
  readonly #socket: Bun.udp.ConnectedSocket<'buffer'>
  readonly #sink: LinkSink

  constructor(socket: Bun.udp.ConnectedSocket<'buffer'>, local: Address, remote: Address, sink: LinkSink) {
    this.#socket = socket
    this.local = local
    this.remote = remote
    this.#sink = sink
  }

  send(bytes: Uint8Array): boolean {
    if (this.#socket.closed) return false
    try {
      this.#socket.send(bytes)
    } catch (problem) {
      // Larger than a datagram may be, or an ICMP error of an earlier one: it is lost, as the network may
      // lose it.
      this.#sink.onRefused(failureOf(problem).detail)
    }
    return true
  }

  becomeRaw(): void {}

  finish(): void {}

  close(): void {
    if (!this.#socket.closed) this.#socket.close()
  }
}
