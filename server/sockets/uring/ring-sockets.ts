// Sockets on an io_uring of ours (Linux 6.1 and later, where it is permitted: probe.ts).
import type { Wheel } from '../../lib/wheel.ts'
import type { SocketsFigures } from '../figures.ts'
import type { Loop } from '../loop.ts'
import type { Dial, Dialler, Ground, ListenHow, Listening, Socket, SocketEvents, Sockets } from '../socket.ts'
import { RingDial } from './ring-dial.ts'
import { LIMITS, RingHost, type RingLimits } from './ring-host.ts'
import { RingListening } from './ring-listening.ts'
import { RingSocket } from './ring-socket.ts'
import type { RingWaiter } from './ring-waiter.ts'

export class RingSockets implements Sockets {
  readonly kind = 'io_uring'
  readonly #host: RingHost

  /**
   * `waiter` is what `loop` sleeps in. `exhausted` is called each time that accepting stops for a while, as
   * descriptors or memory have run out. Throws RingRefused.
   */
  constructor(
    loop: Loop,
    waiter: RingWaiter,
    exhausted: () => void = () => {},
    limits: Partial<RingLimits> = {},
  ) {
    this.#host = new RingHost(loop, waiter, exhausted, { ...LIMITS, ...limits })
  }

  listen(how: ListenHow, accepted: (socket: Socket) => void): Listening {
    return new RingListening(this.#host, how, accepted)
  }

  dial(address: string, port: number, dialler: Dialler): Dial {
    const dial = new RingDial(this.#host, dialler)
    dial.connect(address, port)
    return dial
  }

  dialUnix(path: string, dialler: Dialler): Dial {
    const dial = new RingDial(this.#host, dialler)
    dial.connectUnix(path)
    return dial
  }

  ground(): Ground {
    return { poller: this.#host.readiness(), loop: this.#host.loop }
  }

  adopt(fd: number, owner: SocketEvents): Socket {
    const socket = new RingSocket(this.#host, fd)
    socket.owner = owner
    return socket
  }

  drive(wheel: Wheel): void {
    this.#host.loop.drive(wheel)
  }

  /** What has been counted, gathered when somebody asks. */
  get figures(): SocketsFigures {
    return this.#host.gathered
  }
}
