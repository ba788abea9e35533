// The step before TLS while an issuer is about to look for a challenge: who comes to nothing there is counted
// as in the handshake that would have followed.
import { ptr } from 'bun:ffi'
import { afterEach, expect, test } from 'bun:test'
import type { Arrival } from '../../../server/accept/arrival.ts'
import { Arrivals } from '../../../server/accept/arriving.ts'
import { ChallengeEntry } from '../../../server/accept/challenge-entry.ts'
import { libc } from '../../../server/lib/native.ts'
import { Wheel } from '../../../server/lib/wheel.ts'
import { NOBODY, type Socket, type SocketEvents } from '../../../server/sockets/socket.ts'

const AF_UNIX = 1
const SOCK_STREAM = 1
const pair = new Int32Array(2)
afterEach(() => pair.forEach((fd) => libc().close(fd)))

function awaited() {
  expect(libc().socketpair(AF_UNIX, SOCK_STREAM, 0, ptr(pair))).toBe(0)
  const told: string[] = []
  const arrivals = new Arrivals(
    new Wheel(
      () => 0,
      () => {},
    ),
  )
  const nobody = { accept: () => void told.push('accepted') }
  const entry = new ChallengeEntry({
    listener: 'web',
    meter: { ended: (...words) => void told.push(words.join(' ')) },
    arrivals,
    withinMs: 10_000,
    challenges: { isEmpty: false },
    answer: nobody,
    next: nobody,
  })
  const socket = { fd: pair[0], owner: NOBODY, pause() {}, terminate() {} } as unknown as Socket
  entry.accept(socket, { address: '192.0.2.1', gone() {} } as unknown as Arrival)
  return { told, arrivals, waiting: socket.owner as SocketEvents & { expire(nowMs: number): void } }
}

test.each<[how: string, result: string, act: (waiting: ReturnType<typeof awaited>['waiting']) => void]>([
  ['that says nothing in time', 'timeout', (waiting) => waiting.expire(0)],
  ['that ends before it', 'cut_off', (waiting) => waiting.onEnd()],
  ['that is reset', 'cut_off', (waiting) => waiting.onClose(true)],
  ['that is found to be broken', 'cut_off', (waiting) => waiting.onBroken()],
])('one %s is counted as %s, once', (_, result, act) => {
  const { told, waiting } = awaited()
  act(waiting)
  waiting.onClose(false)
  expect(told).toEqual([`web  ${result}`])
})

test('one that a drain ends is no fault of its client', () => {
  const { told, arrivals, waiting } = awaited()
  arrivals.drain(1000, () => {})
  waiting.expire(0)
  expect(told).toEqual([])
})
