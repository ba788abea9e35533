// What a loop of ours leans on to live with Bun's own: that Bun sleeps in an epoll which can be polled and is
// readable when it has something to do, that it can be given one turn, and when its timers are due.
import { ptr } from 'bun:ffi'
import { drainMicrotasks } from 'bun:jsc'
import { describe, expect, test } from 'bun:test'
import { readFile } from 'node:fs/promises'
import net from 'node:net'
import { join } from 'node:path'
import { readlinkSync } from 'node:fs'
import { libc } from '../../server/lib/native.ts'
import { bunEpoll } from '../../server/sockets/bun-epoll.ts'
import { sendSignal } from '../support/processes.ts'
import { within } from '../support/wait.ts'

const words = process.arch === 'x64' ? 3 : 4
const turn = (): Promise<void> => new Promise((resolve) => void setImmediate(resolve))
const ECHO = join(import.meta.dir, '../unit/sockets/echo-child.ts')

/** An epoll of ours that holds Bun's. */
function watchBun(): { readable(waitMs: number): boolean; close(): void } {
  const epoll = libc().epoll_create1(0x80000)
  const event = new Int32Array(new ArrayBuffer(words * 4))
  event[0] = 1
  expect(libc().epoll_ctl(epoll, 1, bunEpoll(), ptr(event))).toBe(0)
  return {
    // Bun has no turn while this waits.
    readable: (waitMs) => libc().epoll_wait(epoll, ptr(event), 1, waitMs) === 1,
    close: () => void libc().close(epoll),
  }
}

/** What is begun makes Bun's epoll readable, and is there once Bun has had turns. */
async function wakes(begin: () => Promise<unknown>): Promise<void> {
  const bun = watchBun()
  for (let i = 0; bun.readable(0) && i < 100; i++) await turn()
  let isDone = false
  const done = begin().then(() => (isDone = true))
  for (let turns = 0; !isDone; turns++) {
    if (turns > 50) throw new Error('it is readable, and nothing comes of it')
    expect(bun.readable(60_000)).toBe(true)
    await turn()
    drainMicrotasks()
  }
  await done
  bun.close()
}

describe.if(process.platform === 'linux')("Bun's loop", () => {
  test('sleeps in an epoll among our descriptors', () => {
    expect(readlinkSync(`/proc/self/fd/${bunEpoll()}`)).toBe('anon_inode:[eventpoll]')
    expect(bunEpoll()).toBe(bunEpoll())
  })

  test('which is not that of a thread', async () => {
    const own = bunEpoll()
    const worker = new Worker(
      URL.createObjectURL(
        new Blob([
          `import(${JSON.stringify(join(import.meta.dir, '../../server/sockets/bun-epoll.ts'))})
          .then(({ bunEpoll }) => postMessage(bunEpoll()))`,
        ]),
      ),
    )
    const other = await within(
      new Promise<number>((resolve) => (worker.onmessage = ({ data }) => resolve(data as number))),
      'a thread',
    )
    expect(other).toBeGreaterThan(2)
    expect(other).not.toBe(own)
    expect(bunEpoll()).toBe(own)
    worker.terminate()
  })

  test('is woken by a socket', () =>
    wakes(async () => {
      const { promise, resolve } = Promise.withResolvers<void>()
      const server = Bun.listen({
        hostname: '127.0.0.1',
        port: 0,
        socket: { data() {}, open: (socket) => void socket.write('x') },
      })
      const client = Bun.connect({
        hostname: '127.0.0.1',
        port: server.port,
        socket: { data: () => resolve() },
      })
      await promise
      ;(await client).terminate()
      server.stop(true)
    }))

  test('is woken by the result of a thread', () => wakes(() => readFile(import.meta.path)))

  test('is woken by a signal', () =>
    wakes(() => {
      const { promise, resolve } = Promise.withResolvers<void>()
      process.once('SIGUSR2', () => resolve())
      sendSignal(process.pid, 'SIGUSR2')
      return promise
    }))

  test('is woken by a process, its messages and its end', () =>
    wakes(async () => {
      const { promise, resolve } = Promise.withResolvers<unknown>()
      const child = Bun.spawn([process.execPath, ECHO], { ipc: (message) => resolve(message) })
      child.send('hello')
      await promise
      child.disconnect()
      await child.exited
    }))

  test('is woken by a message from a thread', () =>
    wakes(async () => {
      const worker = new Worker(ECHO)
      const answered = new Promise((resolve) => (worker.onmessage = resolve))
      worker.postMessage('hello')
      await answered
      worker.terminate()
    }))

  test('has one turn when setImmediate is awaited, and does not wait in it', async () => {
    const { promise, resolve } = Promise.withResolvers<void>()
    const server = Bun.listen({ hostname: '127.0.0.1', port: 0, socket: { data() {} } })
    let told = 0
    const client = await Bun.connect({
      hostname: '127.0.0.1',
      port: server.port,
      socket: { data() {}, open: () => void told++, close: () => resolve() },
    })
    expect(told).toBe(1)
    // A turn that waited would wait for this.
    const far = setTimeout(() => {}, 100_000_000)
    for (let i = 0; i < 1000; i++) await turn()
    clearTimeout(far)
    client.terminate()
    await within(promise, 'a close')
    server.stop(true)
  })

  test('fires what its timers are due for in the turn between two such', async () => {
    await turn()
    let fired = 0
    setTimeout(() => fired++, 3)
    const dueMs = performance.now() + 3
    while (performance.now() < dueMs);
    expect(fired).toBe(0)
    await turn()
    expect(fired).toBe(1)
  })

  test('tells of a timer whether it is over, and for how long it was set', () => {
    const timer = setTimeout(() => {}, 1234) as unknown as { _destroyed: boolean; _idleTimeout: number }
    const interval = setInterval(() => {}, 77) as unknown as typeof timer
    expect([timer._destroyed, timer._idleTimeout]).toEqual([false, 1234])
    expect([interval._destroyed, interval._idleTimeout]).toEqual([false, 77])
    clearTimeout(timer as unknown as Timer)
    clearInterval(interval as unknown as Timer)
    expect([timer._destroyed, interval._destroyed]).toEqual([true, true])
    expect(Object.getPrototypeOf(timer)).toBe(Object.getPrototypeOf(interval))
  })

  test('sets the timers of its own modules by the global functions of the moment', () => {
    const original = globalThis.setTimeout
    const set: unknown[] = []
    const watching = (run: () => void, ms: number): Timer => (set.push(ms), original(run, ms))
    globalThis.setTimeout = watching as unknown as typeof setTimeout
    try {
      new net.Socket().setTimeout(12_345).destroy()
    } finally {
      globalThis.setTimeout = original
    }
    expect(set).toEqual([12_345])
  })

  test('runs all microtasks and ticks, and those they make, when it is asked to, within one as well', async () => {
    await turn()
    const ran: string[] = []
    const hops = async (): Promise<void> => {
      for (let i = 0; i < 3; i++) await Promise.resolve()
      ran.push('hops')
      process.nextTick(() => void Promise.resolve().then(() => ran.push('behind a tick')))
    }
    void hops()
    setImmediate(() => ran.push('too early'))
    drainMicrotasks()
    expect(ran).toEqual(['hops', 'behind a tick'])
    await turn()
  })
})
