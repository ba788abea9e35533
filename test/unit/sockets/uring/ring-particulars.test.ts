import { afterAll, afterEach, expect, test } from 'bun:test'
import { readdirSync, readFileSync } from 'node:fs'
import { Loop } from '../../../../server/sockets/loop.ts'
import { probe } from '../../../../server/sockets/uring/probe.ts'
import { RingSockets } from '../../../../server/sockets/uring/ring-sockets.ts'
import { RingWaiter } from '../../../../server/sockets/uring/ring-waiter.ts'
import { waitFor } from '../../../support/wait.ts'
import type { Recorder } from '../conformance/recorder.ts'
import { onScene, pattern, type Scene } from '../conformance/scene.ts'

const ringTest = probe() === null ? test : test.skip
const opened = probe() === null ? openRing() : null
afterAll(() => opened?.close())
const subject = { name: 'io_uring', kind: 'io_uring', sockets: () => opened!.sockets }

/** With few buffers, so that they run out. */
function openRing() {
  const waiter = new RingWaiter()
  const loop = new Loop(waiter)
  const close = (): void => {
    loop.close()
    waiter.close()
  }
  return { waiter, sockets: new RingSockets(loop, waiter, () => {}, { buffers: 4 }), close }
}

/** Whatever a test did: nobody is left in the table but those who watch, and nothing else is in flight. */
afterEach(async () => {
  if (opened === null) return
  const { waiter } = opened
  await waitFor(() => waiter.askers === waiter.watched && waiter.ring.inFlight <= waiter.watched, {
    what: 'the table of who asks the ring to be empty',
  })
})

const lots = pattern(256 * 1024)

ringTest(
  'more sockets than there are buffers are read in turns, and each byte arrives',
  onScene(subject, async (scene) => {
    const before = opened!.sockets.figures.buffersExhausted
    const pairs = await many(scene, 200)
    // All of them have something in one turn: it is sent before the loop looks again.
    const rounds = 8
    const sent = pairs.map(() => 0)
    for (let round = 1; round <= rounds; round++) {
      for (const [i, { peer }] of pairs.entries())
        sent[i]! += peer.send(lots.subarray(sent[i], sent[i]! + 20_000 + i * 10))
      await waitFor(() => pairs.every(({ owner }, i) => owner.receivedBytes === sent[i]))
    }
    for (const [i, { owner }] of pairs.entries())
      expect(Buffer.concat(owner.received).equals(lots.subarray(0, sent[i]))).toBe(true)
    expect(opened!.sockets.figures.buffersExhausted).toBeGreaterThan(before)
    expect(opened!.sockets.figures.buffersLent).toBe(0)
  }),
)

ringTest(
  'a connection that brings more than all buffers hold does not keep another from being read',
  onScene(subject, async (scene) => {
    const [flood, small] = await many(scene, 2)
    const bytes = Buffer.alloc(4 << 20)
    let flooded = 0
    let before = -1
    small!.owner.on.data = () => (before = flood!.owner.receivedBytes)
    const fill = (): void => {
      flooded += flood!.peer.send(bytes)
    }
    fill()
    small!.peer.send('x')
    await waitFor(() => (fill(), before >= 0))
    await waitFor(() => flood!.owner.receivedBytes === flooded)
    expect(small!.owner.text).toBe('x')
  }),
)

ringTest(
  'what is terminated with everything in flight hears nothing more, and leaves nothing in the kernel',
  onScene(subject, async (scene) => {
    const before = readdirSync('/proc/self/fd').length
    const pairs = await many(scene, 50, 4096)
    for (const [i, { peer, owner, socket }] of pairs.entries()) {
      // Reading, blocked in a send, paused with something behind it: each in another state.
      if (i % 5 === 1) while (socket.write(lots, 0, lots.length) === lots.length);
      if (i % 5 === 2) socket.write(lots, 0, 100)
      if (i % 5 === 3) socket.pause()
      if (i % 5 === 4) socket.shutdown()
      peer.send('x')
      owner.on.data = () => {}
    }
    for (const { owner, socket } of pairs) {
      socket.terminate()
      expect(owner.events.at(-1)).toBe('close')
      owner.events.length = 0
    }
    for (const { peer } of pairs) peer.close()
    await waitFor(() => readdirSync('/proc/self/fd').length <= before)
    expect(pairs.flatMap(({ owner }) => owner.events)).toEqual([])
  }),
)

