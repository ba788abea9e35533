// TLS before a server that speaks plain: what a test wants to know of each handshake, and a way to cut
// connections where TLS knows nothing of it.
import { type AddressInfo, type Server, type Socket, connect, createServer } from 'node:net'
import { type TLSSocket, type TlsOptions, createServer as createTlsServer } from 'node:tls'

export interface SeenHandshake {
  readonly serverName: string | null
  readonly version: string
  readonly isResumed: boolean
  /** Of the certificate that the client showed; null: none. */
  readonly client: string | null
}

export class TlsFront implements AsyncDisposable {
  readonly handshakes: SeenHandshake[] = []
  /** Why handshakes failed. */
  readonly failures: string[] = []
  /** Ciphertext that went to clients. */
  relayedBytes = 0
  readonly #tls: Server
  readonly #relay: Server
  readonly #outer = new Set<Socket>()
  readonly #inner = new Set<Socket>()

  /** `at`: where it listens; an address and a port of its own choice. */
  static async start(
    to: number,
    options: TlsOptions,
    at: { readonly hostname?: string; readonly port?: number } = {},
  ): Promise<TlsFront> {
    const front = new TlsFront(to, options)
    await listening(front.#tls)
    await listening(front.#relay, at)
    return front
  }

  private constructor(to: number, options: TlsOptions) {
    this.#tls = createTlsServer({ allowHalfOpen: true, ...options }, (socket) => this.#shaken(socket, to))
    this.#tls.on('tlsClientError', (error: Error) => void this.failures.push(error.message))
    this.#relay = createServer({ allowHalfOpen: true }, (socket) => this.#relayed(socket))
  }

  get port(): number {
    return portOf(this.#relay)
  }

  /** As a name that certificates of tests are for. */
  get url(): string {
    return `https://localhost:${this.port}`
  }

  /** Ends all connections by FIN, or by RST, without a word of TLS. */
  cut(how: 'fin' | 'rst'): void {
    for (const socket of this.#outer)
      if (how === 'fin') socket.end()
      else socket.resetAndDestroy()
  }

  get open(): number {
    return this.#outer.size
  }

  async [Symbol.asyncDispose](): Promise<void> {
    for (const socket of [...this.#outer, ...this.#inner]) socket.destroy()
    this.#tls.close()
    this.#relay.close()
  }

  /** Ciphertext, as it is. */
  #relayed(socket: Socket): void {
    const inner = connect({ port: portOf(this.#tls), host: '127.0.0.1', allowHalfOpen: true })
    this.#keep(this.#outer, socket)
    this.#keep(this.#inner, inner)
    inner.on('data', ({ length }) => void (this.relayedBytes += length))
    join(socket, inner)
  }

  #shaken(socket: TLSSocket, to: number): void {
    const { subject } = socket.getPeerCertificate() as { subject?: { CN?: string } }
    this.handshakes.push({
      serverName: (socket as { servername?: string | false }).servername || null,
      version: socket.getProtocol() ?? '',
      isResumed: socket.isSessionReused(),
      client: subject?.CN ?? null,
    })
    const plain = connect({ port: to, host: '127.0.0.1', allowHalfOpen: true })
    this.#keep(this.#inner, plain)
    join(socket, plain)
  }

  #keep(all: Set<Socket>, socket: Socket): void {
    all.add(socket)
    socket.setNoDelay(true)
    socket.on('close', () => void all.delete(socket))
  }
}

/** Bytes both ways, with backpressure; what breaks one breaks the other. */
function join(one: Socket, other: Socket): void {
  for (const [from, to] of [
    [one, other],
    [other, one],
  ] as const) {
    from.pipe(to)
    from.on('error', () => to.destroy())
    from.on('close', () => setImmediate(() => to.destroySoon()))
  }
}

const portOf = (server: Server): number => (server.address() as AddressInfo).port
const listening = (server: Server, { port = 0, hostname = '127.0.0.1' } = {}): Promise<void> =>
  new Promise((resolve) => server.listen(port, hostname, resolve))
