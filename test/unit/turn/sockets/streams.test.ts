import { expect, test } from 'bun:test'
import { errno, libc } from '../../../../server/lib/native.ts'
import { nowMs } from '../../../../server/lib/clock.ts'
import { bugsOf, bytesOf, HalfOpen, makeNet, type Net, pairOfFds, Recorder, say } from './net.ts'

/** A stream and the bare other end of its connection, on a network of its own unless told otherwise. */
function makeStream({ net = makeNet(), sink = new Recorder() }: { net?: Net; sink?: Recorder } = {}) {
  const [ours, end] = pairOfFds()
  return { net, stream: net.network.adoptStream(ours, sink), end, sink }
}

const write = (fd: number, text: string): void => {
  const bytes = bytesOf(text)
  expect(libc().send(fd, bytes, bytes.length, 0)).toBe(bytes.length)
}

const room = new Uint8Array(1 << 20)

/** What can be read at once; null when the other side has ended or gone. */
const read = (fd: number, most = room.length): string | null => {
  const got = libc().recv(fd, room, most, 0)
  if (got > 0) return new TextDecoder('latin1').decode(room.subarray(0, got))
  return got < 0 && errno() === 11 ? '' : null
}

test('what a sink does not consume comes again with more behind it', () => {
  const { net, end, sink } = makeStream()
  sink.consume = (text) => (text.length < 4 ? 0 : 4)
  write(end, 'ab')
  net.until(() => sink.calls.length === 1)
  write(end, 'cdef')
  net.until(() => sink.calls.length === 2)
  write(end, 'ghij')
  net.until(() => sink.calls.length === 3)
  expect(sink.calls).toEqual(['ab', 'abcdef', 'efghij'])
  expect(sink.text).toBe('abcdefgh')
})

test('a sink that replaces itself is followed by the new one, with what it left', () => {
  const { net, stream, end, sink: first } = makeStream()
  const second = new Recorder()
  first.consume = () => {
    stream.sink = second
    return 5
  }
  write(end, 'helloworld')
  net.until(() => second.text.length > 0)
  expect([first.text, second.text]).toEqual(['hello', 'world'])
  expect(first.calls).toHaveLength(1)
})

test('a sink that replaces itself when bytes had been kept leaves nothing to be handed out twice', () => {
  const { net, stream, end, sink: first } = makeStream()
  const second = new Recorder()
  first.consume = () => 0
  write(end, 'ab')
  net.until(() => first.calls.length === 1)
  first.consume = () => {
    stream.sink = second
    return 3
  }
  second.consume = () => 2
  write(end, 'cdef')
  net.until(() => second.calls.length === 1)
  net.turns(3)
  expect(second.calls).toEqual(['def'])
})

test('a sink that comes later is given what was kept, with nothing more arriving', () => {
  const { net, stream, end, sink: first } = makeStream()
  const second = new Recorder()
  first.consume = () => 2
  write(end, 'abcd')
  net.until(() => first.calls.length === 1)
  net.turns(2)
  stream.sink = second
  expect(second.calls).toEqual([])
  net.until(() => second.calls.length === 1)
  expect(second.text).toBe('cd')
  net.turns(2)
  expect(second.calls).toHaveLength(1)
})

test('a sink that pauses the stream as it takes over a part gets the rest when it is resumed', () => {
  const { net, stream, end, sink: first } = makeStream()
  const second = new Recorder()
  first.consume = () => {
    stream.sink = second
    stream.pause()
    return 3
  }
  write(end, 'abcdef')
  net.until(() => first.calls.length === 1)
  write(end, 'ghi')
  net.turns(3)
  expect(second.calls).toEqual([])
  stream.resume()
  net.until(() => second.text === 'defghi')
})

test('the end does not overtake what was kept for a sink that comes later', () => {
  const { net, stream, end, sink: first } = makeStream()
  const second = new HalfOpen()
  first.consume = () => 0
  write(end, 'kept')
  net.until(() => first.calls.length === 1)
  libc().shutdown(end, 1)
  stream.sink = second
  const order: string[] = []
  second.consume = (text) => {
    order.push('bytes')
    return text.length
  }
  second.onEnd = () => void order.push('end')
  net.until(() => order.length === 2)
  expect(order).toEqual(['bytes', 'end'])
})

