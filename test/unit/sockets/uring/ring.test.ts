import { afterAll, afterEach, expect, test } from 'bun:test'
import { ptr } from 'bun:ffi'
import { libc } from '../../../../server/lib/native.ts'
import { socketAddress } from '../../../../server/lib/socket-address.ts'
import { AF_INET, AF_UNIX, SOCK_STREAM } from '../../../../server/sockets/calls.ts'
import { KernelMemory } from '../../../../server/sockets/memory.ts'
import { BufferRing } from '../../../../server/sockets/uring/buffer-ring.ts'
import { probe } from '../../../../server/sockets/uring/probe.ts'
import {
  NOP,
  askCancel,
  askCancelAll,
  askClose,
  askConnect,
  askReady,
  askReceive,
  askReceiveLater,
  askSend,
  setMemory,
  setName,
  setNothing,
} from '../../../../server/sockets/uring/requests.ts'
import { HAS_BUFFER, HAS_RECEIVED_MORE, Ring } from '../../../../server/sockets/uring/ring.ts'

const why = probe()
if (why !== null) process.stderr.write(`skipped: needs io_uring: ${why}\n`)
const ringTest = why === null ? test : test.skip

const NOBODY = { completed(): void {} }
const ECANCELED = 125
const ENOBUFS = 105

interface Told {
  readonly tag: number
  readonly extra: number
  readonly result: number
  readonly flags: number
}

class Recorder {
  told: Told[] = []

  completed(tag: number, extra: number, result: number, flags: number): void {
    this.told.push({ tag, extra, result, flags })
  }

  get tags(): number[] {
    return this.told.map(({ tag }) => tag)
  }
}

const rings: Ring[] = []
afterEach(() => rings.splice(0).forEach((ring) => ring.close()))

function makeRing(entries: number, completions: number): Ring {
  const ring = new Ring(entries, completions)
  rings.push(ring)
  return ring
}

const opened: number[] = []
afterAll(() => opened.forEach((fd) => libc().close(fd)))

function socketPair(): readonly [number, number] {
  const ends = new Int32Array(new ArrayBuffer(8))
  expect(libc().socketpair(AF_UNIX, SOCK_STREAM, 0, ptr(ends))).toBe(0)
  opened.push(...ends)
  return [ends[0]!, ends[1]!]
}

ringTest('what is asked for is completed with its tag and its extra word, in order', () => {
  const ring = makeRing(8, 16)
  const recorder = new Recorder()
  ring.ask(NOP, -1, 0x7fffffff, -1)
  ring.ask(NOP, -1, 7, 8)
  expect([ring.inFlight, ring.turn(1000, recorder), ring.inFlight, ring.enters]).toEqual([2, 2, 0, 1])
  expect(recorder.told).toEqual([
    { tag: 0x7fffffff, extra: -1, result: 0, flags: 0 },
    { tag: 7, extra: 8, result: 0, flags: 0 },
  ])
})

ringTest('a turn with nothing to tell ends with its time, and is no interruption', () => {
  const ring = makeRing(8, 16)
  expect([ring.turn(2, NOBODY), ring.turn(0, NOBODY), ring.wasInterrupted]).toEqual([0, 0, false])
})

ringTest('more than the ring of entries holds is submitted within', () => {
  const ring = makeRing(8, 4096)
  const recorder = new Recorder()
  for (let i = 0; i < 1000; i++) ring.ask(NOP, -1, i, 0)
  expect(ring.isSubmitted(ring.latest)).toBeFalse()
  while (recorder.told.length < 1000) ring.turn(0, recorder)
  expect(recorder.tags).toEqual(Array.from({ length: 1000 }, (_, i) => i))
  expect(ring.isSubmitted(ring.latest)).toBeTrue()
})

ringTest('completions that find no room are kept by the kernel, and told later', () => {
  const ring = makeRing(8, 16)
  const recorder = new Recorder()
  for (let i = 0; i < 300; i++) ring.ask(NOP, -1, i, 0)
  ring.submit()
  // No turn brings more than the ring of completions holds.
  const each: number[] = []
  while (ring.inFlight > 0) each.push(ring.turn(0, recorder))
  expect(Math.max(...each)).toBeLessThanOrEqual(16)
  expect(recorder.tags.sort((a, b) => a - b)).toEqual(Array.from({ length: 300 }, (_, i) => i))
})

