import { ptr } from 'bun:ffi'
import { afterEach, beforeEach, expect, test } from 'bun:test'
import { readdirSync } from 'node:fs'
import { libc } from '../../../server/lib/native.ts'
import { ECONNRESET, EPIPE } from '../../../server/sockets/calls.ts'
import { PIPE_BYTES, type Pipe, pipes } from '../../../server/sockets/pipes.ts'
import { type Pour, pourFrom } from '../../../server/sockets/pour.ts'
import { End, MSG_DONTWAIT } from './pour-ends.ts'

const SHARE_BYTES = 256 * 1024
const descriptors = (): number => readdirSync('/proc/self/fd').length

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
afterEach(() => {
  for (const end of [from, to]) {
    end.close()
    end.closeFar()
  }
  pipes.closeSpare()
  expect(pipes.open).toBe(0)
})

function pouring(left = Infinity): Pour {
  pourFrom(from, to, left, told)
  return from.outgoing!
}

function flowing(left = Infinity): Pour {
  const pour = pouring(left)
  pour.received(0, true)
  return pour
}

test('what comes in volume goes to the other socket as it came, in shares', () => {
  const pour = flowing()
  let sent = 0
  let got = 0
  while (got < 8 << 20) {
    sent += from.send((8 << 20) - sent)
    const before = came
    expect(pour.share()).toBe('more')
    expect(came - before).toBeLessThanOrEqual(SHARE_BYTES)
    pour.isFlowing = true
    got += to.read()
    pour.drain()
    got += to.read()
  }
  expect([came, gone]).toEqual([8 << 20, 8 << 20])
  expect(pipes.open).toBe(1)
})

test('a read that filled its buffer begins it; a share that brought little ends it', () => {
  const pour = pouring()
  expect(pour.isFlowing).toBe(false)
  pour.received(100, false)
  expect(pour.isFlowing).toBe(false)
  pour.received(65_536, true)
  expect(pour.isFlowing).toBe(true)
  from.send(100_000)
  pour.share()
  expect(pour.isFlowing).toBe(true)
  from.send(1000)
  pour.share()
  expect([pour.isFlowing, came]).toEqual([false, 101_000])
  expect(to.read()).toBe(101_000)
})

test('it takes as much as it was told to, and what is read counts', () => {
  const pour = pouring(300_000)
  pour.received(100_000, true)
  from.send(250_000)
  pour.share()
  expect([came, pour.left, from.outgoing, to.incoming]).toEqual([200_000, 0, null, null])
  expect(to.read()).toBe(200_000)
  expect(libc().recv(from.fd, ptr(Buffer.alloc(1)), 1, MSG_DONTWAIT)).toBe(1) // the rest is not its business
})

test('little of a body that is left is read rather than poured', () => {
  const pour = pouring(80_000)
  pour.received(65_536, true)
  expect(pour.isFlowing).toBe(false)
})

test('what is left flows as it is asked for anew, unless that is little', () => {
  const pour = pouring(100_000)
  pourFrom(from, to, 20_000, told)
  expect([from.outgoing === pour, pour.isFlowing, pour.left]).toEqual([true, true, 20_000])
  pourFrom(from, to, 10_000, told)
  expect([from.outgoing === pour, pour.isFlowing, pour.left]).toEqual([true, false, 10_000])
})

test('the rest is brief where a read would bring about as much', () => {
  const pour = pouring(400_000)
  from.send(100_000)
  pour.share()
  expect([came, pour.isBrief]).toEqual([100_000, false])
  pour.received(180_000, true)
  expect([pour.left, pour.isBrief]).toEqual([120_000, true])
})

test('a share is what was there: what comes while it is given on waits for the next one', () => {
  const pour = pouring(400_000)
  from.send(100_000)
  expect([pour.share(), came, pour.isFlowing]).toEqual(['more', 100_000, true])
  from.send(20_000)
  expect([pour.share(), came]).toEqual(['more', 120_000])
  from.closeFar()
  expect([pour.share(), came]).toEqual(['end', 120_000])
})

/** The other socket takes no more, and something waits in the pipe. */
function blocked(left = Infinity): Pour {
  const pour = flowing(left)
  while (!pour.isBlocked) {
    expect(from.send(SHARE_BYTES)).toBeGreaterThan(0)
    pour.share()
    pour.isFlowing = true
  }
  return pour
}

test('who takes no more stops it: no more than a pipe waits, and nothing is read meanwhile', () => {
  const pour = blocked()
  const [before, waiting] = [came, came - gone]
  expect(waiting).toBeGreaterThan(0)
  expect(waiting).toBeLessThanOrEqual(PIPE_BYTES)
  expect([from.changes, to.changes]).toEqual([1, 1])
  from.send(SHARE_BYTES)
  expect(pour.share()).toBe('more')
  expect([came, pour.isFlowing]).toEqual([before, true])
  let got = to.read()
  pour.drain()
  expect([pour.isBlocked, from.changes, to.changes]).toEqual([false, 2, 2])
  expect(gone).toBe(came)
  expect(pipes.spare).toBe(1)
  pour.share()
  got += to.read()
  pour.drain()
  got += to.read()
  expect(got).toBe(came)
})

