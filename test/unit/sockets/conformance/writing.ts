import { expect } from 'bun:test'
import type { Socket } from '../../../../server/sockets/socket.ts'
import { waitFor } from '../../../support/wait.ts'
import { turnsGoBy } from './ending.ts'
import type { Recorder } from './recorder.ts'
import { onScene, pattern, type Subject, testOf } from './scene.ts'

/** Small enough that writes come to their end soon. */
const NARROW = 8 * 1024

/** Writes pieces of `bytes`, as it takes them, until all is taken. */
export function writeAll(owner: Recorder, bytes: Buffer, done: (socket: Socket) => void = () => {}): void {
  const socket = owner.socket as Socket
  let at = 0
  const go = (): void => {
    while (at < bytes.length) {
      const to = Math.min(bytes.length, at + 100_000)
      const taken = socket.write(bytes, at, to)
      if (taken < 0) return
      at += taken
      if (at < to) return
    }
    owner.on.drain = () => {}
    done(socket)
  }
  owner.on.drain = go
  go()
}

/** What writes bring about. */
export function testWriting(subject: Subject): void {
  const test = testOf(subject)
  test(
    'what is taken is sent whatever becomes of its buffer',
    onScene(subject, async (scene) => {
      const { peer, socket } = await scene.pair()
      const bytes = Buffer.from('..kept for the other side..')
      const expected = bytes.subarray(2, 25).toString()
      expect(socket.write(bytes, 2, 25)).toBe(23)
      bytes.fill(0)
      expect((await peer.readBytes(23)).toString()).toBe(expected)
    }),
  )

  test(
    'writes of one event arrive in order',
    onScene(subject, async (scene) => {
      const { peer, owner, socket } = await scene.pair()
      owner.on.data = () => {
        for (const word of ['a', 'bc', 'def']) socket.write(Buffer.from(word), 0, word.length)
        socket.writeBoth(Buffer.from('gh'), Buffer.from('-ij-'), 1, 3)
        socket.write(Buffer.from('k'), 0, 1)
      }
      peer.send('x')
      expect((await peer.readBytes(11)).toString()).toBe('abcdefghijk')
    }),
  )

  test(
    'two pieces in one write arrive one behind the other',
    onScene(subject, async (scene) => {
      const { peer, socket } = await scene.pair()
      const first = Buffer.from('head ')
      const bytes = Buffer.from('..body..')
      expect(socket.writeBoth(first, bytes, 2, 6)).toBe(9)
      expect(socket.writeBoth(first, bytes, 4, 4)).toBe(5)
      first.fill(0)
      bytes.fill(0)
      expect((await peer.readBytes(14)).toString()).toBe('head bodyhead ')
    }),
  )

  test(
    'large pieces in one write arrive whole, as far as they were taken',
    onScene(subject, async (scene) => {
      const { peer, owner, socket } = await scene.pair(NARROW)
      const first = pattern(300_000, 1)
      const second = pattern(12 * 1024 * 1024, 2)
      const all = Buffer.concat([first, second])
      const taken = socket.writeBoth(first, second, 0, second.length)
      expect(taken).toBeGreaterThan(0)
      expect(taken).toBeLessThan(all.length)
      let at = taken
      owner.on.drain = () => {
        const more = socket.write(all, at, all.length)
        if (more > 0) at += more
      }
      expect((await peer.readBytes(all.length)).equals(all)).toBe(true)
      expect(at).toBe(all.length)
    }),
  )

  test(
    'it takes less than it is given, then nothing, and says when it takes more',
    onScene(subject, async (scene) => {
      const { peer, owner, socket } = await scene.pair(NARROW)
      const bytes = pattern(16 * 1024 * 1024)
      let at = 0
      for (let taken = -1; taken !== 0 && at < bytes.length; at += taken)
        taken = socket.write(bytes, at, bytes.length)
      expect(at).toBeLessThan(bytes.length)
      expect(socket.write(bytes, at, at + 1)).toBe(0)
      expect(socket.writeBoth(bytes, bytes, 0, 1)).toBe(0)
      expect(owner.events).toEqual([])
      const before = at
      owner.on.drain = () => {
        const taken = socket.write(bytes, at, bytes.length)
        if (taken > 0) at += taken
      }
      expect((await peer.readBytes(bytes.length)).equals(bytes)).toBe(true)
      expect(at).toBeGreaterThan(before)
      expect(at).toBe(bytes.length)
    }),
  )

  for (const [what, piece] of [
    ['large', 100_000],
    ['small', 1000],
  ] as const)
    test(
      `who has ended and reads nothing is told no drain of ${what} pieces, and gets all once it reads`,
      onScene(subject, async (scene) => {
        const { peer, owner, socket } = await scene.pair(NARROW)
        const bytes = pattern(16 * 1024 * 1024)
        peer.shutdown()
        await waitFor(() => owner.has('end'))
        let at = 0
        const fill = (): void => {
          for (let taken = -1; taken !== 0 && at < bytes.length; at += taken)
            taken = socket.write(bytes, at, Math.min(bytes.length, at + piece))
        }
        owner.on.drain = fill
        fill()
        // Until what was written has gone where it can.
        await waitFor(async () => {
          const before = owner.events.length + at
          await turnsGoBy(scene)
          return owner.events.length + at === before
        })
        expect(at).toBeLessThan(bytes.length)
        expect((await peer.readBytes(bytes.length)).equals(bytes)).toBe(true)
        expect(at).toBe(bytes.length)
      }),
    )

  test(
    'a drain comes while it is paused as well',
    onScene(subject, async (scene) => {
      const { peer, owner, socket } = await scene.pair(NARROW)
      socket.pause()
      const bytes = pattern(8 * 1024 * 1024)
      writeAll(owner, bytes)
      peer.send('not yet')
      expect((await peer.readBytes(bytes.length)).equals(bytes)).toBe(true)
      expect(owner.has('data')).toBe(false)
      socket.resume()
      await waitFor(() => owner.text === 'not yet')
    }),
  )

  test(
    'an end is sent behind all that was taken',
    onScene(subject, async (scene) => {
      const { peer, owner, socket } = await scene.pair(NARROW)
      const bytes = pattern(8 * 1024 * 1024)
      writeAll(owner, bytes, () => socket.shutdown())
      expect(await peer.readToEnd()).toBe('end')
      expect(peer.bytes.equals(bytes)).toBe(true)
      expect(owner.isClosed).toBe(false)
      peer.shutdown()
      await waitFor(() => owner.isClosed)
      expect(owner.events.filter((event) => event !== 'drain')).toEqual(['end', 'close'])
    }),
  )

  test(
    'a small write and an end within one event arrive both',
    onScene(subject, async (scene) => {
      const { peer, owner, socket } = await scene.pair()
      owner.on.data = () => {
        socket.write(Buffer.from('answer'), 0, 6)
        socket.shutdown()
      }
      peer.send('x')
      expect(await peer.readToEnd()).toBe('end')
      expect(peer.text).toBe('answer')
    }),
  )

  test(
    'bytes of 200 connections at once go to whom they belong',
    onScene(subject, async (scene) => {
      const echo = (recorder: Recorder): void => {
        recorder.on.data = (bytes) => recorder.socket?.write(bytes, 0, bytes.length)
      }
      scene.onAccepted = echo
      const peers = Array.from({ length: 200 }, () => scene.peer())
      await waitFor(() => scene.accepted.length === 200)
      for (let round = 1; round <= 3; round++) {
        for (const [i, peer] of peers.entries()) peer.send(`${i}:${round};`)
        for (const [i, peer] of peers.entries()) {
          const expected = [1, 2, 3]
            .slice(0, round)
            .map((number) => `${i}:${number};`)
            .join('')
          expect((await peer.readBytes(expected.length)).toString()).toBe(expected)
        }
      }
    }),
  )
}