ringTest('what is asked for while completions are told belongs to the next turn', () => {
  const ring = makeRing(8, 16)
  let told = 0
  const asker = {
    completed(): void {
      told++
      ring.ask(NOP, -1, told, 0)
    },
  }
  ring.ask(NOP, -1, 0, 0)
  for (let turn = 1; turn <= 5; turn++) {
    ring.turn(0, asker)
    expect([told, ring.inFlight]).toEqual([turn, 1])
  }
})

ringTest('one that throws when told of a completion costs the others nothing', () => {
  const ring = makeRing(8, 16)
  const recorder = new Recorder()
  for (let i = 0; i < 3; i++) ring.ask(NOP, -1, i, 0)
  const thrower = {
    completed(): void {
      throw new Error('a bug')
    },
  }
  expect(() => ring.turn(0, thrower)).toThrow('a bug')
  ring.turn(0, recorder)
  expect([recorder.tags, ring.inFlight]).toEqual([[1, 2], 0])
})

ringTest('a signal ends the wait, and that is said', async () => {
  let signals = 0
  const heard = (): void => void signals++
  process.on('SIGUSR2', heard)
  const ring = makeRing(8, 16)
  const script = 'while kill -USR2 $PPID 2>/dev/null; do sleep 0.01; done'
  const child = Bun.spawn(['sh', '-c', script], { stdout: 'ignore', stderr: 'ignore' })
  // Also where something is submitted by the same call, which then does not say why it waited no longer.
  const [here] = socketPair()
  for (const asks of [false, true]) {
    if (asks) askReady(ring, here, 1, 1)
    do ring.turn(60_000, NOBODY)
    while (!ring.wasInterrupted)
  }
  child.kill('SIGKILL')
  await child.exited
  process.off('SIGUSR2', heard)
  expect(ring.inFlight).toBe(1)
})

ringTest('buffers are taken when bytes come, and a socket that finds none is told so', () => {
  const ring = makeRing(8, 64)
  const buffers = new BufferRing(ring, 3, 2, 16)
  const [here, there] = socketPair()
  const recorder = new Recorder()
  for (let i = 0; i < 3; i++) askReceive(ring, here, 1, 3)
  ring.turn(0, recorder)
  expect(recorder.told).toEqual([])
  const text = Buffer.from('0123456789abcdefghijklmnopqrstuvwxyz?!')
  expect(libc().send(there, ptr(text), text.length, 0)).toBe(text.length)
  ring.turn(1000, recorder)
  const pieces = recorder.told.filter(({ flags }) => (flags & HAS_BUFFER) !== 0)
  const read = pieces.map(({ result, flags }) => {
    buffers.taken()
    return buffers.piece(flags >>> 16, result).latin1Slice()
  })
  expect(read).toEqual(['0123456789abcdef', 'ghijklmnopqrstuv'])
  expect([recorder.told.at(-1)?.result, buffers.free, ring.inFlight]).toEqual([-ENOBUFS, 0, 0])
  // They came back: it goes on where it was.
  for (const { flags } of pieces) buffers.give(flags >>> 16)
  recorder.told = []
  askReceive(ring, here, 1, 3)
  ring.turn(1000, recorder)
  expect(recorder.told.map(({ result }) => result)).toEqual([6])
  ring.close()
  buffers.close()
})

