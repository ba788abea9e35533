// A TCP server of raw bytes: the test holds the other end of each connection.
import type { TCPSocketListener } from 'bun'
import { RawClient } from './client.ts'
import { waitFor } from './wait.ts'

export class RawServer implements Disposable {
  /** Connections, in the order in which they came. */
  readonly all: RawClient[] = []
  readonly #listener: TCPSocketListener<RawClient>
  #taken = 0

  /** `opened` is told of each connection at once. */
  constructor(opened: (connection: RawClient) => void = () => {}) {
    this.#listener = RawClient.listen((connection) => {
      this.all.push(connection)
      opened(connection)
    })
  }

  get port(): number {
    return this.#listener.port
  }

  get url(): string {
    return `tcp://127.0.0.1:${this.port}`
  }

  /** The next connection that no earlier call gave. */
  async next(): Promise<RawClient> {
    const one = await waitFor(() => this.all[this.#taken], { what: 'a connection to the server' })
    this.#taken++
    return one
  }

  /** Accepts no more: who connects is refused. */
  stop(): void {
    this.#listener.stop()
  }

  [Symbol.dispose](): void {
    this.#listener.stop(true)
    for (const one of this.all) one.rst()
  }
}

/** A server that gives everything back, and ends when its client has. */
export const echoServer = (): RawServer => new RawServer((connection) => void echo(connection))

async function echo(connection: RawClient): Promise<void> {
  for (;;) {
    const bytes = await connection.reader.some(1 << 20)
    if (bytes.length === 0) break
    connection.send(bytes)
  }
  connection.fin()
}
