import { afterEach, expect, test } from 'bun:test'
import { dropSyns } from '../../../server/lib/syn-filter.ts'
import { handshakesOn, listeningInodes } from '../../../server/lib/tcp-table.ts'
import { waitFor } from '../../support/wait.ts'

const closing: (() => void)[] = []
afterEach(() => {
  for (const close of closing.splice(0)) close()
})

interface Counting {
  readonly port: number
  readonly fd: number
  accepted: number
  stop(): void
}

function listening(port = 0): Counting {
  const counting = { port: 0, fd: -1, accepted: 0, stop: () => listener.stop(true) }
  const socket = { open: () => void counting.accepted++, data() {} }
  const options = { hostname: '127.0.0.1', port, reusePort: true, socket }
  const listener = Bun.listen(options) as unknown as { port: number; fd: number; stop(now: boolean): void }
  closing.push(counting.stop)
  return Object.assign(counting, { port: listener.port, fd: listener.fd })
}

const connect = (port: number): Promise<unknown> =>
  Bun.connect({ hostname: '127.0.0.1', port, socket: { data() {} } }).then((socket) =>
    closing.push(() => socket.terminate()),
  )

test.if(process.platform === 'linux')(
  'who is held off comes through a second later, to another socket of the port',
  async () => {
    const leaving = listening()
    const staying = listening(leaving.port)
    await Promise.all(Array.from({ length: 20 }, () => connect(leaving.port)))
    const before = leaving.accepted
    expect(before).toBeGreaterThan(0)
    expect(dropSyns(leaving.fd)).toBe(true)
    const pending = Promise.all(Array.from({ length: 20 }, () => connect(leaving.port)))
    await waitFor(() => staying.accepted + leaving.accepted > 20)
    expect(leaving.accepted).toBe(before)
    leaving.stop()
    await pending
    await waitFor(() => staying.accepted === 40 - before)
  },
)

test.if(process.platform === 'linux')('connections that stand already are not touched', async () => {
  const listener = Bun.listen({
    hostname: '127.0.0.1',
    port: 0,
    socket: { data: (socket, bytes) => void socket.write(bytes) },
  })
  closing.push(() => listener.stop(true))
  let echoed = ''
  const client = await Bun.connect({
    hostname: '127.0.0.1',
    port: listener.port,
    socket: { data: (_, bytes) => void (echoed += bytes.toString()) },
  })
  closing.push(() => client.terminate())
  dropSyns((listener as unknown as { fd: number }).fd)
  client.write('hello')
  await waitFor(() => echoed === 'hello')
})

test.if(process.platform === 'linux')('the table tells who listens', () => {
  const { port } = listening()
  listening(port)
  expect(listeningInodes(port).size).toBe(2)
  expect(handshakesOn(port)).toBe(0)
})

test('a descriptor that is no socket is refused', () => {
  expect(dropSyns(-1)).toBe(false)
})
