// A raw TCP client: sends the bytes that a test names and reads answers with a reader that is not ours.
import type { Socket, TCPSocketListener } from 'bun'
import { freePort } from './kernel.ts'
import { type Field, framingOf, readBody, readHead, valuesOf } from './message.ts'
import { ByteReader, type Ending } from './reader.ts'
import { pause, within } from './wait.ts'

export interface WireAnswer {
  readonly status: number
  readonly version: string
  readonly reason: string
  readonly fields: readonly Field[]
  /** The first value of a field; null when there is none. */
  get(name: string): string | null
  all(name: string): string[]
  readonly head: string
  readonly body: string
  readonly bytes: Buffer
  readonly bodyLength: number
  readonly trailers: readonly Field[]
  /** False when the connection ended before the end that the framing promises. */
  readonly complete: boolean
  readonly ending: Ending | null
  /** Interim answers that came before this one. */
  readonly interim: readonly { readonly status: number; readonly fields: readonly Field[] }[]
}

export interface ReadAnswerOptions {
  /** Of the request: HEAD and CONNECT change how an answer is framed. */
  readonly method?: string
  /** False: body bytes are counted, not kept. */
  readonly keep?: boolean
}

export class RawClient implements AsyncDisposable {
  readonly reader = new ByteReader()
  readonly #gone = Promise.withResolvers<Ending>()
  readonly #ended = Promise.withResolvers<Ending>()
  readonly #out: Buffer[] = []
  #finishing = false
  /** Null: it was reset before it could be looked at. */
  #socket: Socket<RawClient> | null = null

  /** `from`: the address of ours that the connection comes from. */
  static async connect(port: number, hostname = '127.0.0.1', from?: string): Promise<RawClient> {
    const client = new RawClient()
    const bound = from === undefined ? {} : { localAddress: from } // unknown to the public types
    const socket = await Bun.connect<RawClient>({
      ...bound,
      hostname,
      port,
      allowHalfOpen: true,
      data: client,
      socket: RawClient.#handlers,
    }).catch((problem: unknown) => {
      // Who is accepted and closed at once is told so at times when it asks whether it is connected.
      if ((problem as { code?: string }).code !== 'ECONNRESET') throw problem
      client.#onClose(problem as Error)
      return null
    })
    socket?.setNoDelay(true)
    client.#socket = socket
    return client
  }

