// A server that never takes a connection: its backlog is full, so that who connects to it waits for ever.
import { dlopen, ptr } from 'bun:ffi'
import { readdirSync } from 'node:fs'

const AF_INET = 2
const IPPROTO_TCP = 6
const TCP_INFO = 11
const SYN_SENT = 2
const SOL_SOCKET = 1
const SO_REUSEADDR = 2
const SOCK_STREAM_NONBLOCK_CLOEXEC = 1 | 0x800 | 0x80000

const { symbols: libc } = dlopen('libc.so.6', {
  socket: { args: ['i32', 'i32', 'i32'], returns: 'i32' },
  bind: { args: ['i32', 'ptr', 'i32'], returns: 'i32' },
  listen: { args: ['i32', 'i32'], returns: 'i32' },
  connect: { args: ['i32', 'ptr', 'i32'], returns: 'i32' },
  getsockname: { args: ['i32', 'ptr', 'ptr'], returns: 'i32' },
  setsockopt: { args: ['i32', 'i32', 'i32', 'ptr', 'i32'], returns: 'i32' },
  getsockopt: { args: ['i32', 'i32', 'i32', 'ptr', 'ptr'], returns: 'i32' },
  close: { args: ['i32'], returns: 'i32' },
})

const newSocket = (): number => libc.socket(AF_INET, SOCK_STREAM_NONBLOCK_CLOEXEC, 0)

/** Descriptors that fill backlogs. */
const fillers = new Set<number>()

/**
 * Connections of this process that wait for their other end, those that fill backlogs left out. Each socket
 * is asked: the kernel's table is read in pieces, and tells some twice and others never when it changes.
 */
export function dialsUnderWay(): number {
  const info = new Uint8Array(8)
  const length = new Uint32Array(1)
  const isUnderWay = (fd: number): boolean => {
    length[0] = info.length
    const failed = libc.getsockopt(fd, IPPROTO_TCP, TCP_INFO, ptr(info), ptr(length)) !== 0
    return !failed && info[0] === SYN_SENT
  }
  return readdirSync('/proc/self/fd')
    .map(Number)
    .filter((fd) => !fillers.has(fd) && isUnderWay(fd)).length
}

export class FullServer implements AsyncDisposable {
  readonly port: number
  readonly #fds: number[]

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
    // Connections that were there a moment ago may linger at the port.
    libc.setsockopt(server, SOL_SOCKET, SO_REUSEADDR, ptr(new Int32Array([1])), 4)
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
      fillers.add(filling)
    }
  }

  get url(): string {
    return `http://${this.#address}:${this.port}`
  }

  async [Symbol.asyncDispose](): Promise<void> {
    for (const fd of this.#fds) {
      libc.close(fd)
      fillers.delete(fd)
    }
  }
}

/** One at each of these addresses. */
export function fullServers(port: number, ...addresses: readonly string[]): AsyncDisposable {
  const all = addresses.map((address) => new FullServer(address, port))
  return {
    async [Symbol.asyncDispose]() {
      for (const one of all) await one[Symbol.asyncDispose]()
    },
  }
}
