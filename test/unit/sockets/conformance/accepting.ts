import { expect } from 'bun:test'
import { readdirSync } from 'node:fs'
import { tellBugsTo } from '../../../../server/lib/bug.ts'
import { duplicateFd } from '../../../../server/lib/pass-fds.ts'
import { IPPROTO_TCP, readOption, TCP_NODELAY } from '../../../../server/sockets/calls.ts'
import { backlogHere, backlogOf } from '../../../support/backlog.ts'
import { waitFor } from '../../../support/wait.ts'
import { turnsGoBy } from './ending.ts'
import { Door, Peer } from './peer.ts'
import { Recorder } from './recorder.ts'
import { onScene, Scene, type Subject, testOf } from './scene.ts'

/** Listening, and who comes there. */
export function testAccepting(subject: Subject): void {
  testListening(subject)
  testFloods(subject)
  testReuse(subject)
}

function testListening(subject: Subject): void {
  const test = testOf(subject)
  test(
    'who comes is known by address and port',
    onScene(subject, async (scene) => {
      const { peer, socket } = await scene.pair()
      const { address, port, isReset } = socket.ends()
      expect({ address, port, isReset }).toEqual({ address: '127.0.0.1', port: peer.port, isReset: false })
      expect(socket.localAddress).toBe('127.0.0.1')
      expect(socket.localPort).toBe(scene.port)
      expect(socket.fd).toBeGreaterThan(2)
      expect(socket.isDecrypted).toBe(false)
      expect(readOption(socket.fd, IPPROTO_TCP, TCP_NODELAY)).toBe(1)
    }),
  )

  test('every address of the machine is IPv6 and IPv4, each named as what it is', async () => {
    const scene = new Scene(subject, '::')
    const four = scene.peer('127.0.0.1')
    await waitFor(() => scene.accepted.length === 1)
    const six = scene.peer('::1')
    await waitFor(() => scene.accepted.length === 2)
    const ends = scene.accepted.map(({ socket }) => socket!.ends())
    expect(ends.map(({ address }) => address)).toEqual(['127.0.0.1', '::1'])
    expect(ends.map(({ port }) => port)).toEqual([four.port, six.port])
    expect(scene.accepted.map(({ socket }) => socket!.localAddress)).toEqual(['127.0.0.1', '::1'])
    scene.close()
  })

  test('one address of IPv6 takes nobody else', async () => {
    const scene = new Scene(subject, '::1')
    scene.peer('::1')
    await waitFor(() => scene.accepted.length === 1)
    expect(scene.accepted[0]?.socket?.ends().address).toBe('::1')
    scene.close()
  })

  test(
    'an address that is in use, or is none of this machine, is a failure with its code',
    onScene(subject, async (scene) => {
      const codeOf = (hostname: string, port: number): unknown => {
        try {
          subject
            .sockets()
            .listen({ hostname, port }, () => {})
            .stop()
          return 'none'
        } catch (error) {
          return (error as { code?: string }).code
        }
      }
      expect(codeOf('127.0.0.1', scene.port)).toBe('EADDRINUSE')
      expect(codeOf('192.0.2.1', 0)).toBe('EADDRNOTAVAIL')
    }),
  )

  test('many may wait in the queue, also once it was parked', async () => {
    const scene = new Scene(subject)
    expect(backlogOf(scene.listening.fd)).toBe(backlogHere())
    scene.listening.park()
    scene.listening.unpark()
    expect(backlogOf(scene.listening.fd)).toBe(backlogHere())
    scene.close()
  })

  test('an inherited socket is served, with those who waited in its queue', async () => {
    const door = new Door()
    const early = Peer.connect(door.port)
    const owner = new Recorder()
    const listening = subject.sockets().listen({ fd: door.fd }, (socket) => {
      socket.owner = owner
      owner.socket = socket
    })
    expect(listening.port).toBe(door.port)
    early.send('waited')
    await waitFor(() => owner.text === 'waited')
    owner.socket?.terminate()
    listening.stop()
    early.close()
  })

  test(
    'parked, it takes nobody and loses nobody',
    onScene(subject, async (scene) => {
      const { listening } = scene
      const { peer, owner } = await scene.pair()
      listening.park()
      listening.park()
      expect(listening.fd).toBeGreaterThan(2)
      const late = scene.peer()
      for (let i = 1; i <= 5; i++) {
        peer.send('x')
        await waitFor(() => owner.receivedBytes === i)
      }
      expect(scene.accepted).toHaveLength(1)
      listening.unpark()
      await waitFor(() => scene.accepted.length === 2)
      late.send('here')
      await waitFor(() => scene.accepted[1]?.text === 'here')
      listening.unpark()
      await scene.pair()
    }),
  )

  test(
    'parked by the event that accepts, it takes no other',
    onScene(subject, async (scene) => {
      const { listening } = scene
      scene.onAccepted = () => listening.park()
      const peers = [scene.peer(), scene.peer(), scene.peer()]
      await waitFor(() => scene.accepted.length > 0)
      const [owner] = scene.accepted
      const first = peers.find((peer) => peer.port === owner!.socket!.ends().port)!
      for (let i = 1; i <= 5; i++) {
        first.send('x')
        await waitFor(() => owner?.receivedBytes === i)
      }
      if (subject.isBun !== true) expect(scene.accepted).toHaveLength(1)
      scene.onAccepted = () => {}
      listening.unpark()
      await waitFor(() => scene.accepted.length === 3)
    }),
  )

  test(
    'stopped, nobody can come, and those who came stay',
    onScene(subject, async (scene) => {
      const { peer, owner } = await scene.pair()
      scene.listening.stop()
      scene.listening.stop()
      expect(scene.listening.fd).toBe(-1)
      const refused = new Recorder()
      subject.sockets().dial('127.0.0.1', scene.port, refused)
      await waitFor(() => refused.has('connect_refused'))
      peer.send('still here')
      await waitFor(() => owner.text === 'still here')
    }),
  )

  test('stopped while it is parked, nothing of it is left', async () => {
    const before = readdirSync('/proc/self/fd').length
    const listening = subject.sockets().listen({ hostname: '127.0.0.1', port: 0 }, () => {})
    listening.park()
    listening.stop()
    await waitFor(() => readdirSync('/proc/self/fd').length <= before)
  })

  test('a copy of the listening socket serves on when this one stops', async () => {
    const scene = new Scene(subject)
    const copy = duplicateFd(scene.listening.fd)
    const { port } = scene
    scene.listening.stop()
    const owner = new Recorder()
    const again = subject.sockets().listen({ fd: copy }, (socket) => {
      socket.owner = owner
      owner.socket = socket
    })
    const peer = Peer.connect(port)
    peer.send('x')
    await waitFor(() => owner.text === 'x')
    owner.socket?.terminate()
    again.stop()
    peer.close()
    scene.close()
  })
}

