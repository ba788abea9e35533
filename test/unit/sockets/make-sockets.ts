// Sockets of each kind, for tests in this process and in others.
import { EpollSockets } from '../../../server/sockets/epoll/epoll-sockets.ts'
import { Loop } from '../../../server/sockets/loop.ts'
import { Poller } from '../../../server/sockets/poller.ts'
import type { Sockets } from '../../../server/sockets/socket.ts'
import { RingSockets } from '../../../server/sockets/uring/ring-sockets.ts'
import { RingWaiter } from '../../../server/sockets/uring/ring-waiter.ts'
import { bunSockets } from '../../../server/sockets/bun/bun-sockets.ts'

export interface Made {
  readonly sockets: Sockets
  /** The loop of ours under it, if there is one. */
  readonly loop: Loop | null
  close(): void
}

export function makeSockets(kind: string, exhausted: () => void = () => {}): Made {
  if (kind === 'bun') return { sockets: bunSockets, loop: null, close() {} }
  if (kind === 'io_uring') {
    const waiter = new RingWaiter()
    const loop = new Loop(waiter)
    const close = (): void => {
      loop.close()
      waiter.close()
    }
    return { sockets: new RingSockets(loop, waiter, exhausted), loop, close }
  }
  if (kind !== 'epoll') throw new Error(`no sockets of the kind ${kind}`)
  const poller = new Poller()
  const loop = new Loop(poller)
  const close = (): void => {
    loop.close()
    poller.close()
  }
  return { sockets: new EpollSockets(loop, poller, exhausted), loop, close }
}
