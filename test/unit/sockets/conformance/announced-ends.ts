import { expect, test } from 'bun:test'
import { IPPROTO_TCP, readOption } from '../../../../server/sockets/calls.ts'
import { waitFor } from '../../../support/wait.ts'
import { onScene, pattern, type Subject, testOf } from './scene.ts'

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

  testOf(subject)(
    'an end that has come with the last bytes is told in the same turn, and a relay sends both in one packet',
    onScene(subject, async (scene) => {
      const from = await scene.pair()
      const to = await scene.pair()
      const relayed = new Set<boolean>()
      from.owner.on.data = () => {
        relayed.add(from.socket.endsHere === true)
        if (from.socket.endsHere === true) to.socket.endSoon?.()
        to.socket.write(some, 0, some.length)
      }
      from.owner.on.end = () => to.socket.shutdown()
      from.socket.pause()
      from.peer.send('bytes')
      from.peer.shutdown()
      // Its end has come as well when it is read.
      await waitFor(() => stateOf(from.socket.fd) === CLOSE_WAIT)
      from.socket.resume()
      expect(await to.peer.readToEnd()).toBe('end')
      expect(to.peer.text).toBe('bytes')
      expect(to.peer.packets).toBe(2)
      expect([...relayed]).toEqual([subject.kind === 'epoll'])
    }),
  )
}

/** Of TCP: the other side has ended. */
const CLOSE_WAIT = 8
const TCP_INFO = 11
const stateOf = (fd: number): number => readOption(fd, IPPROTO_TCP, TCP_INFO) & 0xff
