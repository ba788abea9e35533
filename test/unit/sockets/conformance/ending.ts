import { expect } from 'bun:test'
import { tellBugsTo } from '../../../../server/lib/bug.ts'
import type { Socket } from '../../../../server/sockets/socket.ts'
import { waitFor } from '../../../support/wait.ts'
import { onScene, pattern, type Scene, type Subject, testOf } from './scene.ts'

const NARROW = 8 * 1024
const some = Buffer.from('bytes')

/** Lets turns go by: others are told of something five times. */
export async function turnsGoBy(scene: Scene): Promise<void> {
  const { peer, owner } = await scene.pair()
  for (let i = 1; i <= 5; i++) {
    peer.send('x')
    await waitFor(() => owner.receivedBytes === i)
  }
}

/** Ends of all kinds. */
export function testEnding(subject: Subject): void {
  testOrderlyEnds(subject)
  testBreaks(subject)
  testTerminating(subject)
  testBugs(subject)
}

function testOrderlyEnds(subject: Subject): void {
  const test = testOf(subject)
  test(
    'the other side ends first: we go on sending, and close when we end',
    onScene(subject, async (scene) => {
      const { peer, owner, socket } = await scene.pair()
      peer.send('question')
      peer.shutdown()
      await waitFor(() => owner.has('end'))
      expect(owner.events).toEqual(['data', 'end'])
      socket.write(some, 0, some.length)
      await peer.readBytes(some.length)
      await turnsGoBy(scene)
      expect(owner.isClosed).toBe(false)
      socket.write(some, 0, some.length)
      socket.shutdown()
      await waitFor(() => owner.isClosed)
      expect(owner.events).toEqual(['data', 'end', 'close'])
      expect(await peer.readToEnd()).toBe('end')
      expect(peer.text).toBe('bytesbytes')
      expect(socket.fd).toBe(-1)
    }),
  )

  test(
    'we end first: what comes is told until the other side ends',
    onScene(subject, async (scene) => {
      const { peer, owner, socket } = await scene.pair()
      socket.write(some, 0, some.length)
      socket.shutdown()
      expect(await peer.readToEnd()).toBe('end')
      expect(socket.write(some, 0, 1)).toBe(-1)
      peer.send('still')
      await waitFor(() => owner.text === 'still')
      expect(owner.isClosed).toBe(false)
      peer.shutdown()
      await waitFor(() => owner.isClosed)
      expect(owner.events).toEqual(['data', 'end', 'close'])
    }),
  )

  test(
    'both end within one event',
    onScene(subject, async (scene) => {
      const { peer, owner, socket } = await scene.pair()
      owner.on.end = () => {
        socket.write(some, 0, some.length)
        socket.shutdown()
        expect(owner.isClosed).toBe(false)
      }
      peer.shutdown()
      await waitFor(() => owner.isClosed)
      expect(owner.events).toEqual(['end', 'close'])
      expect(await peer.readToEnd()).toBe('end')
      expect(peer.text).toBe('bytes')
    }),
  )

  test(
    'ended by us and paused, it is closed once it has resumed and all is told',
    onScene(subject, async (scene) => {
      const { peer, owner, socket } = await scene.pair()
      socket.pause()
      socket.shutdown()
      peer.send('late')
      peer.shutdown()
      expect(await peer.readToEnd()).toBe('end')
      await turnsGoBy(scene)
      expect(owner.events).toEqual([])
      socket.resume()
      await waitFor(() => owner.isClosed)
      expect(owner.events).toEqual(['data', 'end', 'close'])
      expect(owner.text).toBe('late')
    }),
  )
}

