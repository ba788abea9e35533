// Sockets on an epoll of ours, by libc (Linux).
import type { Wheel } from '../../lib/wheel.ts'
import type { SocketsFigures } from '../figures.ts'
import type { Loop } from '../loop.ts'
import type { Poller } from '../poller.ts'
import { endsOf } from '../socket-ends.ts'
import type { Dial, Dialler, Ground, ListenHow, Listening, Socket, SocketEvents, Sockets } from '../socket.ts'
import { EpollDial } from './epoll-dial.ts'
import { EpollHost } from './epoll-host.ts'
import { EpollListening } from './epoll-listening.ts'
import { EpollEnds } from './epoll-ends.ts'
import { EpollSocket } from './epoll-socket.ts'

export class EpollSockets implements Sockets {
  readonly kind = 'epoll'
  readonly #host: EpollHost

  /**
   * `poller` is what `loop` sleeps in. `exhausted` is called each time that accepting stops for a while, as
   * descriptors or memory have run out.
   */
  constructor(loop: Loop, poller: Poller, exhausted: () => void = () => {}) {
    this.#host = new EpollHost(loop, poller, exhausted)
  }

  /** What it counts, as it is now. */
  get figures(): SocketsFigures {
    return this.#host.counted()
  }

  listen(how: ListenHow, accepted: (socket: Socket) => void): Listening {
    return new EpollListening(this.#host, how, accepted)
  }

  dial(address: string, port: number, dialler: Dialler): Dial {
    const dial = new EpollDial(this.#host, dialler, new EpollEnds(address, port))
    dial.connect()
    return dial
  }

  dialUnix(path: string, dialler: Dialler): Dial {
    const dial = new EpollDial(this.#host, dialler, new EpollEnds('unknown', 0))
    dial.connectUnix(path)
    return dial
  }

  ground(): Ground {
    return this.#host
  }

  adopt(fd: number, owner: SocketEvents): Socket {
    const { address, port } = endsOf({ fd })
    const socket = new EpollSocket(this.#host, fd, new EpollEnds(address, port))
    socket.owner = owner
    return socket
  }

  drive(wheel: Wheel): void {
    this.#host.loop.drive(wheel)
  }
}
