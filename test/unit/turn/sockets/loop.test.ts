import { expect, test } from 'bun:test'
import { join } from 'node:path'
import { tellBugsTo } from '../../../../server/lib/bug.ts'
import { nowMs, tick } from '../../../../server/lib/clock.ts'
import type { Timed } from '../../../../server/lib/wheel.ts'
import { Loop } from '../../../../server/sockets/loop.ts'
import { pause, within } from '../../../support/wait.ts'
import { address, adopt, bytesOf, writeBug, collector, makeNet, type Net, openUdp } from './net.ts'

/** Runs the network as the relay does. */
async function run({ poller, network, wheel }: Net, until: () => boolean): Promise<Loop> {
  const loop = new Loop(poller)
  wheel.start()
  loop.drive(wheel)
  loop.settle(() => network.flush())
  await within(loop.run(until), 'the end of the loop')
  loop.close()
  return loop
}

const timed = (expire: () => void): Timed => ({ dueMs: 0, filedTick: -1, filedPlace: -1, expire })

test('an idle loop sleeps, lets Bun work, and sweeps in time', async () => {
  const net = makeNet()
  let bunWorked = 0
  let isDue = false
  net.wheel.due(
    timed(() => (isDue = true)),
    tick() + 1500,
  )
  const begunMs = performance.now()
  const [loop] = await Promise.all([
    run(net, () => isDue),
    pause(500).then(() => bunWorked++),
    pause(700).then(() => bunWorked++),
  ])
  const tookMs = performance.now() - begunMs
  expect(tookMs).toBeGreaterThan(1490)
  // Whatever Bun had to do by itself meanwhile, nothing else ended a sleep.
  expect(loop.turns).toBeLessThanOrEqual(2 * loop.turnsOfBun)
  expect(bunWorked).toBe(2)
})

test('under load Bun gets its turn too, and all is sent when the loop ends', async () => {
  const net = makeNet()
  let echoed = 0
  const { at } = adopt(net, '127.0.0.1', {
    onDatagram(socket, from, bytes, start, length) {
      echoed++
      socket.send(from.address(), bytes, start, length)
    },
  })
  // Two sockets that keep each other busy.
  const client = openUdp(net, '127.0.0.1', {
    onDatagram: (socket, _, bytes, start, length) => socket.send(at, bytes, start, length),
  })
  for (let i = 0; i < 8; i++) client.sendCopy(at, bytesOf(`${i}`))
  let isOver = false
  const timer = setInterval(() => (isOver = echoed > 100), 20)
  const last = collector(net, '127.0.0.1')
  await run(net, () => isOver && (client.sendCopy(last.socket.address, bytesOf('end')), true))
  clearInterval(timer)
  net.until(() => last.got.length === 1)
})

test('handlers and deadlines that throw are told of, and the loop goes on', async () => {
  const net = makeNet()
  const fail = (): never => {
    throw new Error('on purpose')
  }
  const { at } = adopt(net, '127.0.0.1', { onDatagram: fail })
  openUdp(net, '127.0.0.1').sendCopy(at, bytesOf('x'))
  net.poller.later(fail)
  net.wheel.due(timed(fail), nowMs + 1)
  let isDue = false
  net.wheel.due(
    timed(() => (isDue = true)),
    nowMs + 300,
  )
  const bugs: unknown[] = []
  tellBugsTo((error) => bugs.push(error))
  // On a busy machine the datagram may come behind the deadlines.
  await run(net, () => isDue && bugs.length >= 3)
  tellBugsTo(writeBug)
  expect(bugs).toHaveLength(3)
})

test('the loop runs in a thread as well, beside a living main thread', async () => {
  const worker = new Worker(join(import.meta.dir, 'loop-in-thread.ts'))
  const said = Promise.withResolvers<{ port: number }>()
  const ended = Promise.withResolvers<number>()
  worker.onmessage = ({ data }: MessageEvent<{ port?: number; echoed?: number }>) => {
    if (data.port) said.resolve({ port: data.port })
    if (data.echoed) ended.resolve(data.echoed)
  }
  const { port } = await within(said.promise, 'the thread')
  const net = makeNet()
  const client = collector(net, '127.0.0.1')
  for (let i = 0; i < 100; i++) client.socket.sendCopy(address('127.0.0.1', port), bytesOf(`${i}`))
  net.until(() => client.got.length === 100)
  worker.postMessage('stop')
  expect(await within(ended.promise, 'the end of the thread')).toBe(100)
  worker.terminate()
})
