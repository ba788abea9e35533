// The loop lives with Bun's own. In these tests Bun gets a turn for no other reason than that there is
// something for it to do: whatever nobody notices never happens.
import { describe, expect, test } from 'bun:test'
import { readFile } from 'node:fs/promises'
import { join } from 'node:path'
import { bunEpoll } from '../../../server/sockets/bun-epoll.ts'
import { Loop } from '../../../server/sockets/loop.ts'
import { bunSockets } from '../../../server/sockets/bun/bun-sockets.ts'
import { NOBODY } from '../../../server/sockets/socket.ts'
import { acceptTls, alpnList } from '../../../server/tls/accept-tls.ts'
import { Certificate } from '../../../server/tls/certificate.ts'
import { Poller, READABLE } from '../../../server/sockets/poller.ts'
import { libc } from '../../../server/lib/native.ts'
import { tellBugsTo } from '../../../server/lib/bug.ts'
import { tick } from '../../../server/lib/clock.ts'
import { Wheel } from '../../../server/lib/wheel.ts'
import { testCertificate } from '../../support/certificate.ts'
import { sendSignal } from '../../support/processes.ts'
import { within } from '../../support/wait.ts'
import { certificateText, tlsOf } from '../turn/stream-scene.ts'
import { pairOfFds, writeBug } from '../turn/sockets/net.ts'
import { HOURS_MS, onLoop, type Setting } from './on-loop.ts'

const unnoted = globalThis.setTimeout

/** Forty that are connected, then all send an alert, and wait to be ended. */
const CLIENTS = `
  let ends = 0
  const socket = { data() {}, close: () => ++ends === 40 && process.exit(0) }
  const where = { hostname: '127.0.0.1', port: Number(process.argv.at(-1)), socket }
  const all = await Promise.all(Array.from({ length: 40 }, () => Bun.connect(where)))
  await Bun.sleep(50)
  for (const one of all) one.write(Buffer.from([21, 3, 3, 0, 2, 2, 40]))
`

/** What Bun does, each with something that shows that it was done. */
const works: Readonly<Record<string, (setting: Setting) => Promise<unknown>>> = {
  'a timer set in the event of a socket': ({ inEvent }) =>
    new Promise((resolve) => inEvent(() => timer(5).then(resolve))),
  'a timer set behind a promise': async ({ inEvent }) => {
    await new Promise<void>((resolve) => inEvent(resolve))
    await timer(5)
  },
  'a timer set by Bun': async () => {
    await readFile(import.meta.path)
    await timer(5)
  },
  'an interval': () => {
    let times = 0
    return new Promise((resolve) => {
      const interval = setInterval(() => {
        if (++times < 5) return
        clearInterval(interval)
        resolve(times)
      }, 5)
    })
  },
  'a timer that was set anew': () =>
    new Promise<void>((resolve) => {
      const late = setTimeout(resolve, 40)
      setTimeout(() => late.refresh(), 20)
    }),
  'a timer without a time': () => timer(0),
  'what Bun itself waits for': () => Bun.sleep(5),
  'a signal that aborts after a while': () =>
    new Promise<void>((resolve) => AbortSignal.timeout(5).addEventListener('abort', () => resolve())),
  'setImmediate in the event of a socket': ({ inEvent }) =>
    new Promise<void>((resolve) => inEvent(() => void setImmediate(resolve))),
  'process.nextTick in the event of a socket': ({ inEvent }) =>
    new Promise<void>((resolve) => inEvent(() => process.nextTick(resolve))),
  'a file': () => readFile(import.meta.path),
  'a process and its end': () => Bun.spawn(['true']).exited,
  'messages to a process and from it': () => {
    const { promise, resolve } = Promise.withResolvers<unknown>()
    const child = Bun.spawn([process.execPath, join(import.meta.dir, 'echo-child.ts')], {
      ipc: (message) => resolve(message),
      stdout: 'ignore',
    })
    child.send('hello')
    return promise.finally(() => child.disconnect())
  },
  'a thread': () => {
    const worker = new Worker(join(import.meta.dir, 'echo-child.ts'))
    const answered = new Promise<unknown>(
      (resolve) => (worker.onmessage = ({ data }) => resolve(data as unknown)),
    )
    worker.postMessage('hello')
    return answered.finally(() => worker.terminate())
  },
  'a server and a client of HTTP': async () => {
    const server = Bun.serve({ port: 0, hostname: '127.0.0.1', fetch: () => new Response('yes') })
    const answer = await fetch(server.url)
    expect(await answer.text()).toBe('yes')
    await server.stop(true)
  },
  datagrams: async () => {
    const got = Promise.withResolvers<string>()
    const receiver = await Bun.udpSocket({
      hostname: '127.0.0.1',
      socket: { data: (_, bytes) => got.resolve(bytes.toString()) },
    })
    const sender = await Bun.udpSocket({ hostname: '127.0.0.1' })
    sender.send('datagram', receiver.port, '127.0.0.1')
    expect(await got.promise).toBe('datagram')
    sender.close()
    receiver.close()
  },
  'a connection over TLS': async () => {
    const { cert, key } = testCertificate()
    const got = Promise.withResolvers<string>()
    const server = Bun.listen({
      hostname: '127.0.0.1',
      port: 0,
      tls: { cert: Bun.file(cert), key: Bun.file(key) },
      socket: { data: (socket, bytes) => void socket.write(bytes) },
    })
    const client = await Bun.connect({
      hostname: '127.0.0.1',
      port: server.port,
      tls: { rejectUnauthorized: false },
      socket: {
        handshake: (socket) => void socket.write('echo'),
        data: (_, bytes) => got.resolve(bytes.toString()),
      },
    })
    expect(await got.promise).toBe('echo')
    client.terminate()
    server.stop(true)
  },
  'handshakes of many that come at once': async () => {
    const tls = tlsOf(new Certificate(certificateText()))
    const listener = bunSockets.listenTls({ hostname: '127.0.0.1', port: 0 }, (socket) => {
      acceptTls(socket, { alpn: alpnList([]), owner: { ...NOBODY, tls, shakenBy: null, onHandshake() {} } })
    })
    // From another process, as its events would be ours as well.
    const clients = Bun.spawn([process.execPath, '-e', CLIENTS, String(listener.port)])
    expect(await clients.exited).toBe(0)
    listener.stop()
  },
  'a signal': () => {
    const { promise, resolve } = Promise.withResolvers<void>()
    process.once('SIGUSR2', () => resolve())
    sendSignal(process.pid, 'SIGUSR2')
    return promise
  },
}

