import { afterEach, describe, expect, spyOn, test } from 'bun:test'
import { readdirSync } from 'node:fs'
import { libc } from '../../../../server/lib/native.ts'
import { AF_INET, OPEN_FLAGS, SOCK_DGRAM } from '../../../../server/sockets/calls.ts'
import { Loop } from '../../../../server/sockets/loop.ts'
import { Poller } from '../../../../server/sockets/poller.ts'
import { ringEnter } from '../../../../server/sockets/uring/calls.ts'
import { probe } from '../../../../server/sockets/uring/probe.ts'
import { NOP } from '../../../../server/sockets/uring/requests.ts'
import { RingSockets } from '../../../../server/sockets/uring/ring-sockets.ts'
import { RingWaiter } from '../../../../server/sockets/uring/ring-waiter.ts'
import { Ring } from '../../../../server/sockets/uring/ring.ts'
import { waitFor } from '../../../support/wait.ts'
import { pattern, Scene } from '../conformance/scene.ts'

const ENOSPC = 28
const HERE = { hostname: '127.0.0.1', port: 0 }
const IDLE = { number: -1, inFlight: 0, isDone: false, completed() {}, confused() {}, left() {} }
const room = Buffer.alloc(8)
const descriptors = (): number => readdirSync('/proc/self/fd').length

/** A ring of which the kernel takes nothing for so many calls: errno is that of `fails`, which does fail. */
class Pressed {
  calls = 0
  #fails: () => void = () => {}
  readonly ring: Ring
  readonly waiter: RingWaiter
  readonly loop: Loop
  readonly sockets: RingSockets

  constructor() {
    this.ring = new Ring(64, 256, (fd) => {
      const enter = ringEnter(fd)
      return (count, ...others) => {
        if (count === 0 || this.calls === 0) return enter(count, ...others)
        this.calls--
        this.#fails()
        return -1
      }
    })
    this.waiter = new RingWaiter(this.ring)
    this.loop = new Loop(this.waiter)
    this.sockets = new RingSockets(this.loop, this.waiter, () => {}, { buffers: 4 })
  }

  refuse(calls: number, fails: () => void = isBusy): void {
    this.calls = calls
    this.#fails = fails
  }

  fill(): void {
    const asker = { ...IDLE }
    this.waiter.add(asker)
    this.ring.submit()
    for (let i = 0; i < this.ring.size; i++) this.ring.ask(NOP, -1, this.waiter.tag(asker, 0), 0)
  }

  async close(): Promise<void> {
    this.calls = 0
    await waitFor(() => this.waiter.askers <= this.waiter.watched + 1)
    this.loop.close()
    this.waiter.close()
  }
}

/** EAGAIN: nothing is there to be read. */
function isBusy(): void {
  const fd = libc().socket(AF_INET, SOCK_DGRAM | OPEN_FLAGS, 0)
  expect(libc().recv(fd, room, room.length, 0)).toBe(-1)
  libc().close(fd)
}

/** ENOMEM: no address space is that large. */
const isShort = (): void => void libc().mmap(0, 2 ** 52, 3, 0x22, -1, 0)

const isGone = (): void => void libc().close(-1)

describe.if(probe() === null)('where the kernel takes no requests', () => {
  afterEach(() => void spyOn(Poller.prototype, 'tryAdd').mockRestore())

  test('what does not fit waits until there is room, and all of it is done, in order', async () => {
    const pressed = new Pressed()
    const { ring } = pressed
    pressed.refuse(3)
    const told: number[] = []
    for (let i = 0; i < 200; i++) ring.ask(NOP, -1, i, 0)
    const taker = { completed: (tag: number) => void told.push(tag) }
    while (ring.inFlight > 0) ring.turn(0, taker)
    expect([told, pressed.calls]).toEqual([Array.from({ length: 200 }, (_, i) => i), 0])
    await pressed.close()
  })

  test.each([
    ['EAGAIN', isBusy],
    ['ENOMEM', isShort],
  ])('a turn that is refused with %s is made good by the next', async (_, fails) => {
    const pressed = new Pressed()
    const told: number[] = []
    const taker = { completed: (tag: number) => void told.push(tag) }
    pressed.ring.ask(NOP, -1, 7, 0)
    pressed.refuse(1, fails)
    expect(pressed.ring.turn(0, taker)).toBe(0)
    while (pressed.ring.inFlight > 0) pressed.ring.turn(0, taker)
    expect(told).toEqual([7])
    await pressed.close()
  })

  test('what does not fit is not waited for without end', async () => {
    const pressed = new Pressed()
    pressed.fill()
    pressed.refuse(Infinity)
    const slept = spyOn(Bun, 'sleepSync').mockImplementation(() => {})
    expect(() => pressed.ring.ask(NOP, -1, 0, 0)).toThrow('io_uring_enter failed (errno 11)')
    expect(slept.mock.calls.length).toBeGreaterThan(1000)
    slept.mockRestore()
    await pressed.close()
  })

  test('that it took nothing is said, and no exception', async () => {
    const pressed = new Pressed()
    const { ring } = pressed
    pressed.refuse(2)
    ring.ask(NOP, -1, 1, 0)
    expect([ring.submit(), ring.advance(), ring.submit()]).toEqual([false, false, true])
    while (ring.inFlight > 0) ring.turn(0, { completed() {} })
    await pressed.close()
  })

  test('a connection that is ended then is reset at once, hears it, and leaves no descriptor', async () => {
    const pressed = new Pressed()
    const before = descriptors()
    const scene = new Scene({ name: 'io_uring', kind: 'io_uring', sockets: () => pressed.sockets })
    const pairs: Awaited<ReturnType<Scene['pair']>>[] = []
    while (pairs.length < 20) pairs.push(await scene.pair())
    pressed.refuse(100)
    for (const { owner, socket } of pairs) {
      expect(() => socket.terminate()).not.toThrow()
      expect(owner.events).toEqual(['close'])
    }
    for (const { peer } of pairs) expect(await peer.readToEnd()).toBe('reset')
    scene.close()
    await waitFor(() => descriptors() <= before)
    await pressed.close()
  })

  test('a listening socket that is stopped then leaves no descriptor', async () => {
    const pressed = new Pressed()
    const before = descriptors()
    const listening = pressed.sockets.listen(HERE, () => {})
    pressed.refuse(10)
    expect(() => listening.stop()).not.toThrow()
    await waitFor(() => descriptors() <= before)
    await pressed.close()
  })

  test('a listening socket that cannot be waited for is not left open', async () => {
    const pressed = new Pressed()
    const before = descriptors()
    pressed.fill()
    pressed.refuse(1, isGone)
    expect(() => pressed.sockets.listen(HERE, () => {})).toThrow('errno 9')
    expect([descriptors(), pressed.waiter.askers]).toEqual([before, pressed.waiter.watched + 1])
    await pressed.close()
  })

  test('one that nobody could tell of room is closed as broken', async () => {
    const pressed = new Pressed()
    const scene = new Scene({ name: 'io_uring', kind: 'io_uring', sockets: () => pressed.sockets })
    const { peer, owner, socket } = await scene.pair(4096)
    spyOn(Poller.prototype, 'tryAdd').mockReturnValue(ENOSPC)
    peer.shutdown()
    await waitFor(() => owner.has('end'))
    const lots = pattern(1 << 20)
    while (socket.write(lots, 0, lots.length) === lots.length);
    await waitFor(() => owner.isClosed)
    expect(owner.events.slice(-1)).toEqual(['close broken'])
    scene.close()
    await pressed.close()
  })
})
