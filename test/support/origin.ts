// Scripted servers on raw sockets: they record what they are sent byte by byte, and answer with whatever
// bytes a test wants.
import type { Socket, TCPSocketListener } from 'bun'
import { freePort } from './kernel.ts'
import { type Field, type Head, Malformed, framingOf, readBody, readHead, valuesOf } from './message.ts'
import { ByteReader, type Ending } from './reader.ts'
import { waitFor, within } from './wait.ts'

export interface OriginRequest {
  /** Which connection, counted from 0, and which request on it. */
  readonly connection: number
  readonly place: number
  readonly method: string
  readonly target: string
  readonly version: string
  readonly head: string
  readonly fields: readonly Field[]
  get(name: string): string | null
  all(name: string): string[]
  /** So far, without framing; at most 16 MiB are kept. */
  readonly body: string
  readonly bodyLength: number
  readonly trailers: readonly Field[]
  /** Whether the whole request came. */
  readonly complete: boolean
  /** Settles when the request is complete (true) or its connection ended before (false). */
  readonly done: Promise<boolean>
}

/** What a script answers with. */
export interface Reply {
  /** A whole answer framed by Content-Length; `fields` are lines such as "X-A: 1". */
  send(status: number, body?: string | Uint8Array, fields?: readonly string[]): void
  /** These very bytes (a string is latin1). Resolves when the socket took them. */
  raw(bytes: string | Uint8Array): Promise<void>
  fin(): void
  rst(): void
  /** Reads no more: the window fills and the sender has to wait. */
  pause(): void
  resume(): void
  /** Settles when the connection ends from the other side. */
  readonly gone: Promise<Ending>
}

export type Script = (request: OriginRequest, reply: Reply) => void | Promise<void>

export interface OriginOptions {
  /** When the script runs: at the head, or when the whole request came (default). */
  readonly when?: 'head' | 'request'
  readonly port?: number
  readonly hostname?: string
  /** It speaks TLS: certificate and key (PEM). */
  readonly tls?: { readonly cert: string; readonly key: string }
}

const BODY_KEPT = 16 << 20

export class Origin implements AsyncDisposable {
  /** In the order of their heads. */
  readonly requests: OriginRequest[] = []
  /** What broke RFC 9112 in what we were sent. */
  readonly problems: string[] = []
  /** How many connections were ever opened. */
  accepted = 0
  readonly #connections = new Set<OriginConnection>()
  #listener: TCPSocketListener<OriginConnection>

  readonly script: Script
  readonly options: OriginOptions

  constructor(script: Script, options: OriginOptions = {}) {
    this.script = script
    this.options = options
    this.#listener = this.#listen(options.port ?? freePort())
  }

  get port(): number {
    return this.#listener.port
  }

  get url(): string {
    return `${this.options.tls ? 'https' : 'http'}://127.0.0.1:${this.port}`
  }

  /** Connections open now. */
  get open(): number {
    return this.#connections.size
  }

