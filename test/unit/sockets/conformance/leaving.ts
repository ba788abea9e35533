// Connections that are given away, by their descriptors: nothing of them is lost, and nothing stays.
import { expect } from 'bun:test'
import { readdirSync, readFileSync } from 'node:fs'
import type { Socket, SocketEvents, Sockets } from '../../../../server/sockets/socket.ts'
import { seededRandom } from '../../../support/random.ts'
import { waitFor } from '../../../support/wait.ts'
import { turnsGoBy } from './ending.ts'
import { Door, Peer } from './peer.ts'
import { Recorder } from './recorder.ts'
import { onScene, pattern, type Scene, type Subject, testOf } from './scene.ts'

const NARROW = 8 * 1024
const descriptors = (): number => readdirSync('/proc/self/fd').length
const detach = (socket: Socket): boolean => socket.detach?.() ?? false

/** Descriptors in the epoll that tells what is ready: it goes by the open file, wherever that is open too. */
function polledBy(sockets: Sockets): number[] {
  const fd = sockets.ground?.().poller.fd
  const text = fd === undefined ? '' : readFileSync(`/proc/self/fdinfo/${fd}`, 'utf8')
  return [...text.matchAll(/^tfd:\s+(\d+)/gm)].map((one) => Number(one[1]))
}

/** What has become of one that was asked to leave. */
const hasLeft = (owner: Recorder): Promise<boolean> =>
  waitFor(() => owner.fd >= 0 || owner.isClosed, { what: 'a connection to be given away' })

export function testLeaving(subject: Subject): void {
  testBytes(subject)
  testEnds(subject)
  testRefusals(subject)
  testLeftovers(subject)
}

function testBytes(subject: Subject): void {
  const test = testOf(subject)
  test(
    'one that is given away goes on under its descriptor, and its owner hears nothing more',
    onScene(subject, async (scene) => {
      const { peer, owner, socket } = await scene.pair()
      peer.send('told')
      await waitFor(() => owner.text === 'told')
      expect(detach(socket)).toBe(true)
      await hasLeft(owner)
      // Or it would be told of what another reads, turn for turn.
      expect(polledBy(subject.sockets())).not.toContain(owner.fd)
      const taken = new Peer(owner.fd)
      peer.send(' read')
      expect((await taken.readBytes(5)).toString()).toBe(' read')
      taken.send('answered')
      expect((await peer.readBytes(8)).toString()).toBe('answered')
      peer.reset()
      await turnsGoBy(scene)
      expect(owner.events).toEqual(['data', 'detached'])
      expect([socket.fd, socket.write(Buffer.from('x'), 0, 1)]).toEqual([-1, -1])
      taken.close()
    }),
  )

  test(
    'given away as it is accepted, nothing of it was read',
    onScene(subject, async (scene) => {
      scene.onAccepted = (owner, socket) => {
        detach(socket)
        expect([owner.fd >= 0, owner.rest.length]).toEqual([true, 0])
      }
      const peer = scene.peer()
      peer.send('all of it')
      await waitFor(() => scene.accepted.length === 1)
      const taken = new Peer(scene.accepted[0]!.fd)
      expect((await taken.readBytes(9)).toString()).toBe('all of it')
      taken.close()
    }),
  )

  test(
    'bytes that come all the while are told, or handed over, or found by who reads on: each of them once',
    onScene(subject, async (scene) => {
      const random = seededRandom(7)
      const all = pattern(300_000)
      for (let round = 0; round < 24; round++) {
        const { peer, owner, socket } = await scene.pair()
        let sent = 0
        const send = (most: number): void => void (sent += peer.send(all.subarray(sent, sent + most)))
        const leavesAt = random.below(150_000)
        const leave = (): void => void (owner.has('left') || (owner.events.push('left'), detach(socket)))
        owner.on.data = () => {
          if (round % 4 === 1) socket.pause()
          if (owner.receivedBytes >= leavesAt) leave()
        }
        await waitFor(
          () => {
            send(1 + random.below(20_000))
            if (round % 4 > 1 || (round % 4 === 1 && owner.receivedBytes > 0)) leave()
            return owner.fd >= 0
          },
          { everyMs: 0 },
        )
        const taken = new Peer(owner.fd)
        await waitFor(() => (send(100_000), taken.read(), sent === all.length), { everyMs: 0 })
        peer.shutdown()
        await taken.readToEnd()
        const got = Buffer.concat([...owner.received, owner.rest, taken.bytes])
        expect(got.equals(all)).toBe(true)
        taken.close()
      }
    }),
  )

  test(
    'what has come in the turn in which it is given away, and was not told yet, is handed over',
    onScene(subject, async (scene) => {
      const pairs: Awaited<ReturnType<Scene['pair']>>[] = []
      while (pairs.length < 12) pairs.push(await scene.pair())
      await turnsGoBy(scene) // what is asked of the kernel is asked
      const leave = (): void => {
        for (const { owner, socket } of pairs) if (owner.receivedBytes === 0) detach(socket)
      }
      for (const [i, { peer, owner }] of pairs.entries()) {
        owner.on.data = leave
        peer.send(`it is ${i}`)
        if (i % 2 === 0) peer.shutdown()
      }
      const others = pairs.filter(({ owner }) => owner.receivedBytes === 0)
      await waitFor(() => pairs.some(({ owner }) => owner.receivedBytes > 0))
      await Promise.all(others.map(({ owner }) => waitFor(() => owner.fd >= 0 || owner.receivedBytes > 0)))
      let handedOver = 0
      for (const [i, { owner, peer }] of pairs.entries()) {
        if (owner.fd < 0) continue
        const taken = new Peer(owner.fd)
        peer.shutdown()
        await taken.readToEnd()
        expect(owner.rest.toString() + taken.text).toBe(`it is ${i}`)
        if (owner.rest.length > 0) handedOver++
        taken.close()
      }
      // Otherwise nothing was tried.
      if (subject.kind === 'io_uring') expect(handedOver).toBeGreaterThan(0)
    }),
  )

  test(
    'what was written before is sent',
    onScene(subject, async (scene) => {
      for (const length of [5, 4096, 100_000]) {
        const { peer, owner, socket } = await scene.pair()
        const bytes = pattern(length)
        expect(socket.write(bytes, 0, length)).toBe(length)
        expect(detach(socket)).toBe(true)
        await hasLeft(owner)
        const taken = new Peer(owner.fd)
        taken.send('behind it')
        expect(
          (await peer.readBytes(length + 9)).equals(Buffer.concat([bytes, Buffer.from('behind it')])),
        ).toBe(true)
        taken.close()
      }
    }),
  )

  test(
    'taken back by its descriptor it is a connection like any other',
    onScene(subject, async (scene) => {
      const { peer, owner, socket } = await scene.pair()
      const { address, port } = socket.ends()
      detach(socket)
      await hasLeft(owner)
      const again = new Recorder()
      const adopted = adopt(subject.sockets(), owner.fd, again)
      peer.send('hello again')
      await waitFor(() => again.text === 'hello again')
      expect(adopted.ends()).toMatchObject({ address, port })
      adopted.write(Buffer.from('you too'), 0, 7)
      adopted.shutdown()
      expect(await peer.readToEnd()).toBe('end')
      expect(peer.text).toBe('you too')
      peer.shutdown()
      await waitFor(() => again.isClosed)
      expect(again.events).toEqual(['data', 'end', 'close'])
    }),
  )
}