function testFloods(subject: Subject): void {
  const test = testOf(subject)
  test(
    'who comes in a flood is accepted, and others have their turn meanwhile',
    onScene(subject, async (scene) => {
      const { peer, owner } = await scene.pair()
      let seenAt = 0
      owner.on.data = () => (seenAt = scene.accepted.length)
      const peers = Array.from({ length: 400 }, () => scene.peer())
      peer.send('x')
      await waitFor(() => scene.accepted.length === 401)
      await waitFor(() => seenAt > 0)
      for (const one of peers) one.send('y')
      await waitFor(() => scene.accepted.slice(1).every(({ text }) => text === 'y'))
    }),
  )

  test(
    'who was reset before it was accepted costs nobody else anything',
    onScene(subject, async (scene) => {
      const peers = Array.from({ length: 30 }, () => scene.peer())
      for (const [i, peer] of peers.entries()) {
        peer.send('x')
        if (i % 2 === 0) peer.reset()
      }
      const whole = (): number =>
        scene.accepted.filter((owner) => owner.text === 'x' && !owner.isClosed).length
      await waitFor(() => whole() === 15)
      await waitFor(
        () => scene.accepted.filter((owner) => owner.isClosed).length === scene.accepted.length - 15,
      )
    }),
  )

  test(
    'who was reset before it was accepted is known, at the latest with its bytes',
    onScene(subject, async (scene) => {
      const resets: boolean[] = []
      scene.onAccepted = (recorder, socket) => {
        const ends = socket.ends()
        recorder.on.data = () => resets.push(ends.isReset)
      }
      scene.listening.park()
      const peer = scene.peer()
      const port = peer.port
      peer.send('GET /')
      peer.reset()
      scene.listening.unpark()
      await waitFor(() => scene.accepted[0]?.isClosed)
      expect(scene.accepted[0]?.socket?.ends()).toMatchObject({ address: '127.0.0.1', port })
      expect(resets).toEqual([true])
      expect(scene.accepted[0]?.text).toBe('GET /')
    }),
  )

  test(
    'what accepting throws is told, and costs this connection only',
    onScene(subject, async (scene) => {
      const bugs: unknown[] = []
      tellBugsTo((error) => bugs.push(error))
      try {
        scene.onAccepted = (owner) => {
          if (scene.accepted.length === 1) throw new Error('on purpose')
          owner.on.data = () => owner.socket?.write(Buffer.from('y'), 0, 1)
        }
        const first = scene.peer()
        expect(await first.readToEnd()).toBe('reset')
        const second = scene.peer()
        second.send('x')
        expect((await second.readBytes(1)).toString()).toBe('y')
        expect(bugs.map(String)).toEqual(['Error: on purpose'])
      } finally {
        tellBugsTo(() => {})
      }
    }),
  )
}