test('who takes a little at a time gets it all', () => {
  const pour = blocked(4 << 20)
  let got = 0
  while (got < 4 << 20) {
    got += to.read(50_000)
    if (pour.isBlocked) pour.drain()
    else if (pour.left > 0) {
      from.send(SHARE_BYTES)
      pour.isFlowing = true
      pour.share()
    } else got += to.read()
  }
  expect([got, came, gone, to.incoming]).toEqual([4 << 20, 4 << 20, 4 << 20, null])
})

test('an end is found behind all that came before it, a reset too', () => {
  const pour = blocked()
  from.closeFar()
  expect(pour.share()).toBe('more')
  let found = pour.share()
  let got = 0
  while (found === 'more') {
    got += to.read()
    pour.drain()
    found = pour.share()
  }
  got += to.read()
  expect([found, got, gone]).toEqual(['end', came, came])
  const other = new End()
  pourFrom(other, from, Infinity, told)
  const second = other.outgoing!
  other.close()
  expect(second.share()).toBe('more') // it was stopped with its socket
  expect(from.incoming).toBeNull()
  other.closeFar()
})

test('what is in the pipe arrives though where it came from is gone, or gives no more', () => {
  for (const how of ['stopped', 'all of it came'] as const) {
    const pour = how === 'stopped' ? blocked() : blocked(blockedAt())
    if (how === 'stopped') pour.stop()
    expect(from.outgoing).toBeNull()
    expect(to.incoming).toBe(pour)
    let got = 0
    while (pour.isBlocked) {
      got += to.read()
      pour.drain()
    }
    got += to.read()
    expect([got, to.incoming]).toEqual([came, null])
    for (const end of [from, to]) {
      end.close()
      end.closeFar()
    }
    from = new End()
    to = new End()
    came = gone = 0
  }
})

/** How much of it blocks such a pour. */
function blockedAt(): number {
  blocked()
  const count = came
  for (const end of [from, to]) {
    end.close()
    end.closeFar()
  }
  from = new End()
  to = new End()
  came = gone = 0
  return count
}

test('another pour waits for what one has left behind', () => {
  const pour = blocked()
  pourFrom(from, null, 0, told)
  expect(to.incoming).toBe(pour)
  pourFrom(from, to, Infinity, told)
  expect(from.outgoing).toBeNull()
  while (pour.isBlocked) {
    to.read()
    pour.drain()
  }
  pourFrom(from, to, Infinity, told)
  expect(from.outgoing).not.toBeNull()
  pourFrom(from, to, 5, told)
  expect(from.outgoing).toMatchObject({ left: 5 })
})

test('one that is broken is told so, its pipe is closed, and what comes is read again', () => {
  for (const isBlocked of [false, true]) {
    const pour = isBlocked ? blocked() : flowing()
    to.closeFar()
    from.send(100_000)
    if (isBlocked) pour.drain()
    else pour.share()
    expect(to.broken).toBe(1)
    expect([EPIPE, ECONNRESET]).toContain(pour.code)
    expect([from.outgoing, to.incoming, pour.isBlocked, pipes.open]).toEqual([null, null, false, 0])
    to.close()
    to = new End()
    from.close()
    from.closeFar()
    from = new End()
    came = gone = 0
  }
})

test('without a pipe all is read as ever, and nothing is lost', () => {
  const taken: Pipe[] = []
  for (let pipe = pipes.take(); pipe !== null; pipe = pipes.take()) taken.push(pipe)
  const before = descriptors()
  const pour = flowing()
  from.send(200_000)
  expect(pour.share()).toBe('more')
  expect([pour.isFlowing, came, pour.left]).toEqual([false, 0, Infinity])
  pipes.give(taken.pop()!)
  pour.received(0, true)
  pour.share()
  expect(to.read()).toBe(came)
  expect(came).toBe(200_000)
  for (const pipe of taken) pipes.give(pipe)
  expect(descriptors()).toBeLessThan(before)
})

test('what the other socket took before leaves first: until then nothing comes', () => {
  const pour = flowing()
  from.send(100_000)
  to.isClear = false
  expect(pour.share()).toBe('more')
  expect([came, pour.isBlocked, pour.isFlowing, pipes.open - pipes.spare]).toEqual([0, true, true, 0])
  to.isClear = true
  pour.drain()
  expect([pour.isBlocked, to.changes]).toEqual([false, 2])
  pour.share()
  expect([came, to.read()]).toEqual([100_000, 100_000])
})

test('volume of a length that is known is poured from the first byte', () => {
  expect(pouring(1_000_000).isFlowing).toBe(true)
})