ringTest(
  'who has ended and reads nothing costs no turn, and no thread of the kernel that waits for it',
  onScene(subject, async (scene) => {
    const pairs = await many(scene, 20, 4096)
    for (const { peer, owner, socket } of pairs) {
      // It does not know of the end, as it does not read.
      socket.pause()
      peer.shutdown()
      let at = 0
      owner.on.drain = () => {
        let taken = 1
        for (; taken > 0 && at < 1e7; at += taken) taken = socket.write(lots, 0, 1000)
        // One that finds it broken says so itself.
        if (taken < 0) owner.events.push('broken')
      }
      owner.on.drain()
    }
    const { ring } = opened!.waiter
    const [only] = await many(scene, 1)
    const roundTrip = async (): Promise<number> => {
      const before = ring.told
      const bytes = only!.owner.receivedBytes
      only!.peer.send('x')
      await waitFor(() => only!.owner.receivedBytes > bytes)
      return ring.told - before
    }
    await waitFor(async () => (await roundTrip()) <= 4)
    expect(Math.max(await roundTrip(), await roundTrip(), await roundTrip())).toBeLessThan(10)
    expect(threadsOfTheKernel()).toEqual([])
    for (const { peer } of pairs) peer.reset()
    await waitFor(() => pairs.every(({ owner }) => owner.has('broken')))
  }),
)

ringTest(
  'small writes beyond the number of slots are sent all the same',
  onScene(subject, async (scene) => {
    const pairs = await many(scene, 40)
    const each = 100
    // One turn: more writes than there are entries in the ring, several of them of each socket.
    for (let k = 0; k < each; k++)
      for (const { socket } of pairs) expect(socket.write(lots, k * 1000, k * 1000 + 1000)).toBe(1000)
    for (const { peer } of pairs) {
      const got = await peer.readBytes(each * 1000)
      expect(got.equals(lots.subarray(0, each * 1000))).toBe(true)
    }
  }),
)

ringTest(
  'small pieces before and behind a large one arrive in their order, in one event',
  onScene(subject, async (scene) => {
    const [{ peer, socket }] = (await many(scene, 1)) as [Pair]
    expect(socket.write(lots, 0, 10)).toBe(10)
    expect(socket.writeBoth(lots.subarray(10, 20), lots, 20, 4000)).toBe(3990)
    expect(socket.write(lots, 4000, 40_000)).toBe(36_000)
    expect(socket.write(lots, 40_000, 40_010)).toBe(10)
    socket.shutdown()
    expect(await peer.readToEnd()).toBe('end')
    expect(peer.bytes.equals(lots.subarray(0, 40_010))).toBe(true)
  }),
)

ringTest(
  'two pieces of one event leave by the turn’s one call',
  onScene(subject, async (scene) => {
    const [{ peer, socket }] = (await many(scene, 1)) as [Pair]
    const { ringSends, directSends } = opened!.sockets.figures
    socket.write(lots, 0, 100)
    socket.write(lots, 100, 200)
    await peer.readBytes(200)
    const after = opened!.sockets.figures
    expect([after.ringSends - ringSends, after.directSends - directSends]).toEqual([1, 0])
  }),
)

ringTest(
  'what connections have of the ring is counted, and is none when they have gone',
  onScene(subject, async (scene) => {
    const { sockets } = opened!
    const pairs = await many(scene, 10)
    expect(sockets.figures).toMatchObject({ ringConnections: 10, slotsUsed: 0, buffersLent: 0 })
    expect(sockets.figures.ringRequests).toBeGreaterThanOrEqual(10)
    for (const { socket } of pairs) socket.write(lots, 0, 100)
    expect(sockets.figures.slotsUsed).toBe(10)
    let lent = 0
    pairs[0]!.owner.on.data = () => (lent = sockets.figures.buffersLent)
    pairs[0]!.peer.send('x')
    await waitFor(() => lent === 1)
    for (const { peer, socket } of pairs) {
      await peer.readBytes(100)
      socket.terminate()
    }
    await waitFor(() => sockets.figures.ringConnections === 0)
    expect(sockets.figures).toMatchObject({ slotsUsed: 0, buffersLent: 0, pipesUsed: 0 })
  }),
)

interface Pair {
  readonly peer: Awaited<ReturnType<Scene['pair']>>['peer']
  readonly owner: Recorder
  readonly socket: Awaited<ReturnType<Scene['pair']>>['socket']
}

/** Those that wait in place of a ring. */
function threadsOfTheKernel(): string[] {
  const names = readdirSync('/proc/self/task').map((id) => readFileSync(`/proc/self/task/${id}/comm`, 'utf8'))
  return names.filter((name) => name.startsWith('iou-wrk'))
}

async function many(scene: Scene, count: number, receiveBuffer?: number): Promise<Pair[]> {
  const pairs: Pair[] = []
  while (pairs.length < count) pairs.push(await scene.pair(receiveBuffer))
  return pairs
}
