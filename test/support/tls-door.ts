// A door to listeners that want TLS: what comes to it in the clear goes on in TLS, as one client or another
// speaks it, so that who plays a part need not know of it. And one that lets TLS pass, but breaks it
// somewhere.
import { type AddressInfo, connect as connectTcp, createServer, type Server, type Socket } from 'node:net'
import { connect, type SecureVersion } from 'node:tls'
import type { Random } from './random.ts'

/** Where a connection leads to. */
export interface Way {
  readonly port: number
  readonly name: string
}

/** Listens on a port of its own, with a seed of its own. */
abstract class Door implements Disposable {
  protected readonly random: Random
  readonly #open = new Set<Socket>()
  readonly #server: Server

  constructor(random: Random) {
    this.random = random
    this.#server = createServer({ allowHalfOpen: true }, (socket) => {
      socket.on('error', () => {})
      this.keep(socket)
      this.opened(socket)
    })
  }

  start(): Promise<void> {
    return new Promise((resolve) => this.#server.listen(0, '127.0.0.1', resolve))
  }

  get port(): number {
    return (this.#server.address() as AddressInfo).port
  }

  [Symbol.dispose](): void {
    for (const socket of this.#open) socket.destroy()
    this.#server.close()
  }

  protected abstract opened(socket: Socket): void

  protected keep(socket: Socket): void {
    this.#open.add(socket)
    socket.setNoDelay(true)
    socket.on('close', () => void this.#open.delete(socket))
  }
}

/** Each connection goes one of the ways, by one version or the other, with a session of before or without. */
export class TlsDoor extends Door {
  readonly #ways: () => readonly Way[]
  readonly #sessions = new Map<string, Buffer>()
  shaken = 0
  resumed = 0

  constructor(random: Random, ways: () => readonly Way[]) {
    super(random)
    this.#ways = ways
  }

  protected opened(plain: Socket): void {
    const { random } = this
    const { port, name } = random.pick(this.#ways())
    const version: SecureVersion = random.below(3) === 0 ? 'TLSv1.2' : 'TLSv1.3'
    const whose = `${name} ${version}`
    const tls = connect({
      ...{ host: '127.0.0.1', port, servername: name, rejectUnauthorized: false, maxVersion: version },
      session: random.below(2) === 0 ? this.#sessions.get(whose) : undefined,
    })
    this.keep(tls)
    tls.on('secureConnect', () => {
      this.shaken++
      if (tls.isSessionReused()) this.resumed++
    })
    tls.on('session', (session: Buffer) => void this.#sessions.set(whose, session))
    tls.on('error', () => plain.resetAndDestroy())
    tls.on('close', () => plain.end())
    tls.pipe(plain)
    plain.pipe(tls)
    plain.on('close', () => tls.destroy())
  }
}

/** Passes on what comes, and somewhere on the way, in any phase of TLS, ends it, bends it or adds to it. */
export class BreakingDoor extends Door {
  readonly #to: () => number
  broken = 0

  constructor(random: Random, to: () => number) {
    super(random)
    this.#to = to
  }

  protected opened(client: Socket): void {
    const { random } = this
    const server = connectTcp({ host: '127.0.0.1', port: this.#to(), allowHalfOpen: true })
    server.on('error', () => client.resetAndDestroy())
    this.keep(server)
    const [from, to] = random.below(2) === 0 ? [client, server] : [server, client]
    // Most of it is in the handshake: hello, keys, finished; the rest where data flows.
    let left = random.below(random.pick([600, 5000, 100_000]))
    const act = random.pick(['fin', 'rst', 'bend', 'add'] as const)
    from.on('data', (bytes: Buffer) => {
      const isHere = left >= 0 && left < bytes.length
      if (isHere) this.#break(act, { bytes, at: left, to, client, server })
      else to.write(bytes)
      left -= bytes.length
    })
    from.on('end', () => to.end())
    to.pipe(from)
    for (const [one, other] of [
      [client, server],
      [server, client],
    ] as const)
      one.on('close', () => void other.destroy())
  }

  #break(
    act: 'fin' | 'rst' | 'bend' | 'add',
    where: {
      readonly bytes: Buffer
      readonly at: number
      readonly to: Socket
      readonly client: Socket
      readonly server: Socket
    },
  ): void {
    const { bytes, at, to, client, server } = where
    this.broken++
    if (act === 'bend') {
      const bent = Buffer.from(bytes)
      bent[at]! ^= 1 + this.random.below(255)
      return void to.write(bent)
    }
    to.write(bytes.subarray(0, at))
    if (act === 'add') {
      to.write(Buffer.from(Array.from({ length: 1 + this.random.below(300) }, () => this.random.below(256))))
      return void to.write(bytes.subarray(at))
    }
    for (const socket of [client, server])
      if (act === 'rst') socket.resetAndDestroy()
      else socket.end()
  }
}
