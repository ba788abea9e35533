import { afterEach, expect, test } from 'bun:test'
import { NOBODY, type SocketsKind } from '../../../server/sockets/socket.ts'
import { kindsHere, sockets, useSockets } from '../../../server/sockets/sockets.ts'
import { retire, type RetireWorld } from '../../../server/worker/retire.ts'
import { staysTrue, waitFor } from '../../support/wait.ts'

interface Fake {
  accepted: number
  fd: number
  isStopped: boolean
  stop(): void
}

const fake = (): Fake => ({
  accepted: 0,
  fd: 7,
  isStopped: false,
  stop() {
    this.isStopped = true
  },
})

const turn = (): Promise<void> => new Promise((resolve) => void setImmediate(resolve))
const HELLO = Buffer.from('hello')
const closing: (() => void)[] = []
afterEach(() => {
  for (const close of closing.splice(0)) close()
})

/** A system with its own time and handshakes. */
function world(): RetireWorld & { nowMs: number; handshakes: number; filtered: number[]; ended: number[] } {
  const made = {
    nowMs: 0,
    handshakes: 0,
    filtered: [] as number[],
    ended: [] as number[],
    now: () => made.nowMs,
    dropSyns: (fd: number) => made.filtered.push(fd) > 0,
    handshakesOn: () => made.handshakes,
    unlisten: (fd: number) => void made.ended.push(fd),
  }
  return made
}

test('a listener to which nobody comes is stopped after a few turns', async () => {
  const listener = fake()
  const system = world()
  let isDone = false
  retire({ listener, fd: 7, port: 1 }, () => (isDone = true), system)
  expect([system.filtered, system.ended]).toEqual([[7], []])
  expect(listener.isStopped).toBe(false)
  await waitFor(() => isDone)
  expect(listener.isStopped).toBe(true)
  // Who else has it accepts nothing: the kernel is to choose it no more.
  expect(system.ended).toEqual([7])
})

test('it stays open as long as somebody comes in each turn, up to its time', async () => {
  const listener = fake()
  const system = world()
  retire({ listener, fd: null, port: 1 }, () => {}, system)
  expect(system.filtered).toEqual([])
  for (let i = 0; i < 50; i++) {
    listener.accepted++
    await turn()
    expect(listener.isStopped).toBe(false)
  }
  system.nowMs = 900
  listener.accepted++
  await waitFor(() => listener.isStopped)
  // It is not its own.
  expect(system.ended).toEqual([])
})

test('it stays open while a handshake is under way', async () => {
  const listener = fake()
  const system = world()
  system.handshakes = 1
  retire({ listener, fd: null, port: 1 }, () => {}, system)
  expect(await staysTrue(() => !listener.isStopped, 100)).toBe(true)
  system.handshakes = 0
  await waitFor(() => listener.isStopped)
})

test.each(Object.keys(kindsHere()) as SocketsKind[])(
  'all that wait in the queue are accepted before it closes, with sockets of kind %s',
  async (kind) => {
    const { kind: had } = await useSockets(kind)
    closing.push(() => void useSockets('bun'))
    if (had !== kind) return void process.stderr.write(`skipped: needs ${kind}\n`)
    const view = { accepted: 0, fd: -1, isStopped: false, stop: () => listening.stop() }
    const listening = sockets().listen({ hostname: '127.0.0.1', port: 0 }, (client) => {
      view.accepted++
      client.owner = NOBODY
      client.write(HELLO, 0, HELLO.length)
      closing.push(() => client.terminate())
    })
    let greeted = 0
    const clients = Array.from({ length: 200 }, () =>
      Bun.connect({
        hostname: '127.0.0.1',
        port: listening.port,
        socket: { data: () => void greeted++ },
      }),
    )
    let isDone = false
    retire({ listener: view, fd: null, port: listening.port }, () => (isDone = true))
    for (const client of await Promise.all(clients)) closing.push(() => client.terminate())
    await waitFor(() => greeted === 200 && isDone)
    expect(view.accepted).toBe(200)
    expect(listening.fd).toBe(-1)
  },
)
