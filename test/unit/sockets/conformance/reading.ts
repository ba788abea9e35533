import { expect } from 'bun:test'
import { nowMs } from '../../../../server/lib/clock.ts'
import { openStage, stageTo } from '../../../../server/lib/stage.ts'
import { waitFor } from '../../../support/wait.ts'
import { onScene, type Subject, testOf } from './scene.ts'

/** What comes, pausing, and what each event begins and ends with. */
export function testReading(subject: Subject): void {
  const test = testOf(subject)
  test(
    'what comes is told in order, and never an empty piece',
    onScene(subject, async (scene) => {
      const { peer, owner } = await scene.pair()
      peer.send('one ')
      await waitFor(() => owner.text === 'one ')
      peer.send('two')
      await waitFor(() => owner.text === 'one two')
      expect(owner.events).toEqual(['data'])
    }),
  )

  test(
    'the clock is read before an event, and what was staged in it is sent after it',
    onScene(subject, async (scene) => {
      const { peer, owner, socket } = await scene.pair()
      const sentMs = performance.now()
      let toldMs = 0
      const stager = { flushStage: (bytes: Buffer, length: number) => void socket.write(bytes, 0, length) }
      owner.on.data = () => {
        toldMs = nowMs
        const stage = openStage(stager, 6)
        stage.write('staged')
        stageTo(6)
      }
      peer.send('x')
      expect((await peer.readBytes(6)).toString()).toBe('staged')
      expect(toldMs).toBeGreaterThanOrEqual(sentMs)
    }),
  )

  test(
    'nothing is told while it is paused, and all of it afterwards',
    onScene(subject, async (scene) => {
      const { peer, owner, socket } = await scene.pair()
      const other = await scene.pair()
      socket.pause()
      peer.send('waits')
      // Turns go by.
      for (let i = 0; i < 5; i++) {
        other.peer.send('x')
        await waitFor(() => other.owner.receivedBytes === i + 1)
      }
      expect(owner.events).toEqual([])
      socket.resume()
      await waitFor(() => owner.text === 'waits')
    }),
  )

  test(
    'a pause within an event holds for what is there already',
    onScene(subject, async (scene) => {
      const { peer, owner, socket } = await scene.pair()
      const other = await scene.pair()
      owner.on.data = () => socket.pause()
      peer.send('first')
      await waitFor(() => owner.text === 'first')
      peer.send('second')
      for (let i = 0; i < 5; i++) {
        other.peer.send('x')
        await waitFor(() => other.owner.receivedBytes === i + 1)
      }
      expect(owner.text).toBe('first')
      socket.resume()
      await waitFor(() => owner.text === 'firstsecond')
    }),
  )

  test(
    'a pause and a resume within one turn lose nothing, however often',
    onScene(subject, async (scene) => {
      const { peer, owner, socket } = await scene.pair()
      owner.on.data = () => {
        for (let i = 0; i < 3; i++) {
          socket.pause()
          socket.resume()
        }
      }
      const sent = 'abcdefghij'
      for (const letter of sent) {
        peer.send(letter)
        await waitFor(() => owner.text.endsWith(letter))
        socket.pause()
        socket.resume()
      }
      expect(owner.text).toBe(sent)
      peer.shutdown()
      await waitFor(() => owner.has('end'))
    }),
  )

  test(
    'paused by one event and resumed by another of the same turn, it reads on',
    onScene(subject, async (scene) => {
      const [a, b] = [await scene.pair(), await scene.pair()]
      a.owner.on.data = () => b.socket.pause()
      b.owner.on.data = () => a.socket.pause()
      for (let i = 1; i <= 20; i++) {
        a.peer.send('a')
        b.peer.send('b')
        await waitFor(() => a.owner.receivedBytes + b.owner.receivedBytes > (i - 1) * 2)
        a.socket.resume()
        b.socket.resume()
        await waitFor(() => {
          a.socket.resume()
          b.socket.resume()
          return a.owner.receivedBytes === i && b.owner.receivedBytes === i
        })
      }
    }),
  )

  test(
    'an end that comes while it is paused is told behind what came before it',
    onScene(subject, async (scene) => {
      const { peer, owner, socket } = await scene.pair()
      const other = await scene.pair()
      socket.pause()
      peer.send('last words')
      peer.shutdown()
      for (let i = 0; i < 5; i++) {
        other.peer.send('x')
        await waitFor(() => other.owner.receivedBytes === i + 1)
      }
      expect(owner.events).toEqual([])
      socket.resume()
      await waitFor(() => owner.has('end'))
      expect(owner.events).toEqual(['data', 'end'])
      expect(owner.text).toBe('last words')
    }),
  )

  test(
    'a pause in the event before the end puts the end off',
    onScene(subject, async (scene) => {
      const { peer, owner, socket } = await scene.pair()
      const other = await scene.pair()
      owner.on.data = () => socket.pause()
      peer.send('x')
      peer.shutdown()
      await waitFor(() => owner.has('data'))
      for (let i = 0; i < 5; i++) {
        other.peer.send('x')
        await waitFor(() => other.owner.receivedBytes === i + 1)
      }
      expect(owner.events).toEqual(['data'])
      socket.resume()
      await waitFor(() => owner.has('end'))
      expect(owner.events).toEqual(['data', 'end'])
    }),
  )

  test(
    'whoever becomes its owner within an event hears the next',
    onScene(subject, async (scene) => {
      const [a, b] = [await scene.pair(), await scene.pair()]
      const heir = b.owner
      a.owner.on.data = () => (a.socket.owner = heir)
      a.peer.send('mine')
      await waitFor(() => a.owner.text === 'mine')
      a.peer.send('yours')
      await waitFor(() => heir.text === 'yours')
      a.peer.shutdown()
      await waitFor(() => heir.has('end'))
      expect(a.owner.events).toEqual(['data'])
    }),
  )

  test(
    'it is quiet until something has come that was not told',
    onScene(subject, async (scene) => {
      const { peer, socket, owner } = await scene.pair()
      expect(socket.isQuiet).toBe(true)
      socket.pause()
      peer.send('x')
      await waitFor(() => !socket.isQuiet)
      socket.resume()
      await waitFor(() => owner.text === 'x')
      expect(socket.isQuiet).toBe(true)
      socket.pause()
      peer.shutdown()
      await waitFor(() => !socket.isQuiet)
    }),
  )

  test(
    'one that brings much leaves others their turn, and says that there may be more',
    onScene(subject, async (scene) => {
      const [much, little] = [await scene.pair(), await scene.pair()]
      const volume = Buffer.alloc(4 * 1024 * 1024, 'v')
      let sent = 0
      let mayHoldMore = false
      let isAsked = false
      much.owner.on.data = () => {
        mayHoldMore ||= much.socket.mayHoldMore
        if (isAsked || much.owner.receivedBytes < 1024 * 1024) return
        isAsked = true
        little.peer.send('x')
      }
      let seenAt = 0
      little.owner.on.data = () => (seenAt = much.owner.receivedBytes)
      await waitFor(
        () => ((sent += much.peer.send(volume.subarray(sent))), much.owner.receivedBytes === volume.length),
        { everyMs: 1 },
      )
      await waitFor(() => seenAt > 0)
      expect(mayHoldMore).toBe(true)
    }),
  )
}