test('nor where both happen in the same turn', () => {
  const net = makeNet()
  const other = makeStream({ net })
  const { stream, end, sink: first } = makeStream({ net })
  first.consume = () => 0
  write(end, 'kept')
  net.until(() => first.calls.length === 1)
  const order: string[] = []
  const second = new HalfOpen()
  second.consume = (text) => (order.push('bytes'), text.length)
  second.onEnd = () => void order.push('end')
  other.sink.consume = (text) => {
    stream.sink = second
    return text.length
  }
  // Ready descriptors come in the order in which they became ready.
  net.turns(2)
  write(other.end, 'now')
  libc().shutdown(end, 1)
  net.turns(1)
  expect(order).toEqual(['bytes', 'end'])
})

test('a sink that leaves 64 KiB has its stream aborted, and less is kept', () => {
  const { net, stream, end, sink } = makeStream()
  sink.consume = () => 0
  write(end, 'x'.repeat(65_535))
  net.until(() => sink.calls.at(-1)?.length === 65_535)
  expect(sink.closed).toEqual([])
  write(end, 'y')
  net.until(() => sink.closed.length === 1)
  expect(sink.closed).toEqual(['too much left unread'])
  expect(say(stream, 'too late')).toBe(false)
  expect(read(end)).toBe(null)
})

test('a stream that has much to say leaves turns to the others', () => {
  const { net, end, sink } = makeStream()
  const SO_SNDBUFFORCE = 32
  const large = new Int32Array(new ArrayBuffer(4)).fill(4 << 20)
  libc().setsockopt(end, 1, SO_SNDBUFFORCE, large, 4)
  let sent = 0
  for (;;) {
    const count = libc().send(end, room, 65_536, 0x40)
    if (count < 0) break
    sent += count
  }
  net.turns(1)
  expect(sink.text.length).toBeGreaterThan(0)
  expect(sink.text.length).toBeLessThanOrEqual(262_144)
  net.until(() => sink.text.length === sent)
})

test('a paused stream gives nothing until it is resumed, not even from the same turn', () => {
  const { net, stream, end, sink } = makeStream()
  sink.consume = (text) => {
    stream.pause()
    return text.length
  }
  write(end, 'z'.repeat(100_000))
  net.turns(5)
  expect(sink.calls).toHaveLength(1)
  for (let i = 0; i < 3; i++) stream.resume()
  net.until(() => sink.calls.length === 2)
  net.turns(3)
  expect(sink.calls).toHaveLength(2)
})

test('a paused stream whose other side is gone costs no turns, and gives all when it is resumed', () => {
  const { net, stream, end, sink } = makeStream()
  stream.pause()
  write(end, 'last words')
  libc().close(end)
  net.turns(2)
  expect(net.poller.turn(0)).toBe(0)
  stream.pause()
  expect(net.poller.turn(0)).toBe(0)
  stream.resume()
  net.until(() => sink.closed.length === 1)
  expect(sink.text).toBe('last words')
  expect(sink.closed).toEqual([null])
})

test('what is sent in a turn is written at its end, in order, and told as drained', () => {
  const { net, stream, end, sink } = makeStream()
  for (let i = 0; i < 10; i++) expect(say(stream, `${i},`)).toBe(true)
  expect(stream.queued).toBe(20)
  expect(read(end)).toBe('')
  net.network.flush()
  expect(stream.queued).toBe(0)
  expect(read(end)).toBe('0,1,2,3,4,5,6,7,8,9,')
  expect(sink.drained).toBe(1)
  net.turns(3)
  expect(sink.drained).toBe(1)
})

test('what the other side does not read is queued to a limit, and what is beyond is refused whole', () => {
  const { net, stream, end, sink } = makeStream()
  let expected = ''
  let i = 0
  let isTaken = true
  while (isTaken) {
    const message = `${i++};`.padEnd(5000, '.')
    isTaken = say(stream, message, 100_000)
    if (isTaken) expected += message
    net.turns(1)
  }
  expect(stream.queued).toBeGreaterThan(95_000)
  expect(stream.queued).toBeLessThanOrEqual(100_000)
  expect(say(stream, 'small')).toBe(true)
  expected += 'small'
  // Blocked, it is not polled in vain.
  expect(net.poller.turn(0)).toBe(0)
  net.turns(1)
  const drained = sink.drained
  let got = ''
  net.until(() => {
    got += read(end, 20_000)
    return got.length >= expected.length
  })
  expect(got === expected).toBe(true)
  expect(stream.queued).toBe(0)
  expect(sink.drained).toBe(drained + 1)
})

test('a message larger than all that may be queued goes out when the kernel takes it', () => {
  const { net, stream, end } = makeStream()
  const text = 'm'.repeat(60_000)
  expect(say(stream, text, 50_000)).toBe(false)
  expect(say(stream, text)).toBe(true)
  net.turns(1)
  expect(read(end)?.length).toBe(60_000)
})

