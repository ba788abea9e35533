import { afterEach, expect, test } from 'bun:test'
import { NOBODY } from '../../../server/sockets/socket.ts'
import { sockets, useSockets } from '../../../server/sockets/sockets.ts'
import { Registry } from '../../../server/telemetry/registry.ts'
import { meterSockets } from '../../../server/worker/sockets-news.ts'
import { waitFor } from '../../support/wait.ts'

afterEach(() => useSockets('bun'))

/** What a process told, by metric and labels. */
function told(registry: Registry): Record<string, unknown> {
  return Object.fromEntries(
    registry
      .take()
      .filter(([name]) => name.startsWith('sockets_'))
      .map(([name, labels, value]) => [[name, ...labels].join(' '), value]),
  )
}

test('of the sockets of Bun only their kind is told, as nobody counts them', async () => {
  await useSockets('bun')
  const registry = new Registry()
  meterSockets(registry, 'worker-0')
  expect(told(registry)).toEqual({ 'sockets_info worker-0 bun': 1 })
})

test.skipIf(process.platform !== 'linux')(
  'a loop of ours tells what it did since the last time',
  async () => {
    const { kind } = await useSockets('epoll')
    expect(kind).toBe('epoll')
    const registry = new Registry()
    meterSockets(registry, 'worker-1')
    const listening = sockets().listen({ hostname: '127.0.0.1', port: 0 }, (client) => {
      client.owner = { ...NOBODY, onData: (bytes) => void client.write(bytes, 0, bytes.length) }
    })
    let echoed = ''
    const peer = await Bun.connect({
      hostname: '127.0.0.1',
      port: listening.port,
      socket: { data: (_, bytes) => void (echoed += bytes.toString()) },
    })
    peer.write('hello')
    await waitFor(() => echoed === 'hello')
    peer.terminate()
    listening.stop()

    const first = told(registry)
    expect(first).toMatchObject({
      'sockets_info worker-1 epoll': 1,
      'sockets_sends_total worker-1 direct': 1,
    })
    const turns = Number(first['sockets_turns_total worker-1'])
    // One of them accepted, one read and one sent: each turn is a call, and so are these.
    expect(Number(first['sockets_calls_total worker-1'])).toBeGreaterThanOrEqual(turns + 3)
    expect(Number(first['sockets_events_total worker-1'])).toBeGreaterThanOrEqual(2)
    expect(Object.keys(told(registry)).filter((name) => name.includes('sends'))).toEqual([])
  },
)