function adopt(sockets: Sockets, fd: number, owner: SocketEvents): Socket {
  const socket = sockets.adopt?.(fd, owner)
  if (socket === undefined) throw new Error(`sockets of the kind ${sockets.kind} adopt none`)
  return socket
}

function testEnds(subject: Subject): void {
  const test = testOf(subject)
  test(
    'an end that comes meanwhile is found by who reads on, and the other half is open',
    onScene(subject, async (scene) => {
      for (const isPaused of [false, true]) {
        const { peer, owner, socket } = await scene.pair()
        if (isPaused) socket.pause()
        peer.send('last')
        peer.shutdown()
        expect(detach(socket)).toBe(true)
        await hasLeft(owner)
        const taken = new Peer(owner.fd)
        expect(await taken.readToEnd()).toBe('end')
        expect(owner.text + owner.rest.toString() + taken.text).toBe('last')
        taken.send('answer')
        taken.shutdown()
        expect(await peer.readToEnd()).toBe('end')
        expect(peer.text).toBe('answer')
        taken.close()
      }
    }),
  )

  test(
    'an end that was told is found once more',
    onScene(subject, async (scene) => {
      const { peer, owner, socket } = await scene.pair()
      peer.shutdown()
      await waitFor(() => owner.has('end'))
      expect(detach(socket)).toBe(true)
      await hasLeft(owner)
      const taken = new Peer(owner.fd)
      expect(await taken.readToEnd()).toBe('end')
      expect(owner.events).toEqual(['end', 'detached'])
      taken.close()
    }),
  )

  test(
    'a reset that comes meanwhile closes it, or is found by who reads on',
    onScene(subject, async (scene) => {
      for (let round = 0; round < 12; round++) {
        const { peer, owner, socket } = await scene.pair()
        if (round % 2 === 0) await turnsGoBy(scene) // something is asked of the kernel by then
        peer.send('x')
        if (round % 4 < 2) peer.reset()
        if (!detach(socket)) continue
        peer.reset()
        await hasLeft(owner)
        expect(owner.has('detached')).toBe(!owner.isClosed)
        if (owner.isClosed) continue
        const taken = new Peer(owner.fd)
        expect(await taken.readToEnd()).toBe('reset')
        taken.close()
      }
    }),
  )

  test(
    'terminated before it has left, it closes and is not given away',
    onScene(subject, async (scene) => {
      const { peer, owner, socket } = await scene.pair()
      await turnsGoBy(scene)
      expect(detach(socket)).toBe(true)
      const wasLeft = owner.fd >= 0
      socket.terminate()
      await turnsGoBy(scene)
      if (wasLeft) new Peer(owner.fd).reset()
      expect(owner.events).toEqual(wasLeft ? ['detached'] : ['close'])
      expect(await peer.readToEnd()).toBe('reset')
    }),
  )
}

