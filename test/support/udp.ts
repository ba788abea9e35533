// Clients and servers of UDP, on sockets of Bun's.
import { portToTry } from './kernel.ts'
import { waitFor } from './wait.ts'

export interface Datagram {
  readonly bytes: Buffer
  readonly host: string
  readonly port: number
}

export class UdpPeer implements AsyncDisposable {
  readonly got: Datagram[] = []
  readonly #socket: Bun.udp.Socket<'buffer'>
  #taken = 0

  constructor(socket: Bun.udp.Socket<'buffer'>) {
    this.#socket = socket
  }

  get port(): number {
    return this.#socket.port
  }

  send(bytes: Uint8Array | string, port: number, host = '127.0.0.1'): void {
    sendOn(this.#socket, bytes, port, host)
  }

  /** The next datagram that no earlier call gave. */
  async next(what = 'a datagram'): Promise<Datagram> {
    const datagram = await waitFor(() => this.got[this.#taken], { what })
    this.#taken++
    return datagram
  }

  async ask(bytes: Uint8Array | string, port: number, host = '127.0.0.1'): Promise<Datagram> {
    this.send(bytes, port, host)
    return await this.next(`an answer from ${host}:${port}`)
  }

  /** The text of an answer. Asks again where none comes: what was on its way to who left is lost. */
  async persist(text: string, port: number): Promise<string> {
    const before = this.got.length
    let asked = -Infinity
    const answer = await waitFor(() => {
      if (performance.now() - asked > 200) {
        asked = performance.now()
        this.send(text, port)
      }
      return this.got[before]
    })
    this.#taken = this.got.length
    return answer.bytes.toString()
  }

  close(): void {
    this.#socket.close()
  }

  [Symbol.asyncDispose](): Promise<void> {
    this.close()
    return Promise.resolve()
  }
}

/**
 * Sends one, also where an earlier one went to who had left: that is told with the next, which was not
 * tried then.
 */
export function sendOn(
  socket: Pick<Bun.udp.Socket<'buffer'>, 'send'>,
  bytes: Uint8Array | string,
  port: number,
  host: string,
): void {
  try {
    socket.send(bytes, port, host)
  } catch {
    socket.send(bytes, port, host)
  }
}

/** Ports that this process had, whose servers may still know who came from there. */
const taken = new Set<string>()

/** A socket at any port from which nobody of this process has sent yet: what is new to a server is. */
export async function freshUdp(
  hostname: string,
  socket: Bun.udp.SocketHandler<'buffer'>,
): Promise<Bun.udp.Socket<'buffer'>> {
  for (;;) {
    const opened = await Bun.udpSocket({ hostname, port: 0, socket })
    const place = `${hostname} ${opened.port}`
    if (!taken.has(place)) {
      taken.add(place)
      return opened
    }
    opened.close()
  }
}

export type Answering = (datagram: Datagram, peer: UdpPeer) => void

/** A client, or with `answer` a server. */
export async function udpPeer(
  hostname = '127.0.0.1',
  answer: Answering = () => {},
  port = 0,
): Promise<UdpPeer> {
  const handler: Bun.udp.SocketHandler<'buffer'> = {
    data(_, data, from, address) {
      const datagram = { bytes: Buffer.from(data), host: address, port: from }
      peer.got.push(datagram)
      answer(datagram, peer)
    },
    error() {},
  }
  const socket = await (port === 0
    ? freshUdp(hostname, handler)
    : Bun.udpSocket({ hostname, port, socket: handler }))
  const peer = new UdpPeer(socket)
  return peer
}

/** A server that answers with its name and what it got. */
export const named = (name: string, hostname = '127.0.0.1', at = 0): Promise<UdpPeer> =>
  udpPeer(
    hostname,
    ({ bytes, host, port }, peer) => peer.send(Buffer.concat([Buffer.from(name), bytes]), port, host),
    at,
  )

/** A server that answers with what it got. */
export const echo = (hostname = '127.0.0.1'): Promise<UdpPeer> => named('', hostname)

/** A port of UDP where nobody is, and where the kernel puts nobody who asks for any. */
export async function nobodysPort(): Promise<number> {
  for (;;) {
    try {
      const port = portToTry()
      const peer = await udpPeer('127.0.0.1', () => {}, port)
      peer.close()
      return port
    } catch {
      // Somebody has it.
    }
  }
}
