// The other side of what is tested: a plain socket of libc, so that nothing of ours judges itself. It never
// blocks, and is asked again and again.
import { type Pointer, ptr } from 'bun:ffi'
import { errno, libc } from '../../../../server/lib/native.ts'
import { socketAddress } from '../../../../server/lib/socket-address.ts'
import {
  AF_INET,
  AF_INET6,
  ECONNRESET,
  EAGAIN,
  EINPROGRESS,
  IPPROTO_TCP,
  MSG_DONTWAIT,
  MSG_NOSIGNAL,
  OPEN_FLAGS,
  resetOnClose,
  setOption,
  SO_RCVBUF,
  SOCK_STREAM,
  SOL_SOCKET,
} from '../../../../server/sockets/calls.ts'
import { localName } from '../../../../server/sockets/socket-ends.ts'
import { waitFor } from '../../../support/wait.ts'

const TCP_INFO = 11
/** Of struct tcp_info: tcpi_segs_in. */
const SEGMENTS_IN_AT = 140
const info = new DataView(new ArrayBuffer(144))
const infoLength = new Uint32Array(new ArrayBuffer(4))

const room = Buffer.allocUnsafeSlow(256 * 1024)

export class Peer {
  fd: number
  /** All that was read. */
  received: Buffer[] = []
  /** What reading came to: 'end' is FIN, 'reset' is RST. */
  over: 'no' | 'end' | 'reset' = 'no'

  constructor(fd: number) {
    this.fd = fd
  }

  /** Begins to connect; small buffers make writes short. */
  static connect(port: number, host = '127.0.0.1', receiveBuffer = 0): Peer {
    const fd = libc().socket(host.includes(':') ? AF_INET6 : AF_INET, SOCK_STREAM | OPEN_FLAGS, 0)
    if (receiveBuffer > 0) setOption(fd, SOL_SOCKET, SO_RCVBUF, receiveBuffer)
    const address = socketAddress(host, port)
    if (fd < 0 || address === null) throw new Error(`no socket (errno ${errno()})`)
    if (libc().connect(fd, ptr(address), address.byteLength) !== 0 && errno() !== EINPROGRESS)
      throw new Error(`connect: errno ${errno()}`)
    return new Peer(fd)
  }

  /** How many packets it was sent so far, that of the handshake included. */
  get packets(): number {
    infoLength[0] = info.byteLength
    if (libc().getsockopt(this.fd, IPPROTO_TCP, TCP_INFO, ptr(info), ptr(infoLength)) !== 0)
      throw new Error(`TCP_INFO: errno ${errno()}`)
    return info.getUint32(SEGMENTS_IN_AT, true)
  }

  get port(): number {
    return localName(this.fd)?.port ?? 0
  }

  /** How many bytes the kernel took. */
  send(bytes: string | Uint8Array): number {
    const all = typeof bytes === 'string' ? Buffer.from(bytes) : bytes
    const sent = libc().send(this.fd, all, all.length, MSG_DONTWAIT | MSG_NOSIGNAL)
    // Whoever hears of a reset first takes it away from the others.
    if (sent < 0 && errno() === ECONNRESET) this.over = 'reset'
    return Math.max(0, sent)
  }

  /** Reads what is there; how many bytes. */
  read(most = Infinity): number {
    let total = 0
    while (total < most && this.over === 'no') {
      const size = Math.min(room.length, most - total)
      const got = libc().recv(this.fd, ptr(room) as Pointer, size, MSG_DONTWAIT)
      if (got > 0) this.received.push(Buffer.from(room.subarray(0, got)))
      else if (got === 0) this.over = 'end'
      else if (errno() === EAGAIN) break
      else this.over = 'reset'
      total += Math.max(0, got)
    }
    return total
  }

  get bytes(): Buffer {
    return Buffer.concat(this.received)
  }

  get text(): string {
    return this.bytes.toString('latin1')
  }

  /** Reads until that many bytes are there. */
  async readBytes(count: number): Promise<Buffer> {
    let got = this.bytes.length
    await waitFor(() => ((got += this.read()), got >= count || this.over !== 'no'), {
      what: `${count} bytes`,
    })
    return this.bytes
  }

  /** Reads until the other side has ended. */
  async readToEnd(): Promise<'end' | 'reset'> {
    await waitFor(() => (this.read(), this.over !== 'no'), { what: 'the end of a connection' })
    return this.over as 'end' | 'reset'
  }

  /** FIN. */
  shutdown(): void {
    libc().shutdown(this.fd, 1)
  }

  /** RST. */
  reset(): void {
    if (this.fd < 0) return
    resetOnClose(this.fd)
    this.close()
  }

  close(): void {
    if (this.fd < 0) return
    libc().close(this.fd)
    this.fd = -1
  }
}

/** A listening socket that accepts when it is asked to. */
export class Door {
  readonly fd: number
  readonly port: number

  constructor(host = '127.0.0.1', backlog = 128) {
    const address = socketAddress(host, 0)
    this.fd = libc().socket(host.includes(':') ? AF_INET6 : AF_INET, SOCK_STREAM | OPEN_FLAGS, 0)
    if (address === null || libc().bind(this.fd, ptr(address), address.byteLength) !== 0)
      throw new Error(`bind: errno ${errno()}`)
    libc().listen(this.fd, backlog)
    this.port = localName(this.fd)?.port ?? 0
  }

  /** Null: nobody is there. */
  accept(): Peer | null {
    const fd = libc().accept4(this.fd, null, null, OPEN_FLAGS)
    return fd < 0 ? null : new Peer(fd)
  }

  next(): Promise<Peer> {
    return waitFor(() => this.accept(), { what: 'a connection' })
  }

  close(): void {
    libc().close(this.fd)
  }
}
