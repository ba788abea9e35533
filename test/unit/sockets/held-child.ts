// A process with a listening socket on a loop of ours: it ends when that is stopped and its connection gone.
import { NOBODY } from '../../../server/sockets/socket.ts'
import { makeSockets } from './make-sockets.ts'

const { sockets } = makeSockets('epoll')
const say = (what: string): void => void process.stdout.write(`${what}\n`)
const listening = sockets.listen({ hostname: '127.0.0.1', port: 0 }, (socket) => {
  say('accepted')
  listening.stop()
  socket.owner = {
    ...NOBODY,
    onData() {
      say('bytes')
      socket.terminate()
      say('released')
    },
  }
})
sockets.dial('127.0.0.1', listening.port, {
  ...NOBODY,
  onConnected: (socket) => void socket.write(Buffer.from('x'), 0, 1),
  onDialFailed: say,
})
