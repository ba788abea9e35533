import { afterAll, expect, test } from 'bun:test'
import { bufferedBytes } from '../../../../server/lib/buffers.ts'
import { probe } from '../../../../server/sockets/uring/probe.ts'
import { waitFor } from '../../../support/wait.ts'
import { onScene } from '../conformance/scene.ts'
import { makeSockets } from '../make-sockets.ts'

const ringTest = probe() === null ? test : test.skip
const made = probe() === null ? makeSockets('io_uring') : null
afterAll(() => made?.close())
const subject = { name: 'io_uring', kind: 'io_uring', sockets: () => made!.sockets }

ringTest(
  'what came in the turn of a pause is counted as held until it is told or nobody wants it any more',
  onScene(subject, async (scene) => {
    for (const way of ['told', 'terminated as it is told', 'terminated before'] as const) {
      const first = await scene.pair()
      const { peer, owner, socket } = await scene.pair()
      let kept = 0
      Object.assign(owner, { onKept: () => kept++ })
      // Both have something in one turn, and the first of them pauses the other.
      first.owner.on.data = () => socket.pause()
      let sent = 0
      await waitFor(() => {
        if (bufferedBytes() > 0) return true
        socket.resume()
        if (owner.receivedBytes < sent) return false
        first.peer.send('x')
        sent += peer.send(Buffer.alloc(50_000))
        return false
      })
      expect(bufferedBytes()).toBeGreaterThan(0)
      // Whoever holds it back for want of room hears that its own bytes take some.
      expect([kept > 0, socket.keepsUnread]).toEqual([true, true])
      first.owner.on.data = () => {}
      owner.on.data = () => {
        if (way === 'terminated as it is told') socket.terminate()
      }
      if (way === 'terminated before') socket.terminate()
      else socket.resume()
      await waitFor(() => (way === 'told' ? owner.receivedBytes === sent : owner.isClosed))
      expect(bufferedBytes()).toBe(0)
      expect(socket.keepsUnread).toBe(false)
    }
  }),
)