function testReuse(subject: Subject): void {
  const test = testOf(subject)
  test(
    'a descriptor that is closed and opened anew in one turn hears nothing that was meant for the old one',
    onScene(subject, async (scene) => {
      const silent = new Door()
      const pairs = [await scene.pair()]
      while (pairs.length < 40) pairs.push(await scene.pair())
      const dialled: Recorder[] = []
      const numbers = new Set<number>()
      const replaceOthers = (mine: Recorder): void => {
        if (dialled.length > 0) return
        for (const { owner, socket } of pairs) {
          if (owner === mine) continue
          numbers.add(socket.fd)
          socket.terminate()
        }
        for (let i = 0; i < pairs.length; i++) {
          const owner = new Recorder()
          dialled.push(owner)
          subject.sockets().dial('127.0.0.1', silent.port, owner)
        }
      }
      for (const { owner } of pairs) owner.on.data = () => replaceOthers(owner)
      const trigger = await scene.pair()
      trigger.owner.on.data = () => {
        for (const [i, { peer }] of pairs.entries()) {
          peer.send('meant for the old one')
          if (i % 3 === 0) peer.reset()
          else if (i % 3 === 1) peer.shutdown()
        }
      }
      trigger.peer.send('x')
      await waitFor(() => dialled.length > 0 && dialled.every((owner) => owner.has('connected')))
      await turnsGoBy(scene)
      for (const owner of dialled) expect(owner.events).toEqual(['connected'])
      // Otherwise nothing was tried.
      expect(dialled.some(({ socket }) => numbers.has(socket!.fd))).toBe(true)
      for (const { socket } of dialled) socket?.terminate()
      for (let peer = silent.accept(); peer !== null; peer = silent.accept()) peer.close()
      silent.close()
    }),
  )

  test(
    'opening and closing thousands of times leaves no descriptor',
    onScene(subject, async (scene) => {
      scene.onAccepted = (owner, socket) => {
        owner.on.data = () => {
          socket.write(Buffer.from('bye'), 0, 3)
          socket.shutdown()
        }
      }
      const before = readdirSync('/proc/self/fd').length
      for (let round = 0; round < 30; round++) {
        const peers = Array.from({ length: 100 }, () => scene.peer())
        for (const [i, peer] of peers.entries()) {
          peer.send('x')
          if (i % 4 === 0) peer.reset()
        }
        for (const [i, peer] of peers.entries()) {
          if (i % 4 !== 0) expect(await peer.readToEnd()).toBe('end')
          peer.close()
        }
        await waitFor(() => scene.accepted.every((owner) => owner.isClosed))
        scene.accepted.length = 0
      }
      await waitFor(() => readdirSync('/proc/self/fd').length <= before)
    }),
  )
}