test('finish sends what is queued, then ends; in order when the other side ends too', () => {
  const { net, stream, end, sink } = makeStream()
  const text = 'f'.repeat(250_000)
  say(stream, text)
  stream.finish()
  expect(say(stream, 'too late')).toBe(false)
  let got = ''
  net.until(() => {
    const some = read(end)
    got += some ?? ''
    return some === null
  })
  expect(got.length).toBe(text.length)
  // It still hears the other side.
  write(end, 'answer')
  net.until(() => sink.text === 'answer')
  expect(sink.closed).toEqual([])
  libc().shutdown(end, 1)
  net.until(() => sink.closed.length === 1)
  expect(sink.closed).toEqual([null])
})

test('without a handler for the end a stream that is ended is finished', () => {
  const { net, stream, end, sink } = makeStream()
  say(stream, 'bye')
  libc().shutdown(end, 1)
  net.until(() => sink.closed.length === 1)
  expect(sink.closed).toEqual([null])
  expect(read(end)).toBe('bye')
  expect(read(end)).toBe(null)
})

test('with one it can still send, and goes when it finishes', () => {
  const sink = new HalfOpen()
  const { net, stream, end } = makeStream({ sink })
  libc().shutdown(end, 1)
  net.until(() => sink.ended === 1)
  expect(net.poller.turn(0)).toBe(0)
  say(stream, 'after the end')
  net.turns(2)
  expect(read(end)).toBe('after the end')
  expect(sink.closed).toEqual([])
  stream.finish()
  expect(sink.closed).toEqual([null])
  expect(sink.ended).toBe(1)
})

test('a stream that finished does not wait for ever, but as long as something moves', () => {
  const { net, stream, end, sink } = makeStream()
  stream.finish()
  const begunMs = nowMs
  net.wheel.sweep(begunMs + 9000)
  expect(sink.closed).toEqual([])
  write(end, 'more')
  net.until(() => sink.text === 'more')
  expect(stream).toMatchObject({ deadline: { dueMs: nowMs + 10_000 } })
  net.wheel.sweep(nowMs + 11_000)
  expect(sink.closed).toEqual(['timed out'])
  expect(read(end)).toBe(null)
})

test('abort tells the sink once, within the call', () => {
  const { net, stream, end, sink } = makeStream()
  say(stream, 'never sent')
  stream.abort('enough')
  stream.abort('again')
  stream.finish()
  stream.pause()
  stream.resume()
  expect(sink.closed).toEqual(['enough'])
  net.turns(3)
  expect(sink.closed).toEqual(['enough'])
  expect(read(end)).toBe(null)
})

test('who sends to someone who is gone is told so, but not within the call', () => {
  const { net, stream, end, sink } = makeStream()
  stream.pause()
  libc().close(end)
  const large = 'x'.repeat(40_000)
  expect(say(stream, large)).toBe(true)
  expect(sink.closed).toEqual([])
  expect(say(stream, 'more')).toBe(false)
  net.until(() => sink.closed.length === 1)
  expect(sink.closed).toEqual(['reset'])
})

test('a sink that throws loses its stream, and nobody else anything', () => {
  const net = makeNet()
  const streams = Array.from({ length: 3 }, () => makeStream({ net }))
  const [bad] = streams
  bad!.sink.consume = () => {
    throw new Error('on purpose')
  }
  for (const { end } of streams) write(end, 'hi')
  const bugs = bugsOf(() => net.until(() => streams.slice(1).every(({ sink }) => sink.text === 'hi')))
  expect(bugs).toHaveLength(1)
  expect(bad!.sink.closed).toEqual(['bug'])
  expect(streams[1]!.sink.closed).toEqual([])
  const good = streams[2]!
  good.sink.onDrain = () => {
    throw new Error('on purpose')
  }
  say(good.stream, 'x')
  say(streams[1]!.stream, 'y')
  expect(bugsOf(() => net.turns(1))).toHaveLength(1)
  expect(good.sink.closed).toEqual(['bug'])
  expect(read(streams[1]!.end)).toBe('y')
})

test('a stream that is closed by what another was told in the same turn is not told any more', () => {
  const net = makeNet()
  const a = makeStream({ net })
  const b = makeStream({ net })
  a.sink.consume = (text) => (b.stream.abort('by a'), text.length)
  b.sink.consume = (text) => (a.stream.abort('by b'), text.length)
  write(a.end, 'x')
  write(b.end, 'x')
  net.turns(2)
  expect([a.sink.text, b.sink.text].sort()).toEqual(['', 'x'])
  expect([...a.sink.closed, ...b.sink.closed]).toHaveLength(1)
})