function testRefusals(subject: Subject): void {
  const test = testOf(subject)
  test(
    'one that took less than it was given stays, and so does one that is gone or leaves already',
    onScene(subject, async (scene) => {
      const { peer, owner, socket } = await scene.pair(NARROW)
      const bytes = pattern(8 << 20)
      let sent = socket.write(bytes, 0, bytes.length)
      expect(sent).toBeLessThan(bytes.length)
      expect(detach(socket)).toBe(false)
      owner.on.drain = () => {
        sent += Math.max(0, socket.write(bytes, sent, bytes.length))
        if (sent === bytes.length) socket.shutdown()
      }
      expect(await peer.readToEnd()).toBe('end')
      expect(peer.bytes.equals(bytes)).toBe(true)
      peer.shutdown()
      await waitFor(() => owner.isClosed)
      expect(detach(socket)).toBe(false)
      const other = await scene.pair()
      expect([detach(other.socket), detach(other.socket)]).toEqual([true, false])
      await hasLeft(other.owner)
      new Peer(other.owner.fd).close()
    }),
  )

  test(
    'one that pours, or is poured into, stays',
    onScene(subject, async (scene) => {
      const [from, to] = [await scene.pair(), await scene.pair()]
      from.socket.pour?.(to.socket, 1 << 20, { onPoured() {} })
      expect([detach(from.socket), detach(to.socket)]).toEqual([false, false])
      from.socket.pour?.(null, 0, { onPoured() {} })
      expect([detach(from.socket), detach(to.socket)]).toEqual([true, true])
      for (const { owner } of [from, to]) {
        await hasLeft(owner)
        new Peer(owner.fd).close()
      }
    }),
  )
}

/** Asked for in the kernel, by one that listens and those who watch; of a ring only. */
const asked = (scene: Scene, { sockets }: Subject): number =>
  (sockets() as unknown as { figures: { ringConnections: number } }).figures.ringConnections -
  scene.accepted.filter(({ isClosed, fd }) => !isClosed && fd < 0).length

function testLeftovers(subject: Subject): void {
  const test = testOf(subject)
  test(
    'a descriptor that is closed elsewhere and opened anew hears nothing that was meant for the old one',
    onScene(subject, async (scene) => {
      const silent = new Door()
      for (let round = 0; round < 6; round++) {
        const { peer, owner, socket } = await scene.pair()
        await turnsGoBy(scene)
        if (round % 2 === 0) socket.pause()
        const next = new Recorder()
        let dialled = -1
        owner.on.detached = (fd) => {
          peer.send('meant for the old one')
          new Peer(fd).reset()
          subject.sockets().dial('127.0.0.1', silent.port, next)
          dialled = fd
        }
        detach(socket)
        await waitFor(() => dialled >= 0 && next.has('connected'))
        expect(next.socket?.fd).toBe(dialled)
        await turnsGoBy(scene)
        expect(next.events).toEqual(['connected'])
        next.socket?.terminate()
        ;(await silent.next()).close()
      }
      silent.close()
    }),
  )

  test(
    'many that are given away leave no descriptor, and nothing in the ring',
    onScene(subject, async (scene) => {
      await turnsGoBy(scene)
      const before = [descriptors(), asked(scene, subject)]
      const random = seededRandom(11)
      for (let round = 0; round < 5; round++) {
        const pairs = []
        while (pairs.length < 20) pairs.push(await scene.pair())
        for (const { peer, owner, socket } of pairs) {
          owner.on.detached = (fd) => new Peer(fd).close()
          const acts = [
            () => peer.send('some'),
            () => peer.reset(),
            () => peer.shutdown(),
            () => socket.pause(),
            () => socket.write(pattern(5000), 0, 5000),
            () => {},
          ]
          random.pick(acts)()
          if (!detach(socket)) socket.terminate()
          else if (random.pick([true, false, false])) socket.terminate()
        }
        for (const { owner, peer } of pairs) {
          await hasLeft(owner)
          peer.close()
        }
      }
      await waitFor(() => descriptors() <= before[0]!)
      await waitFor(() => asked(scene, subject) <= before[1]!)
    }),
  )
}