function testBreaks(subject: Subject): void {
  const test = testOf(subject)
  test(
    'a reset while nothing happens is told as a broken close',
    onScene(subject, async (scene) => {
      const { peer, owner, socket } = await scene.pair()
      peer.reset()
      await waitFor(() => owner.isClosed)
      expect(owner.events).toEqual(['close broken'])
      expect(socket.fd).toBe(-1)
      expect(socket.localAddress).toBeUndefined()
      expect(socket.localPort).toBe(0)
      expect(socket.write(some, 0, 1)).toBe(-1)
    }),
  )

  test(
    'a reset behind volume is a broken close, and no end',
    onScene(subject, async (scene) => {
      const { peer, owner, socket } = await scene.pair()
      owner.on.data = () => {
        peer.reset()
        socket.expectVolume(Infinity)
      }
      const sent = peer.send(pattern(100_000))
      await waitFor(() => owner.isClosed)
      expect(owner.events).toEqual(['data', 'close broken'])
      expect(owner.receivedBytes).toBeLessThanOrEqual(sent)
    }),
  )

  test(
    'a reset while it waits to write is told as a broken close',
    onScene(subject, async (scene) => {
      const { peer, owner, socket } = await scene.pair(NARROW)
      const bytes = pattern(16 * 1024 * 1024)
      expect(socket.write(bytes, 0, bytes.length)).toBeLessThan(bytes.length)
      peer.reset()
      await waitFor(() => owner.isClosed)
      expect(owner.events.at(-1)).toBe('close broken')
      expect(owner.has('end')).toBe(false)
    }),
  )

  test(
    'a reset behind the end of the other side is told as a broken close',
    onScene(subject, async (scene) => {
      const { peer, owner } = await scene.pair()
      peer.shutdown()
      await waitFor(() => owner.has('end'))
      peer.reset()
      await waitFor(() => owner.isClosed)
      expect(owner.events.filter((event) => event !== 'broken')).toEqual(['end', 'close broken'])
    }),
  )

  test(
    'a reset behind our end is told as a broken close',
    onScene(subject, async (scene) => {
      const { peer, owner, socket } = await scene.pair()
      socket.shutdown()
      expect(await peer.readToEnd()).toBe('end')
      peer.reset()
      await waitFor(() => owner.isClosed)
      expect(owner.events).toEqual(['close broken'])
    }),
  )

  test(
    'a reset while its reading is paused is told once, and closes behind what came before',
    onScene(subject, async (scene) => {
      const { peer, owner, socket } = await scene.pair()
      socket.pause()
      peer.send('last words')
      await waitFor(() => !socket.isQuiet)
      peer.reset()
      await waitFor(() => owner.has('broken'))
      await turnsGoBy(scene)
      expect(owner.events).toEqual(['broken'])
      expect(socket.write(some, 0, 1)).toBe(-1)
      socket.resume()
      await waitFor(() => owner.isClosed)
      expect(owner.events).toEqual(['broken', 'data', 'close broken'])
      expect(owner.text).toBe('last words')
    }),
  )

  test(
    'a write to what was reset says so, and the close follows behind what came before',
    onScene(subject, async (scene) => {
      const { peer, owner, socket } = await scene.pair()
      const other = await scene.pair()
      let wrote = 0
      // All of it within one event, before anybody could be told of the reset.
      other.owner.on.data = () => {
        peer.send('last words')
        peer.reset()
        for (let i = 0; i < 10 && wrote >= 0; i++) wrote = socket.write(some, 0, some.length)
      }
      other.peer.send('x')
      await waitFor(() => owner.isClosed)
      // Those that leave later than they were given tell it later.
      if (wrote >= 0) expect(owner.has('broken')).toBe(true)
      expect(owner.text).toBe('last words')
      expect(owner.events.at(-1)).toBe('close broken')
      expect(owner.has('end')).toBe(false)
    }),
  )

  test(
    'many that are reset at once are each told once',
    onScene(subject, async (scene) => {
      const peers = Array.from({ length: 100 }, () => scene.peer())
      await waitFor(() => scene.accepted.length === 100)
      for (const peer of peers) peer.reset()
      await waitFor(() => scene.accepted.every((owner) => owner.isClosed))
      for (const owner of scene.accepted) expect(owner.events).toEqual(['close broken'])
    }),
  )
}

