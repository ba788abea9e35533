import { expect, test } from 'bun:test'
import { existsSync } from 'node:fs'
import type { Address } from '../../../../server/lib/address.ts'
import type { Stream } from '../../../../server/turn/network.ts'
import { openSocket, boundPort } from '../../../../server/turn/sockets/tcp.ts'
import { resetOnClose, SOCK_STREAM } from '../../../../server/sockets/calls.ts'
import { libc } from '../../../../server/lib/native.ts'
import { address, HalfOpen, makeNet, type Net, Recorder, say } from './net.ts'

/** An address with a port that nobody has. */
function freeAddress(host: string): Address {
  const fd = openSocket(SOCK_STREAM, address(host), () => {})
  if (typeof fd !== 'number') throw new Error(fd)
  const at = address(host, boundPort(fd))
  libc().close(fd)
  return at
}

interface Accepted {
  readonly at: Address
  readonly streams: Stream[]
  readonly sinks: Recorder[]
  close(): void
}

function listen(net: Net, host: string, sinkOf = (): Recorder => new Recorder()): Accepted {
  const at = freeAddress(host)
  const streams: Stream[] = []
  const sinks: Recorder[] = []
  const listener = net.network.listenTcp(at, (stream) => {
    const sink = sinkOf()
    streams.push(stream)
    sinks.push(sink)
    stream.sink = sink
  })
  if (typeof listener === 'string') throw new Error(listener)
  return { at, streams, sinks, close: () => listener.close() }
}

function connect(
  net: Net,
  from: Address,
  to: Address,
  sink = new Recorder(),
): { stream: Stream; sink: Recorder } {
  const stream = net.network.connectTcp(from, to, sink)
  if (typeof stream === 'string') throw new Error(stream)
  return { stream, sink }
}

for (const host of existsSync('/proc/net/if_inet6') ? ['127.0.0.1', '::1'] : ['127.0.0.1'])
  test(`a connection is made from a given address and port of ${host}, and both sides know each other`, () => {
    const net = makeNet()
    const peer = listen(net, host)
    const from = freeAddress(host)
    const { stream, sink } = connect(net, from, peer.at)
    expect(sink.opened).toBe(0)
    say(stream, 'sent before it stood')
    net.until(() => peer.sinks[0]?.text === 'sent before it stood')
    expect(sink.opened).toBe(1)
    expect(peer.streams[0]!.remote.toString()).toBe(from.toString())
    expect(peer.streams[0]!.local.toString()).toBe(peer.at.toString())
    expect(stream).toMatchObject({ transport: 'tcp', listener: '' })
    expect(stream.remote.toString()).toBe(peer.at.toString())
    say(peer.streams[0]!, 'answer')
    net.until(() => sink.text === 'answer')
    stream.finish()
    net.until(() => sink.closed.length + peer.sinks[0]!.closed.length === 2)
    expect([...sink.closed, ...peer.sinks[0]!.closed]).toEqual([null, null])
  })

test('one address and port both listens and connects, to several peers', () => {
  const net = makeNet()
  const ours = listen(net, '127.0.0.1')
  const peers = [listen(net, '127.0.0.1'), listen(net, '127.0.0.1')]
  const out = peers.map((peer) => connect(net, ours.at, peer.at))
  const incoming = connect(net, freeAddress('127.0.0.1'), ours.at)
  net.until(() => out.every(({ sink }) => sink.opened === 1) && incoming.sink.opened === 1)
  net.until(() => ours.streams.length === 1 && peers.every(({ streams }) => streams.length === 1))
  for (const { streams } of peers) expect(streams[0]!.remote.key).toBe(ours.at.key)
  // The same two ends again are taken already.
  expect(net.network.connectTcp(ours.at, peers[0]!.at, new Recorder())).toBe('in_use')
})

test('a port on which somebody listens is taken, though ports are shared', () => {
  const net = makeNet()
  const first = listen(net, '127.0.0.1')
  expect(net.network.listenTcp(first.at, () => {})).toBe('in_use')
  first.close()
  first.close()
  const again = net.network.listenTcp(first.at, () => {})
  expect(typeof again).toBe('object')
  expect(net.network.listenTcp(address('192.0.2.1', 4000), () => {})).toBe('failed')
})

test('a connection that is refused says so to its sink, after the call', () => {
  const net = makeNet()
  const { sink, stream } = connect(net, freeAddress('127.0.0.1'), freeAddress('127.0.0.1'))
  expect(sink.closed).toEqual([])
  net.until(() => sink.closed.length === 1)
  expect(sink.closed).toEqual(['refused'])
  expect(sink.opened).toBe(0)
  expect(say(stream, 'x')).toBe(false)
})

test('a connection can be given up before it stands', () => {
  const net = makeNet()
  const given = connect(net, freeAddress('127.0.0.1'), listen(net, '127.0.0.1').at)
  given.stream.abort('given up')
  const finished = connect(net, freeAddress('127.0.0.1'), listen(net, '127.0.0.1').at)
  finished.stream.finish()
  net.turns(3)
  expect([...given.sink.closed, ...finished.sink.closed]).toEqual(['given up', 'aborted'])
})

test('abort is a reset to the other side, never an end that looks like one', () => {
  const net = makeNet()
  const peer = listen(net, '127.0.0.1')
  const { stream, sink } = connect(net, freeAddress('127.0.0.1'), peer.at)
  net.until(() => sink.opened === 1 && peer.streams.length === 1)
  say(stream, 'the beginning')
  net.until(() => peer.sinks[0]!.text === 'the beginning')
  stream.abort()
  net.until(() => peer.sinks[0]!.closed.length === 1)
  expect(peer.sinks[0]!.closed).toEqual(['reset'])
})

test('a paused stream hears of a reset, and costs no turns', () => {
  const net = makeNet()
  const peer = listen(net, '127.0.0.1')
  const { stream, sink } = connect(net, freeAddress('127.0.0.1'), peer.at)
  net.until(() => sink.opened === 1 && peer.streams.length === 1)
  peer.streams[0]!.pause()
  stream.abort()
  net.until(() => peer.sinks[0]!.closed.length === 1)
  expect(peer.sinks[0]!.closed).toEqual(['reset'])
  expect(net.poller.turn(0)).toBe(0)
})

test('each side can end for itself', () => {
  const net = makeNet()
  const peer = listen(net, '127.0.0.1', () => new HalfOpen())
  const { stream, sink } = connect(net, freeAddress('127.0.0.1'), peer.at)
  net.until(() => sink.opened === 1 && peer.streams.length === 1)
  stream.finish()
  const other = peer.sinks[0] as HalfOpen
  net.until(() => other.ended === 1)
  say(peer.streams[0]!, 'still here')
  net.until(() => sink.text === 'still here')
  expect([...sink.closed, ...other.closed]).toEqual([])
  expect(net.poller.turn(0)).toBe(0)
  peer.streams[0]!.finish()
  net.until(() => sink.closed.length + other.closed.length === 2)
  expect([...sink.closed, ...other.closed]).toEqual([null, null])
})

test('who is reset before being accepted does not stop those behind', () => {
  const net = makeNet()
  const peer = listen(net, '127.0.0.1')
  const from = freeAddress('127.0.0.1')
  const fd = openSocket(SOCK_STREAM, from, () => {})
  if (typeof fd !== 'number') throw new Error(fd)
  libc().connect(fd, peer.at.sockaddr, 16)
  resetOnClose(fd)
  libc().close(fd)
  const { sink } = connect(net, freeAddress('127.0.0.1'), peer.at)
  net.until(() => sink.opened === 1 && peer.streams.length >= 1)
})
