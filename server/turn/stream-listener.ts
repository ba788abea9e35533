// An open TCP address of a turn listener, in the clear or with TLS: where its clients come in. One socket
// serves each of them with the certificate that is the listener's at that moment.
import type { Socket, SocketHandler } from 'bun'
import type { OpenListener } from '../http1/listen.ts'
import { Accepting, type ListenHow, clientAccepted } from '../lib/accepting.ts'
import { tick } from '../lib/clock.ts'
import { type SocketEvents, socketEvents } from '../lib/socket-events.ts'
import type { TurnListener } from '../snapshot/snapshot.ts'
import { acceptTls, alpnList } from '../tls/accept-tls.ts'
import { StreamClient } from './stream-client.ts'
import type { StreamClients } from './stream-clients.ts'

/** RFC 7443 §3; clients that offer nothing are as welcome. */
const ALPN = alpnList(['stun.turn', 'stun.nat-discovery'])

export interface StreamListenerParts {
  readonly clients: StreamClients
  readonly isTls: boolean
}

/** Opens an address. Throws what Bun.listen throws. */
export function listenForStreams(
  listener: TurnListener,
  how: ListenHow,
  { clients, isTls }: StreamListenerParts,
): OpenListener<TurnListener> {
  const opened = new OpenStreams(listener, clients, isTls)
  opened.accepting = new Accepting(how, opened.handlers)
  return opened
}

class OpenStreams implements OpenListener<TurnListener> {
  accepted = 0
  accepting: Accepting<SocketEvents> | null = null
  readonly handlers: SocketHandler<SocketEvents>
  #listener: TurnListener
  readonly #clients: StreamClients
  readonly #isTls: boolean

  constructor(listener: TurnListener, clients: StreamClients, isTls: boolean) {
    this.#listener = listener
    this.#clients = clients
    this.#isTls = isTls
    const open = (socket: Socket<SocketEvents>): void => this.#accept(socket)
    this.handlers = isTls ? { ...rawEvents, open } : { ...socketEvents, open }
  }

  get port(): number {
    return this.accepting?.port ?? 0
  }

  get fd(): number {
    return this.accepting?.fd ?? -1
  }

  #accept(socket: Socket<SocketEvents>): void {
    tick()
    this.accepted++
    const clients = this.#clients
    const listener = this.#listener
    const client = new StreamClient(clients, listener, socket, this.#isTls)
    socket.data = client
    clients.opened(client)
    clientAccepted((socket as unknown as { fd: number }).fd)
    const { connections } = listener.options.limits
    if (clients.countOf(listener.name) > connections) {
      clients.limitReached(`listeners.${listener.name}.limits.connections`, connections)
      return client.terminate()
    }
    socket.setNoDelay(true)
    if (this.#isTls) this.#decrypt(socket, client)
  }

  #decrypt(raw: Socket<SocketEvents>, client: StreamClient): void {
    const { certificate } = this.#listener
    if (certificate === null) return client.terminate()
    client.decryptedBy(acceptTls(raw, { certificate, alpn: ALPN, data: client, handlers: tlsEvents }))
  }

  swap(listener: TurnListener): void {
    this.#listener = listener
  }

  stop(): void {
    this.accepting?.stop()
  }
}

/** Of a connection whose decrypted side is told of everything that matters. */
const rawEvents = {
  drain(): void {},
  error(socket: Socket<SocketEvents>, error: Error): void {
    socketEvents.error(socket, error)
  },
} satisfies SocketHandler<SocketEvents>

const tlsEvents = {
  ...socketEvents,
  handshake(socket: Socket<SocketEvents>, isDone: boolean): void {
    tick()
    ;(socket.data as StreamClient).onHandshake(isDone)
  },
} satisfies SocketHandler<SocketEvents>
