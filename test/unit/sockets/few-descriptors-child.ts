// A server with hardly any descriptors: few-descriptors-child.ts KIND. It answers each byte with the same,
// and says when accepting has stopped for the third time, with how many turns its loop had since the first.
import type { Socket } from '../../../server/sockets/socket.ts'
import { NOBODY } from '../../../server/sockets/socket.ts'
import { makeSockets } from './make-sockets.ts'

const say = (what: unknown): void => void process.stdout.write(`${JSON.stringify(what)}\n`)
let stops = 0
let turnsAtFirst = 0
const made = makeSockets(process.argv[2] ?? '', () => {
  if (++stops === 1) turnsAtFirst = made.loop?.turns ?? 0
  if (stops === 3) say({ turns: (made.loop?.turns ?? 0) - turnsAtFirst })
})
const dialled: string[] = []
const listening = made.sockets.listen({ hostname: '127.0.0.1', port: 0 }, (socket: Socket) => {
  socket.owner = {
    ...NOBODY,
    onData(bytes) {
      if (bytes.toString() !== 'dial') return void socket.write(bytes, 0, bytes.length)
      const dialler = {
        ...NOBODY,
        onConnected: () => {},
        onDialFailed: (why: string) => void dialled.push(why),
      }
      made.sockets.dial('127.0.0.1', listening.port, dialler)
      socket.write(Buffer.from(dialled.join()), 0, dialled.join().length)
    },
    onEnd: () => socket.shutdown(),
    terminate: () => socket.terminate(),
  }
})
say({ port: listening.port })
