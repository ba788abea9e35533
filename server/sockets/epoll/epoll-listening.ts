import { Acceptor } from '../acceptor.ts'
import { IPPROTO_TCP, isUnix, setNonBlocking, setOption, TCP_NODELAY } from '../calls.ts'
import { listeningFd, served } from '../open-listening.ts'
import { addressIn, portIn } from '../sockaddr.ts'
import { localName } from '../socket-ends.ts'
import type { ListenHow, Listening, Socket } from '../socket.ts'
import type { EpollHost } from './epoll-host.ts'
import { EpollEnds } from './epoll-ends.ts'
import { EpollSocket } from './epoll-socket.ts'

/** A listening socket on an epoll of ours. */
export class EpollListening implements Listening {
  readonly port: number
  readonly #host: EpollHost
  readonly #acceptor: Acceptor

  /** Throws a SystemProblem. */
  constructor(host: EpollHost, how: ListenHow, accepted: (socket: Socket) => void) {
    const fd = listeningFd(how)
    this.port = localName(fd)?.port ?? 0
    setNonBlocking(fd)
    // What is accepted has it from there.
    setOption(fd, IPPROTO_TCP, TCP_NODELAY, 1)
    this.#host = host
    const parts = {
      poller: host.poller,
      wheel: host.wheel,
      accept: (fd: number, from: DataView): void => this.#enter(fd, from, accepted),
      exhausted: host.exhausted,
      isShared: isUnix(fd),
    }
    this.#acceptor = served(how, fd, () => new Acceptor(fd, parts))
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
