// A thread that echoes datagrams until it is told to stop.
import { Address } from '../../../../server/lib/address.ts'
import { Loop } from '../../../../server/sockets/loop.ts'
import { SocketNetwork } from '../../../../server/turn/sockets/network.ts'
import { Poller } from '../../../../server/sockets/poller.ts'

const poller = new Poller()
const loop = new Loop(poller)
const network = new SocketNetwork(poller)
let echoed = 0
const socket = network.openUdp(new Address(Uint8Array.of(127, 0, 0, 1), 0), {
  onDatagram(socket, from, bytes, start, length) {
    echoed++
    socket.send(from.address(), bytes, start, length)
  },
})
let isStopped = false
addEventListener('message', () => void (isStopped = true))
if (typeof socket !== 'string') postMessage({ port: socket.address.port })
loop.settle(() => network.flush())
await loop.run(() => isStopped)
loop.close()
postMessage({ echoed })
