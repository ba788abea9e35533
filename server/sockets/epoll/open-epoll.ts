// Sockets on an epoll and a loop of their own.
import { Loop } from '../loop.ts'
import { Poller } from '../poller.ts'
import { EpollSockets } from './epoll-sockets.ts'

export function openEpoll(): EpollSockets {
  const poller = new Poller()
  return new EpollSockets(new Loop(poller), poller)
}