const timer = (ms: number): Promise<void> => new Promise((resolve) => void setTimeout(resolve, ms))

for (const isBusy of [false, true])
  describe(isBusy ? 'while sockets are always ready' : 'while nothing happens', () => {
    for (const [what, work] of Object.entries(works))
      test(`Bun gets to ${what}`, () =>
        onLoop(isBusy, (setting) => within(work(setting) as Promise<void>, what)))
  })

test('all microtasks, and those they make, run before it sleeps', () =>
  onLoop(false, async ({ loop, inEvent }) => {
    const { promise, resolve } = Promise.withResolvers<number>()
    inEvent(() => {
      const { turns } = loop
      const hop = async (): Promise<void> => {
        for (let i = 0; i < 50; i++) await Promise.resolve()
        process.nextTick(() => void Promise.resolve().then(() => resolve(loop.turns - turns)))
      }
      void hop()
    })
    expect(await promise).toBe(0)
  }))

/** Notes how long it was to sleep, at most. */
class NotingPoller extends Poller {
  readonly asked: number[] = []

  override turn(timeoutMs: number): number {
    this.asked.push(timeoutMs)
    return super.turn(timeoutMs)
  }
}

test('with nothing to do it sleeps, and Bun gets a turn after four times as long', async () => {
  const poller = new NotingPoller()
  const loop = new Loop(poller, bunEpoll(), 200)
  const { asked } = poller
  await within(
    loop.run(() => asked.filter((ms) => ms > 200).length === 3),
    'longer sleeps',
  )
  expect(loop.isBunPolled).toBe(true)
  expect(Math.max(...asked)).toBe(800)
  // Whatever Bun had to do by itself meanwhile, nothing else ended a sleep.
  expect(loop.turns).toBeLessThanOrEqual(2 * loop.turnsOfBun)
  loop.close()
  poller.close()
})

test('where it cannot poll Bun, Bun gets a turn every so often', async () => {
  const poller = new Poller()
  const loop = new Loop(poller, -1)
  loop.hold()
  expect(loop.isBunPolled).toBe(false)
  const { promise, resolve } = Promise.withResolvers<void>()
  unnoted(resolve, 30) // not noted
  await within(promise, 'a timer that nobody knows of')
  expect(loop.turns).toBeLessThan(20)
  loop.release()
  await new Promise<void>((resolve) => void setImmediate(() => setImmediate(resolve)))
  loop.close()
  poller.close()
})