  static readonly #handlers = {
    data: (s: Socket<RawClient>, bytes: Buffer) => s.data.reader.push(bytes),
    drain: (s: Socket<RawClient>) => s.data.#flush(),
    end: (s: Socket<RawClient>) => s.data.#onEnd('fin'),
    error() {},
    close: (s: Socket<RawClient>, problem?: Error) => s.data.#onClose(problem),
  }

  /** The same at the other end: a server that tells of each connection to it. */
  static listen(opened: (server: RawClient) => void, port = freePort()): TCPSocketListener<RawClient> {
    return Bun.listen<RawClient>({
      hostname: '127.0.0.1',
      port,
      allowHalfOpen: true,
      socket: {
        ...RawClient.#handlers,
        open(socket) {
          const server = (socket.data = new RawClient())
          server.#socket = socket
          opened(server)
        },
      },
    })
  }

  /** Our own port: what the kernel's tables call this connection. */
  get localPort(): number {
    return this.#socket?.localPort ?? 0
  }

  /** Queues bytes (a string is latin1) and writes what the socket takes. */
  send(bytes: string | Uint8Array): this {
    this.#out.push(typeof bytes === 'string' ? Buffer.from(bytes, 'latin1') : Buffer.from(bytes))
    this.#flush()
    return this
  }

  /** Sends each segment in a packet of its own. */
  async sendSegments(segments: readonly string[], apartMs = 15): Promise<void> {
    for (const [index, segment] of segments.entries()) {
      if (index > 0) await pause(apartMs)
      this.send(segment)
    }
  }

  /** Sends `GET target` with a Host and reads its answer. */
  get(target: string, fields = ''): Promise<WireAnswer> {
    this.send(`GET ${target} HTTP/1.1\r\nHost: h\r\n${fields}\r\n`)
    return this.readAnswer()
  }

  /** The next final answer, with the interim ones before it. */
  readAnswer({ method = 'GET', keep = true }: ReadAnswerOptions = {}): Promise<WireAnswer> {
    return within(this.#answer(method, keep), `an answer; got ${this.reader.total} bytes`)
  }

  async #answer(method: string, keep: boolean): Promise<WireAnswer> {
    const interim: { status: number; fields: readonly Field[] }[] = []
    for (;;) {
      const head = await readHead(this.reader)
      if (head === null)
        throw new Error(`The connection ended (${this.reader.ending}) where an answer was due.`)
      const match = /^(HTTP\/\d\.\d) (\d{3})(?: (.*))?$/s.exec(head.start)
      if (match === null) throw new Error(`Not a status line: ${JSON.stringify(head.start)}`)
      const status = Number(match[2])
      const { fields } = head
      if (status < 200 && status !== 101) {
        interim.push({ status, fields })
        continue
      }
      const none = method === 'HEAD' || status === 204 || status === 304 || status === 101
      const parts: Buffer[] = []
      let bodyLength = 0
      const end = await readBody(
        this.reader,
        none ? { is: 'none' } : framingOf(fields, 'until close'),
        (bytes) => {
          bodyLength += bytes.length
          if (keep) parts.push(bytes)
        },
      )
      const bytes = Buffer.concat(parts)
      return {
        status,
        version: match[1]!,
        reason: match[3] ?? '',
        fields,
        get: (name) => valuesOf(fields, name)[0] ?? null,
        all: (name) => valuesOf(fields, name),
        head: head.raw,
        body: bytes.toString('latin1'),
        bytes,
        bodyLength,
        interim,
        ...end,
      }
    }
  }

  /** All that comes through `text`, as latin1. */
  readUntil(text: string): Promise<string> {
    return within(this.reader.through(text), JSON.stringify(text))
  }

  /** All that still comes until the other side ends, as latin1. */
  readToEnd(): Promise<string> {
    return within(this.#rest(), 'the end of the connection')
  }

  async #rest(): Promise<string> {
    let text = ''
    for (;;) {
      const bytes = await this.reader.some(1 << 20)
      if (bytes.length === 0) return text
      text += bytes.toString('latin1')
    }
  }

  /** How the other side ends its half, when it does. */
  ending(): Promise<Ending> {
    return within(this.#ended.promise, 'the other side to end')
  }

  /** Resolves when the connection is gone in both directions. */
  closed(): Promise<Ending> {
    return within(this.#gone.promise, 'the connection to be closed')
  }

  /** Bytes that were queued and that the socket has not taken. */
  get unsent(): number {
    return this.#out.reduce((sum, { length }) => sum + length, 0)
  }

  get isOpen(): boolean {
    return this.reader.ending === null
  }

  /** Stops reading: the window fills and the sender has to wait. */
  pause(): void {
    this.#socket?.pause()
  }

  resume(): void {
    this.#socket?.resume()
  }

  /** Ends our half after all queued bytes. */
  fin(): void {
    this.#finishing = true
    this.#flush()
  }

  /** Aborts: the other side sees a reset. */
  rst(): void {
    this.#socket?.terminate()
  }

  async [Symbol.asyncDispose](): Promise<void> {
    this.rst()
  }

  #flush(): void {
    for (let first = this.#out[0]; first !== undefined; first = this.#out[0]) {
      const taken = Math.max(0, this.#socket?.write(first) ?? 0)
      if (taken < first.length) {
        this.#out[0] = first.subarray(taken)
        return
      }
      this.#out.shift()
    }
    if (this.#finishing) this.#socket?.shutdown()
  }

  #onEnd(ending: Ending): void {
    this.reader.end(ending)
    this.#ended.resolve(ending)
  }

  #onClose(problem: Error | undefined): void {
    const ending = problem === undefined ? (this.reader.ending ?? 'fin') : 'rst'
    this.#onEnd(ending)
    this.#gone.resolve(ending)
  }
}

/** A connected raw client. */
export const rawClient = (port: number, hostname?: string, from?: string): Promise<RawClient> =>
  RawClient.connect(port, hostname, from)