ringTest('a connection is accepted, made, read and closed by requests alone', () => {
  const ring = makeRing(16, 64)
  const buffers = new BufferRing(ring, 1, 2, 4)
  const recorder = new Recorder()
  const server = Bun.listen({ hostname: '127.0.0.1', port: 0, socket: { data() {} } })
  const listening = libc().dup((server as unknown as { fd: number }).fd)
  server.stop()
  const name = new KernelMemory(16)
  name.bytes.set(socketAddress('127.0.0.1', server.port)!)
  const dialled = libc().socket(AF_INET, SOCK_STREAM, 0)
  askReady(ring, listening, 1, 1)
  setName(ring, askConnect(ring, dialled, 2), name.at, 16)
  while (recorder.told.length < 2) ring.turn(1000, recorder)
  expect(recorder.told.find(({ tag }) => tag === 1)?.result).toBe(1)
  const accepted = libc().accept4(listening, null, null, 0)
  expect(recorder.told.find(({ tag }) => tag === 2)?.result).toBe(0)
  // What is not submitted yet can be taken back.
  recorder.told = []
  askReady(ring, listening, 1, 1)
  askCancel(ring, 3, 1)
  askSend(ring, dialled, 4, 0)
  setNothing(ring, ring.entryOf(ring.latest), 44)
  name.bytes.write('six by')
  setMemory(ring, askSend(ring, dialled, 5, 0), name.at, 6)
  askReceiveLater(ring, accepted, 6, 1)
  while (ring.inFlight > 0) ring.turn(1000, recorder)
  const results = recorder.told.map(({ tag, result }) => [tag, result]).sort((a, b) => a[0]! - b[0]!)
  expect(results).toEqual([
    [1, -ECANCELED],
    [3, 0],
    [5, 6],
    [6, 4],
    [44, 0],
  ])
  expect(recorder.told.find(({ tag }) => tag === 6)!.flags & HAS_RECEIVED_MORE).toBe(HAS_RECEIVED_MORE)
  recorder.told = []
  askClose(ring, dialled, 7)
  askReceive(ring, accepted, 8, 1)
  askReceive(ring, accepted, 9, 1)
  for (const fd of [accepted, listening]) askClose(ring, fd, 10)
  while (ring.inFlight > 0) ring.turn(1000, recorder)
  const ends = recorder.told.map(({ tag, result }) => [tag, result]).sort((a, b) => a[0]! - b[0]!)
  expect(ends).toEqual([
    [7, 0],
    [8, 2],
    // Both buffers are out: the end would have needed one as well.
    [9, -ENOBUFS],
    [10, 0],
    [10, 0],
  ])
  ring.close()
  buffers.close()
  name.free()
})

ringTest('all that is in flight can be ended, and nothing is told of a ring that is closed', () => {
  const ring = makeRing(8, 64)
  const recorder = new Recorder()
  for (let i = 0; i < 20; i++) askReady(ring, socketPair()[0], i, 1)
  ring.turn(0, recorder)
  expect([recorder.told.length, ring.inFlight]).toEqual([0, 20])
  askCancelAll(ring, 99)
  while (ring.inFlight > 0) ring.turn(1000, recorder)
  const ends = recorder.told.filter(({ tag }) => tag !== 99)
  expect(ends.map(({ result }) => result)).toEqual(Array.from({ length: 20 }, () => -ECANCELED))
  ring.close()
  ring.close()
  expect(() => ring.turn(0, recorder)).toThrow('errno 9')
})

ringTest('a child inherits neither the ring nor its memory', async () => {
  const ring = makeRing(8, 16)
  const child = Bun.spawn(['sh', '-c', 'ls -l /proc/self/fd; cat /proc/self/maps'], { stdout: 'pipe' })
  const seen = await child.stdout.text()
  expect(seen).not.toContain('io_uring')
  const ours = await Bun.file('/proc/self/maps').text()
  expect(ours).toContain('anon_inode:[io_uring]')
  expect(ring.turn(0, NOBODY)).toBe(0)
})

ringTest('while the ring works, garbage is collected hard, and each byte arrives', () => {
  const ring = makeRing(64, 256)
  const buffers = new BufferRing(ring, 1, 8, 4096)
  const slots = new KernelMemory(8 * 512)
  const pairs = Array.from({ length: 8 }, socketPair)
  let received = 0
  let wrong = 0
  const taker = {
    completed(tag: number, _extra: number, result: number, flags: number): void {
      if ((flags & HAS_BUFFER) !== 0) {
        buffers.taken()
        for (const byte of buffers.piece(flags >>> 16, result)) if (byte !== (tag & 0xff)) wrong++
        received += result
        buffers.give(flags >>> 16)
      }
      if (tag < 8) askReceive(ring, pairs[tag]![0], tag, 1)
    },
  }
  pairs.forEach(([here], index) => askReceive(ring, here, index, 1))
  const ROUNDS = 200
  for (let round = 0; round < ROUNDS; round++) {
    pairs.forEach(([, there], index) => {
      slots.bytes.fill(index, index * 512, index * 512 + 512)
      setMemory(ring, askSend(ring, there, 100, 0), slots.at + index * 512, 512)
    })
    // Garbage of all sizes, views of the ring among it.
    const waste = Array.from({ length: 50 }, (_, i) => Buffer.from(buffers.piece(0, i * 50)))
    expect(waste.length).toBe(50)
    if (round % 4 === 0) Bun.gc(true)
    while (received < (round + 1) * 8 * 512) ring.turn(1000, taker)
  }
  expect([received, wrong]).toEqual([ROUNDS * 8 * 512, 0])
  ring.close()
  buffers.close()
  slots.free()
})