function testTerminating(subject: Subject): void {
  const test = testOf(subject)
  test(
    'terminated, it is closed within that call, once, and reset for the other side',
    onScene(subject, async (scene) => {
      const { peer, owner, socket } = await scene.pair()
      socket.terminate()
      expect(owner.events).toEqual(['close'])
      socket.terminate()
      socket.shutdown()
      socket.pause()
      socket.resume()
      expect(socket.fd).toBe(-1)
      expect(socket.write(some, 0, 1)).toBe(-1)
      expect(await peer.readToEnd()).toBe('reset')
      await turnsGoBy(scene)
      expect(owner.events).toEqual(['close'])
    }),
  )

  test(
    'terminated while it is paused, while it waits to write, or after an end, it is closed once',
    onScene(subject, async (scene) => {
      const [paused, blocked, ended, shut] = [
        await scene.pair(),
        await scene.pair(NARROW),
        await scene.pair(),
        await scene.pair(),
      ]
      paused.socket.pause()
      const bytes = pattern(8 * 1024 * 1024)
      blocked.socket.write(bytes, 0, bytes.length)
      ended.peer.shutdown()
      await waitFor(() => ended.owner.has('end'))
      shut.socket.shutdown()
      for (const { socket } of [paused, blocked, ended, shut]) socket.terminate()
      await turnsGoBy(scene)
      for (const { owner } of [paused, blocked, shut]) expect(owner.events).toEqual(['close'])
      expect(ended.owner.events).toEqual(['end', 'close'])
    }),
  )

  for (const event of ['data', 'drain', 'end'] as const)
    test(
      `terminated within its ${event}, it hears no more than its close`,
      onScene(subject, async (scene) => {
        const { peer, owner, socket } = await scene.pair(event === 'drain' ? NARROW : 0)
        let closedWithin = false
        owner.on[event] = () => {
          socket.terminate()
          closedWithin = owner.isClosed
        }
        if (event === 'drain') {
          const bytes = pattern(16 * 1024 * 1024)
          socket.write(bytes, 0, bytes.length)
          await waitFor(() => (peer.read(), owner.isClosed))
        } else {
          if (event === 'data') peer.send('x')
          peer.shutdown()
        }
        await waitFor(() => owner.isClosed)
        await turnsGoBy(scene)
        expect(closedWithin).toBe(true)
        expect(owner.events).toEqual([event, 'close'])
      }),
    )

  test(
    'terminated as it is accepted, it hears no more than its close',
    onScene(subject, async (scene) => {
      scene.onAccepted = (_, socket) => socket.terminate()
      const peer = scene.peer()
      await waitFor(() => scene.accepted.length === 1)
      scene.onAccepted = () => {}
      expect(await peer.readToEnd()).toBe('reset')
      await turnsGoBy(scene)
      expect(scene.accepted[0]?.events).toEqual(['close'])
    }),
  )

  test(
    'one event may terminate all others that have something to tell',
    onScene(subject, async (scene) => {
      const pairs = [await scene.pair(), await scene.pair(), await scene.pair(), await scene.pair()]
      const terminateOthers = (mine: Socket): void => {
        for (const { socket } of pairs) if (socket !== mine) socket.terminate()
      }
      for (const { owner, socket } of pairs) owner.on.data = () => terminateOthers(socket)
      // Within an event, so that all of them are ready in the next turn.
      const trigger = await scene.pair()
      trigger.owner.on.data = () => {
        for (const { peer } of pairs) peer.send('x')
      }
      trigger.peer.send('x')
      await waitFor(() => pairs.filter(({ owner }) => owner.isClosed).length === 3)
      await turnsGoBy(scene)
      expect(pairs.filter(({ owner }) => owner.has('data'))).toHaveLength(1)
    }),
  )
}

function testBugs(subject: Subject): void {
  const test = testOf(subject)
  for (const event of ['data', 'drain', 'end'] as const)
    test(
      `what its ${event} throws is told, and costs this connection only`,
      onScene(subject, async (scene) => {
        const bugs: unknown[] = []
        tellBugsTo((error) => bugs.push(error))
        try {
          const { peer, owner, socket } = await scene.pair(event === 'drain' ? NARROW : 0)
          owner.on[event] = () => {
            throw new Error('on purpose')
          }
          if (event === 'data') peer.send('x')
          if (event === 'end') peer.shutdown()
          if (event === 'drain') {
            const bytes = pattern(16 * 1024 * 1024)
            socket.write(bytes, 0, bytes.length)
            await waitFor(() => (peer.read(), owner.isClosed))
          }
          await waitFor(() => owner.isClosed)
          await turnsGoBy(scene)
          expect(owner.events).toEqual([event, 'terminate', 'close'])
          expect(bugs.map(String)).toEqual(['Error: on purpose'])
        } finally {
          tellBugsTo(() => {})
        }
      }),
    )

  test(
    'what its close throws is told, and the others go on',
    onScene(subject, async (scene) => {
      const bugs: unknown[] = []
      tellBugsTo((error) => bugs.push(error))
      try {
        const { peer, owner } = await scene.pair()
        owner.on.close = () => {
          throw new Error('on purpose')
        }
        peer.reset()
        await waitFor(() => owner.isClosed)
        await turnsGoBy(scene)
        expect(bugs.map(String)).toEqual(['Error: on purpose'])
      } finally {
        tellBugsTo(() => {})
      }
    }),
  )
}
