import { expect, test } from 'bun:test'
import { handshakesOn, listeningInodes, socketInodes } from '../../../server/lib/tcp-table.ts'
import { waitFor } from '../../support/wait.ts'

const listen = (hostname: string, port = 0) =>
  Bun.listen({ hostname, port, socket: { data() {} }, ...{ reusePort: true } })

test('the sockets that listen on a port are found, of either family, among connections from and to it', async () => {
  const first = listen('127.0.0.1')
  const { port } = first
  expect(listeningInodes(port).size).toBe(1)
  const second = listen('127.0.0.1', port)
  const six = listen('::1', port)
  const clients = await Promise.all(
    Array.from({ length: 20 }, () => Bun.connect({ hostname: '127.0.0.1', port, socket: { data() {} } })),
  )
  const found = listeningInodes(port)
  expect(found.size).toBe(3)
  const own = socketInodes(process.pid)
  for (const inode of found) expect(own).toContain(inode)
  expect(handshakesOn(port)).toBe(0)
  expect(listeningInodes(clients[0]!.localPort).size).toBe(0)
  for (const client of clients) client.terminate()
  for (const server of [first, second, six]) server.stop(true)
  await waitFor(() => listeningInodes(port).size === 0)
})

test('a port with few digits is not mistaken for the end of a longer one', () => {
  const server = listen('127.0.0.1')
  const [inode = ''] = listeningInodes(server.port)
  expect(inode).toMatch(/^\d+$/)
  // 0xABCD ends in 0xBCD and in 0xCD.
  for (const mask of [0xfff, 0xff]) expect(listeningInodes(server.port & mask)).not.toContain(inode)
  server.stop(true)
})

test('handshakes are counted from the table where the kernel does not answer', () => {
  const asked: unknown[] = []
  const silent = (port: number, state: number): null => (asked.push([port, state]), null)
  expect(handshakesOn(1, silent)).toBe(0)
  expect([asked, handshakesOn(1, () => 7)]).toEqual([[[1, 3]], 7])
})

test('a process that is not there has no sockets', () => {
  expect(socketInodes(2 ** 22 + 1).size).toBe(0)
})