test('a deadline of a wheel that it drives is met without a timer, and by one again when it ends', async () => {
  const poller = new Poller()
  const loop = new Loop(poller, bunEpoll(), HOURS_MS)
  const wheel = new Wheel(tick)
  wheel.start()
  loop.drive(wheel)
  const met: string[] = []
  const due = (name: string, ms: number): void =>
    wheel.due({ dueMs: 0, filedTick: -1, filedPlace: -1, expire: () => met.push(name) }, tick() + ms)
  due('before', 30)
  await within(
    loop.run(() => met.length === 1),
    'the first deadline',
  )
  const { turns } = loop
  due('after', 30)
  const { promise, resolve } = Promise.withResolvers<void>()
  due('last', 60)
  const look = (): void => void (met.length === 3 ? resolve() : unnoted(look, 5))
  look()
  await within(promise, 'deadlines that a timer meets')
  expect(met).toEqual(['before', 'after', 'last'])
  expect(loop.turns).toBe(turns)
  wheel.stop()
  loop.close()
  poller.close()
})

test('what came before a deadline is told before it is met, though a handler held up all until behind it', () =>
  onLoop(false, async ({ loop, poller, inEvent }) => {
    const [ours, theirs] = pairOfFds()
    const wheel = new Wheel(tick)
    wheel.start()
    loop.drive(wheel)
    const seen: string[] = []
    const byte = Buffer.alloc(1)
    poller.add(ours, READABLE, {
      onReady() {
        libc().recv(ours, byte, 1, 0)
        seen.push('told')
      },
    })
    const { promise, resolve } = Promise.withResolvers<void>()
    const expire = (): void => {
      seen.push('met')
      poller.later(resolve)
    }
    inEvent(() => {
      const dueMs = tick() + 30
      wheel.due({ dueMs: 0, filedTick: -1, filedPlace: -1, expire }, dueMs)
      libc().send(theirs, byte, 1, 0)
      while (performance.now() < dueMs + 60);
    })
    await within(promise, 'its deadline')
    wheel.stop()
    poller.remove(ours)
    for (const fd of [ours, theirs]) libc().close(fd)
    expect(seen).toEqual(['told', 'met'])
  }))

test('timers are what they were, while there is a loop and afterwards', async () => {
  const child = Bun.spawn([process.execPath, join(import.meta.dir, 'timers-child.ts')], { stdout: 'pipe' })
  expect(await within(new Response(child.stdout).json(), 'what it found')).toEqual({
    alone: true,
    noted: true,
    args: [4, 5],
    promised: 'value',
    afterOne: true,
    afterBoth: true,
  })
})

test('work that throws as a turn ends is told, and the loop goes on', async () => {
  const poller = new Poller()
  const loop = new Loop(poller)
  let times = 0
  loop.settle(() => {
    if (++times === 1) throw new Error('on purpose')
  })
  const bugs: unknown[] = []
  tellBugsTo((error) => bugs.push(error))
  await within(
    loop.run(() => times > 2),
    'its end',
  ).finally(() => tellBugsTo(writeBug))
  expect(bugs.map(String)).toEqual(['Error: on purpose'])
  loop.close()
  poller.close()
})

for (const nth of [1, 2])
  test(`who holds it as a turn ends keeps it running, the ${nth}. time since nobody does`, async () => {
    const poller = new Poller()
    const loop = new Loop(poller)
    loop.hold()
    await within(timer(1), 'its first turn')
    const { promise, resolve } = Promise.withResolvers<void>()
    let times = 0
    loop.settle(() => {
      if (++times !== nth) return
      loop.hold()
      poller.later(resolve)
    })
    loop.release()
    await new Promise<void>((resolve) => void unnoted(resolve, 50))
    if (times >= nth) {
      await within(promise, 'a turn for who holds it')
      loop.release()
      await new Promise<void>((resolve) => void unnoted(resolve, 50))
    }
    loop.close()
    poller.close()
  })

test('it keeps the process going for as long as somebody holds it, and no longer', async () => {
  const child = Bun.spawn([process.execPath, join(import.meta.dir, 'held-child.ts')], {
    stdout: 'pipe',
    stderr: 'pipe',
  })
  expect(await within(child.exited, 'the end of the process')).toBe(0)
  expect(await new Response(child.stderr).text()).toBe('')
  expect(await new Response(child.stdout).text()).toBe('accepted\nbytes\nreleased\n')
})
