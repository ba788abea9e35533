import { afterEach, expect, test } from 'bun:test'
import { retire, type RetireWorld } from '../../../server/worker/retire.ts'
import { staysTrue, waitFor } from '../../support/wait.ts'

interface Fake {
  accepted: number
  isStopped: boolean
  stop(): void
}

const fake = (): Fake => ({
  accepted: 0,
  isStopped: false,
  stop() {
    this.isStopped = true
  },
})

const turn = (): Promise<void> => new Promise((resolve) => void setImmediate(resolve))
const closing: (() => void)[] = []
afterEach(() => {
  for (const close of closing.splice(0)) close()
})

/** A system with its own time and handshakes. */
function world(): RetireWorld & { nowMs: number; handshakes: number; filtered: number[] } {
  const made = {
    nowMs: 0,
    handshakes: 0,
    filtered: [] as number[],
    now: () => made.nowMs,
    dropSyns: (fd: number) => made.filtered.push(fd) > 0,
    handshakesOn: () => made.handshakes,
  }
  return made
}

test('a listener to which nobody comes is stopped after a few turns', async () => {
  const listener = fake()
  const system = world()
  let isDone = false
  retire({ listener, fd: 7, port: 1 }, () => (isDone = true), system)
  expect(system.filtered).toEqual([7])
  expect(listener.isStopped).toBe(false)
  await waitFor(() => isDone)
  expect(listener.isStopped).toBe(true)
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

test('all that wait in the queue are accepted before it closes', async () => {
  let accepted = 0
  const socket = Bun.listen({
    hostname: '127.0.0.1',
    port: 0,
    socket: {
      open(client) {
        accepted++
        client.write('hello')
      },
      data() {},
    },
  })
  let greeted = 0
  const clients = Array.from({ length: 200 }, () =>
    Bun.connect({ hostname: '127.0.0.1', port: socket.port, socket: { data: () => void greeted++ } }),
  )
  const view = {
    get accepted() {
      return accepted
    },
    stop: () => socket.stop(false),
  }
  retire({ listener: view, fd: null, port: socket.port }, () => {})
  for (const client of await Promise.all(clients)) closing.push(() => client.terminate())
  await waitFor(() => greeted === 200)
})