  /** Whether this connection is still open. */
  isOpen(id: number): boolean {
    return [...this.#connections].some((connection) => connection.id === id)
  }

  /** Bytes received over all connections, ever. */
  get bytesReceived(): number {
    return this.#bytesOfEnded + [...this.#connections].reduce((sum, { reader }) => sum + reader.total, 0)
  }

  #bytesOfEnded = 0
  /** Its test is over: what its scripts still wait for is nobody's fault. */
  isOver = false

  /** Waits until `count` whole requests came (`match` of them when given), and gives the last of these. */
  received(count = 1, match: (request: OriginRequest) => boolean = () => true): Promise<OriginRequest> {
    return waitFor(() => this.requests.filter((r) => r.complete && match(r))[count - 1], {
      what: `${count} requests at the origin`,
    })
  }

  /** Waits until the heads of `count` requests came, and gives the last of these. */
  begun(count = 1): Promise<OriginRequest> {
    return waitFor(() => this.requests[count - 1], { what: `${count} request heads at the origin` })
  }

  /** Forgets what was recorded. */
  forget(): void {
    this.requests.length = 0
    this.problems.length = 0
  }

  /** Refuses new connections and aborts the open ones, as a killed server does. */
  kill(): void {
    this.#listener.stop(true)
    for (const connection of this.#connections) connection.socket.terminate()
  }

  /** Listens again on the same port after `kill`. */
  revive(): void {
    this.#listener = this.#listen(this.#listener.port)
  }

  /** Ends all open connections with FIN, and keeps listening. */
  finAll(): void {
    for (const connection of this.#connections) connection.socket.shutdown()
  }

  async [Symbol.asyncDispose](): Promise<void> {
    this.isOver = true
    this.kill()
  }

  #listen(port: number): TCPSocketListener<OriginConnection> {
    return Bun.listen<OriginConnection>({
      hostname: this.options.hostname ?? '127.0.0.1',
      port,
      allowHalfOpen: true,
      ...(this.options.tls && { tls: this.options.tls }),
      socket: {
        open: (socket) => {
          socket.data = new OriginConnection(this, socket, this.accepted++)
          this.#connections.add(socket.data)
          void socket.data.run()
        },
        data: (socket, bytes) => socket.data.reader.push(bytes),
        drain: (socket) => socket.data.flush(),
        end: (socket) => socket.data.onEnd('fin'),
        error() {},
        close: (socket, problem) => {
          const connection = socket.data
          connection.onEnd(problem === undefined ? (connection.reader.ending ?? 'fin') : 'rst')
          if (this.#connections.delete(connection)) this.#bytesOfEnded += connection.reader.total
        },
      },
    })
  }
}

class OriginConnection implements Reply {
  readonly reader = new ByteReader()
  readonly #out: { bytes: Buffer; taken: () => void }[] = []
  readonly #ended = Promise.withResolvers<Ending>()
  #finishing = false
  /** Of the request that is being answered: its answer has no body. */
  #isHead = false

  readonly #origin: Origin
  readonly socket: Socket<OriginConnection>
  readonly id: number

  constructor(origin: Origin, socket: Socket<OriginConnection>, id: number) {
    this.#origin = origin
    this.socket = socket
    this.id = id
    socket.setNoDelay(true)
  }

  get gone(): Promise<Ending> {
    return this.#ended.promise
  }

  /** Reads requests one after the other, and runs the script for each. */
  async run(): Promise<void> {
    try {
      for (let place = 0; ; place++) {
        const head = await readHead(this.reader)
        if (head === null) break
        await this.#serve(head, place)
      }
    } catch (problem) {
      if (this.#origin.isOver) return
      this.#origin.problems.push(String(problem))
      if (!(problem instanceof Malformed)) throw problem
      this.rst()
    }
    // The gateway gave this connection up: so do we, after what is still to be written.
    this.fin()
  }

  async #serve(head: Head, place: number): Promise<void> {
    const match = /^(\S+) (\S+) (HTTP\/\d\.\d)$/.exec(head.start)
    if (match === null) throw new Malformed(`the request line ${JSON.stringify(head.start)}`)
    const request = new Recorded(this.id, place, head, match as string[])
    this.#origin.requests.push(request)
    this.#isHead = request.method === 'HEAD'
    const early = this.#origin.options.when === 'head'
    const script = early ? this.#origin.script(request, this) : undefined
    const end = await readBody(this.reader, framingOf(head.fields, 'none'), (bytes) => request.take(bytes))
    request.trailers = end.trailers
    request.complete = end.complete
    request.settle(end.complete)
    await (early ? script : end.complete ? this.#origin.script(request, this) : undefined)
  }

  send(status: number, body: string | Uint8Array = '', fields: readonly string[] = []): void {
    const bytes = Buffer.from(body as string, 'latin1')
    const lines = [`HTTP/1.1 ${status} Whatever`, `Content-Length: ${bytes.length}`, ...fields]
    const head = Buffer.from(`${lines.join('\r\n')}\r\n\r\n`, 'latin1')
    void this.raw(this.#isHead || status === 304 ? head : Buffer.concat([head, bytes]))
  }

  raw(bytes: string | Uint8Array): Promise<void> {
    const { promise, resolve } = Promise.withResolvers<void>()
    this.#out.push({ bytes: Buffer.from(bytes as string, 'latin1'), taken: resolve })
    this.flush()
    return promise
  }

  fin(): void {
    this.#finishing = true
    this.flush()
  }

  rst(): void {
    this.socket.terminate()
  }

  pause(): void {
    this.socket.pause()
  }

  resume(): void {
    this.socket.resume()
  }

  flush(): void {
    for (let first = this.#out[0]; first !== undefined; first = this.#out[0]) {
      const taken = Math.max(0, this.socket.write(first.bytes))
      if (taken < first.bytes.length) {
        first.bytes = first.bytes.subarray(taken)
        return
      }
      this.#out.shift()
      first.taken()
    }
    if (this.#finishing) this.socket.shutdown()
  }

  onEnd(ending: Ending): void {
    this.reader.end(ending)
    this.#ended.resolve(ending)
    // Nobody will take the rest.
    if (ending === 'rst') for (const { taken } of this.#out.splice(0)) taken()
  }
}

class Recorded implements OriginRequest {
  trailers: readonly Field[] = []
  complete = false
  bodyLength = 0
  readonly fields: readonly Field[]
  readonly head: string
  readonly #parts: Buffer[] = []
  readonly #settled = Promise.withResolvers<boolean>()

  readonly connection: number
  readonly place: number
  readonly method: string
  readonly target: string
  readonly version: string

  /** `line`: the request line, then its three parts. */
  constructor(connection: number, place: number, head: Head, line: readonly string[]) {
    this.connection = connection
    this.place = place
    ;[, this.method = '', this.target = '', this.version = ''] = line
    this.fields = head.fields
    this.head = head.raw
  }

  get done(): Promise<boolean> {
    return within(this.#settled.promise, 'the request to end')
  }

  get body(): string {
    return Buffer.concat(this.#parts).toString('latin1')
  }

  get(name: string): string | null {
    return valuesOf(this.fields, name)[0] ?? null
  }

  all(name: string): string[] {
    return valuesOf(this.fields, name)
  }

  take(bytes: Buffer): void {
    if (this.bodyLength < BODY_KEPT) this.#parts.push(bytes)
    this.bodyLength += bytes.length
  }

  settle(complete: boolean): void {
    this.#settled.resolve(complete)
  }
}

/** A scripted server on a free port. By default it answers 200 with what it was asked for. */
export function startOrigin(script: Script = echo, options: OriginOptions = {}): Origin {
  return new Origin(script, options)
}

/** Answers with the method, the target and the body of the request. */
export const echo: Script = (request, reply) =>
  reply.send(200, `${request.method} ${request.target} ${request.body}`)
