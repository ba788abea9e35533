import { expect, test } from 'bun:test'
import { libc } from '../../../../server/lib/native.ts'
import type { Stream } from '../../../../server/turn/network.ts'
import { HalfOpen, makeNet, type Net, pairOfFds, Recorder } from './net.ts'

interface Kept {
  readonly net: Net
  readonly stream: Stream
  readonly end: number
}

/** A stream whose first sink left "kept" unconsumed, and the other end of its connection. */
function keeping(): Kept {
  const net = makeNet()
  const [ours, end] = pairOfFds()
  const first = new Recorder()
  first.consume = () => 0
  const stream = net.network.adoptStream(ours, first)
  write(end, 'kept')
  net.until(() => first.calls.length === 1)
  return { net, stream, end }
}

function write(fd: number, text: string): void {
  const bytes = Buffer.from(text)
  expect(libc().send(fd, bytes, bytes.length, 0)).toBe(bytes.length)
}

/**
 * Has `stream` be given its sink in the turn in which the other side's end is read: descriptors come in the
 * order in which they became ready.
 */
function endAsSinkComes({ net, stream, end }: Kept, sink: Recorder): void {
  const [ours, other] = pairOfFds()
  const giver = new Recorder()
  giver.consume = (text) => {
    stream.sink = sink
    return text.length
  }
  net.network.adoptStream(ours, giver)
  net.turns(2)
  write(other, 'now')
  libc().shutdown(end, 1)
}

test('what was to be handed out when the stream was paused comes when it is resumed', () => {
  const { net, stream } = keeping()
  const sink = new Recorder()
  stream.sink = sink
  stream.pause()
  net.turns(2)
  expect(sink.calls).toEqual([])
  stream.resume()
  net.until(() => sink.text === 'kept')
  net.turns(2)
  expect(sink.calls).toHaveLength(1)
})

test('a sink that aborts the stream over what was kept does not hear of the end behind it', () => {
  const kept = keeping()
  const heard: string[] = []
  const sink = new HalfOpen()
  sink.consume = (text) => {
    kept.stream.abort('enough')
    return text.length
  }
  sink.onClose = (_, why) => void heard.push(String(why))
  sink.onEnd = () => void heard.push('end')
  endAsSinkComes(kept, sink)
  kept.net.until(() => heard.length > 0)
  expect(heard).toEqual(['enough'])
})

test('a sink that pauses the stream within what was kept hears of the end behind the rest', () => {
  const kept = keeping()
  const heard: string[] = []
  const sink = new HalfOpen()
  sink.consume = (text) => {
    heard.push(text)
    kept.stream.pause()
    return 2
  }
  sink.onEnd = () => void heard.push('end')
  endAsSinkComes(kept, sink)
  kept.net.until(() => heard.length > 0)
  kept.net.turns(2)
  expect(heard).toEqual(['kept'])
  kept.stream.resume()
  kept.net.until(() => heard.length > 1)
  kept.stream.resume()
  kept.net.until(() => heard.length > 2)
  expect(heard).toEqual(['kept', 'pt', 'end'])
})
