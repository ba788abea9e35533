// A server that never takes a connection: its backlog is full, so that who connects to it waits for ever.
import { dlopen, ptr } from 'bun:ffi'
import { readFileSync } from 'node:fs'

const AF_INET = 2
const SOCK_STREAM_NONBLOCK_CLOEXEC = 1 | 0x800 | 0x80000

const { symbols: libc } = dlopen('libc.so.6', {
  socket: { args: ['i32', 'i32', 'i32'], returns: 'i32' },
  bind: { args: ['i32', 'ptr', 'i32'], returns: 'i32' },
  listen: { args: ['i32', 'i32'], returns: 'i32' },
  connect: { args: ['i32', 'ptr', 'i32'], returns: 'i32' },
  getsockname: { args: ['i32', 'ptr', 'ptr'], returns: 'i32' },
  close: { args: ['i32'], returns: 'i32' },
})

const newSocket = (): number => libc.socket(AF_INET, SOCK_STREAM_NONBLOCK_CLOEXEC, 0)

export class FullServer implements AsyncDisposable {
  readonly port: number
  readonly #fds: number[]
  readonly #own: number

  readonly #address: string

  constructor(address = '127.0.0.1', port = 0) {
    this.#address = address
    const host = address.split('.').map(Number)
    const target = new Uint8Array(16)
    const view = new DataView(target.buffer)
    view.setUint16(0, AF_INET, true)
    view.setUint16(2, port)
    target.set(host, 4)
    const server = newSocket()
    if (libc.bind(server, ptr(target), 16) !== 0 || libc.listen(server, 0) !== 0)
      throw new Error('cannot listen')
    libc.getsockname(server, ptr(target), ptr(new Uint32Array([16])))
    this.port = view.getUint16(2)
    // One connection fits into a backlog of none; those behind it hang.
    this.#fds = [server]
    for (let n = 0; n < 3; n++) {
      const filling = newSocket()
      libc.connect(filling, ptr(target), 16)
      this.#fds.push(filling)
    }
    this.#own = this.#hanging()
  }

  get url(): string {
    return `http://${this.#address}:${this.port}`
  }

  /** Connections to it that hang in SYN_SENT, its own left out. */
  get synSent(): number {
    return this.#hanging() - this.#own
  }

  #hanging(): number {
    const port = this.port.toString(16).toUpperCase().padStart(4, '0')
    const host = this.#address.split('.').toReversed()
    const hex = host.map((part) => Number(part).toString(16).toUpperCase().padStart(2, '0')).join('')
    const pattern = new RegExp(`: [0-9A-F]{8}:[0-9A-F]{4} ${hex}:${port} 02 `)
    return readFileSync('/proc/net/tcp', 'latin1')
      .split('\n')
      .filter((line) => pattern.test(line)).length
  }

  async [Symbol.asyncDispose](): Promise<void> {
    for (const fd of this.#fds) libc.close(fd)
  }
}
