import { expect, test } from 'bun:test'
import { onScene, pattern, type Subject } from './scene.ts'

const NARROW = 8 * 1024
const some = Buffer.from('bytes')

/** The end behind what is written at once. */
export function testAnnouncedEnds(subject: Subject): void {
  test(
    'an end that was announced leaves in the packet of the last bytes',
    onScene(subject, async (scene) => {
      const { peer, socket } = await scene.pair()
      socket.endSoon?.()
      socket.write(some, 0, some.length)
      socket.shutdown()
      expect(await peer.readToEnd()).toBe('end')
      expect(peer.text).toBe('bytes')
      // That of the handshake, and one more.
      expect(peer.packets).toBe(2)
    }),
  )

  test(
    'what was not taken at once follows, though an end was announced before it',
    onScene(subject, async (scene) => {
      const { peer, owner, socket } = await scene.pair(NARROW)
      const all = pattern(4 << 20)
      socket.endSoon?.()
      let sent = 0
      const goOn = (): void => {
        while (sent < all.length) {
          const taken = socket.write(all, sent, all.length)
          if (taken <= 0) return
          sent += taken
        }
        socket.shutdown()
      }
      owner.on.drain = goOn
      goOn()
      expect(sent).toBeLessThan(all.length)
      expect(await peer.readToEnd()).toBe('end')
      expect(peer.bytes.equals(all)).toBe(true)
    }),
  )
}
