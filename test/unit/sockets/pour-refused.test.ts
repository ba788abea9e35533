// A pour where the system refuses splice, at once or in the middle.
import { type Pointer, toArrayBuffer } from 'bun:ffi'
import { afterEach, beforeEach, expect, spyOn, test } from 'bun:test'
import { tick } from '../../../server/lib/clock.ts'
import { libc } from '../../../server/lib/native.ts'
import { Wheel } from '../../../server/lib/wheel.ts'
import { ECONNRESET, EINVAL, ENOMEM, ENOSYS, EPERM } from '../../../server/sockets/calls.ts'
import { pipes } from '../../../server/sockets/pipes.ts'
import { type Pour, pourFrom } from '../../../server/sockets/pour.ts'
import { SkewedClock } from '../lib/skewed-clock.ts'
import { End } from './pour-ends.ts'

const SHARE_BYTES = 256 * 1024
let from: End
let to: End
let came = 0
let gone = 0
const told = {
  onPoured(more: number, less: number): void {
    came += more
    gone += less
  },
}

beforeEach(() => {
  from = new End()
  to = new End()
  came = gone = 0
})

function flowing(): Pour {
  pourFrom(from, to, Infinity, told)
  from.outgoing!.received(0, true)
  return from.outgoing!
}

/** The other socket takes no more, and something waits in the pipe. */
function blocked(): Pour {
  const pour = flowing()
  while (!pour.isBlocked) {
    expect(from.send(SHARE_BYTES)).toBeGreaterThan(0)
    pour.share()
    pour.isFlowing = true
  }
  return pour
}

const { splice } = libc()
const errnoIs = new Int32Array(toArrayBuffer(libc().__errno_location() as Pointer, 0, 4))

/** Refuses all of them, or those into the other socket; pipes themselves are asked about as ever. */
function refuse(code: number, only: 'all' | 'into the other'): void {
  spyOn(libc(), 'splice').mockImplementation(((...asked: Parameters<typeof splice>) => {
    if (only === 'into the other' && asked[2] !== to.fd) return splice(...asked)
    errnoIs[0] = code
    return -1
  }) as typeof splice)
}

afterEach(() => {
  spyOn(libc(), 'splice').mockRestore()
  pipes.refusal = 0
  for (const end of [from, to]) {
    end.close()
    end.closeFar()
  }
  pipes.closeSpare()
  expect(pipes.open).toBe(0)
})

test.each([EPERM, ENOSYS, EINVAL, ECONNRESET])(
  'by errno %d, what comes is read as ever, and nobody pours any more',
  (code) => {
    const pour = flowing()
    refuse(code, 'all')
    from.send(100_000)
    expect([pour.share(), pour.isFlowing, came, to.broken]).toEqual(['more', false, 0, 0])
    expect([pipes.refusal, pipes.open]).toEqual([code, 0])
    pour.received(65_536, true)
    expect(pour.isFlowing).toBe(false)
    pour.stop()
    pourFrom(from, to, Infinity, told)
    expect(from.outgoing).toBeNull()
  },
)

test('what is in a pipe already arrives, however little at a time the other takes', () => {
  const pour = blocked()
  refuse(EINVAL, 'into the other')
  let got = 0
  while (pour.isBlocked) {
    got += to.read(30_000)
    pour.drain()
  }
  got += to.read()
  expect([got, gone, to.broken, pipes.refusal, pipes.open]).toEqual([came, came, 0, EINVAL, 0])
})

test('on the way into the other socket, a share that has come is copied', () => {
  const pour = flowing()
  refuse(EINVAL, 'into the other')
  from.send(100_000)
  expect([pour.share(), came, gone, to.read()]).toEqual(['more', 100_000, 100_000, 100_000])
  expect([pour.share(), pour.isFlowing, pipes.open]).toEqual(['more', false, 0])
})

test('who is broken meanwhile is told so', () => {
  const pour = blocked()
  refuse(EINVAL, 'into the other')
  to.closeFar()
  pour.drain()
  expect([to.broken, pour.isBlocked, to.incoming, pipes.open]).toEqual([1, false, null, 0])
})

test('for want of memory, it is tried again after a while', () => {
  const pour = flowing()
  refuse(ENOMEM, 'all')
  from.send(100_000)
  expect([pour.share(), pour.isFlowing, pipes.refusal]).toEqual(['more', false, 0])
  expect(pipes.take()).toBeNull()
  using clock = new SkewedClock()
  clock.pass(1001, new Wheel(tick))
  spyOn(libc(), 'splice').mockRestore()
  pour.isFlowing = true
  expect([pour.share(), came]).toEqual(['more', 100_000])
})
