import { expect, test } from 'bun:test'
import { Arrival } from '../../../server/accept/arrival.ts'
import type { Count } from '../../../server/accept/count.ts'
import type { Socket } from '../../../server/sockets/socket.ts'

const count = { came() {}, left() {} } as unknown as Count
const ends = () => ({ address: '192.0.2.7', port: 4711, isReset: false })

test('where a client came in is asked of the kernel once', () => {
  let asked = 0
  const localEnd = () => {
    asked++
    return { address: '198.51.100.1', port: 443 }
  }
  const arrival = new Arrival({ ends, localEnd } as unknown as Socket, count)
  expect([arrival.localAddress, arrival.localPort, arrival.isNamed]).toEqual(['198.51.100.1', 443, false])
  expect(asked).toBe(1)
})

test('a proxy knows it better, and sockets that have no such call are asked for both', () => {
  const own = { ends, localAddress: '127.0.0.1', localPort: 80 } as unknown as Socket
  const arrival = new Arrival(own, count)
  expect([arrival.localAddress, arrival.localPort]).toEqual(['127.0.0.1', 80])
  arrival.named('203.0.113.9', 5, '198.51.100.2', 8443)
  expect([arrival.localAddress, arrival.localPort, arrival.isNamed]).toEqual(['198.51.100.2', 8443, true])
})
