// Options of the gateway's sockets, and their types.
import { Words } from '../lib/kinds.ts'

const SAID = 'write io_uring'

export const SocketsOptions = Words(['auto', 'io_uring', 'epoll', 'bun'], {
  default: 'auto',
  description:
    'Who moves the bytes of TCP connections on Linux: rings of io_uring, epoll, or the sockets of Bun. auto: io_uring where the machine lets us, else epoll; elsewhere than on Linux Bun. What cannot be had is followed by the next, and told. A change needs a restart.',
  said: { uring: SAID, 'io-uring': SAID, iouring: SAID },
})
