import { ptr } from 'bun:ffi'
import { constants } from 'node:os'
import { SystemProblem } from '../../lib/bind-fd.ts'
import { errno, libc } from '../../lib/native.ts'
import { socketAddress } from '../../lib/socket-address.ts'
import { Acceptor } from '../acceptor.ts'
import {
  AF_INET,
  AF_INET6,
  IPPROTO_IPV6,
  IPPROTO_TCP,
  IPV6_V6ONLY,
  OPEN_FLAGS,
  setNonBlocking,
  setOption,
  SO_REUSEADDR,
  SOCK_STREAM,
  SOL_SOCKET,
  TCP_NODELAY,
} from '../calls.ts'
import { addressIn, portIn } from '../sockaddr.ts'
import { localName } from '../socket-ends.ts'
import type { ListenHow, Listening, Socket } from '../socket.ts'
import type { EpollHost } from './epoll-host.ts'
import { EpollEnds, EpollSocket } from './epoll-socket.ts'

/** As many as the system lets wait. */
const BACKLOG = 65_535

/** A listening socket on an epoll of ours. */
export class EpollListening implements Listening {
  readonly port: number
  readonly #host: EpollHost
  readonly #acceptor: Acceptor

  /** Throws a SystemProblem. */
  constructor(host: EpollHost, how: ListenHow, accepted: (socket: Socket) => void) {
    const fd = 'fd' in how ? how.fd : openListening(how.hostname, how.port)
    this.port = localName(fd)?.port ?? 0
    setNonBlocking(fd)
    // What is accepted has it from there.
    setOption(fd, IPPROTO_TCP, TCP_NODELAY, 1)
    this.#host = host
    this.#acceptor = new Acceptor(fd, {
      poller: host.poller,
      wheel: host.wheel,
      accept: (fd, from) => this.#enter(fd, from, accepted),
      exhausted: host.exhausted,
    })
    host.loop.hold()
  }

  #enter(fd: number, from: DataView, accepted: (socket: Socket) => void): void {
    this.#host.accepts++
    const address = addressIn(from)
    const ends = address === null ? new EpollEnds('unknown', 0) : new EpollEnds(address, portIn(from))
    const socket = new EpollSocket(this.#host, fd, ends)
    this.#host.event(() => {
      try {
        accepted(socket)
      } catch (error) {
        socket.terminate()
        throw error
      }
    })
  }

  get fd(): number {
    return this.#acceptor.fd
  }

  park(): void {
    this.#acceptor.park()
  }

  unpark(): void {
    this.#acceptor.unpark()
  }

  stop(): void {
    if (this.#acceptor.fd < 0) return
    this.#acceptor.close()
    this.#host.loop.release()
  }
}

/**
 * A TCP socket that listens on an address literal; `::` is IPv4 as well, and alone where there is no IPv6.
 */
function openListening(hostname: string, port: number): number {
  const address = socketAddress(hostname, port)
  if (address === null) throw new SystemProblem('bind', constants.errno.EINVAL)
  const isV6 = address.byteLength > 16
  const fd = libc().socket(isV6 ? AF_INET6 : AF_INET, SOCK_STREAM | OPEN_FLAGS, 0)
  if (fd < 0) {
    if (hostname === '::' && errno() === constants.errno.EAFNOSUPPORT) return openListening('0.0.0.0', port)
    throw new SystemProblem('socket', errno())
  }
  setOption(fd, SOL_SOCKET, SO_REUSEADDR, 1)
  if (isV6) setOption(fd, IPPROTO_IPV6, IPV6_V6ONLY, hostname === '::' ? 0 : 1)
  const call = libc().bind(fd, ptr(address), address.byteLength) < 0 ? 'bind' : 'listen'
  if (call === 'listen' && libc().listen(fd, BACKLOG) === 0) return fd
  const code = errno()
  libc().close(fd)
  throw new SystemProblem(call, code)
}
