import { expect, test } from 'bun:test'
import { readdirSync } from 'node:fs'
import type { Stream } from '../../../../server/turn/network.ts'
import type { UdpSocket } from '../../../../server/sockets/udp/udp-socket.ts'
import { freePort } from '../../../support/kernel.ts'
import { address, adopt, bugsOf, bytesOf, makeNet, openUdp, Recorder, say } from './net.ts'

const descriptors = (): number => readdirSync('/proc/self/fd').length

test('sockets of all kinds come and go, and no descriptor is left', () => {
  const net = makeNet()
  const peers: Stream[] = []
  const before = descriptors()
  for (let round = 0; round < 30; round++) {
    const at = address('127.0.0.1', freePort())
    const listener = net.network.listenTcp(at, (stream) => {
      stream.sink = new Recorder()
      peers.push(stream)
    })
    if (typeof listener === 'string') throw new Error(listener)
    const echo = adopt(net, '127.0.0.1', {
      onDatagram: (socket, from, bytes, start, length) => socket.send(from.address(), bytes, start, length),
    })
    const sockets: UdpSocket[] = []
    const sinks = [new Recorder(), new Recorder(), new Recorder()]
    const streams = sinks.map((sink) => {
      const stream = net.network.connectTcp(address('127.0.0.1', freePort()), at, sink)
      if (typeof stream === 'string') throw new Error(stream)
      return stream
    })
    for (let i = 0; i < 5; i++)
      sockets.push(openUdp(net, '127.0.0.1', { onDatagram: (socket) => socket.close() }))
    for (const socket of sockets) socket.sendCopy(echo.at, bytesOf('x'))
    for (const stream of streams) say(stream, 'x')
    net.until(() => peers.length === 3)
    peers.pop()?.abort()
    for (const peer of peers.splice(0)) peer.finish()
    net.until(() => sinks.every(({ closed }) => closed.length === 1))
    echo.close()
    listener.close()
    for (const socket of sockets) socket.close()
  }
  net.turns(3)
  // Fewer, where something of another file was closed meanwhile.
  expect(descriptors()).toBeLessThanOrEqual(before)
})

test('whoever throws when given a connection does not get it, and the next one comes in', () => {
  const net = makeNet()
  const at = address('127.0.0.1', freePort())
  let calls = 0
  net.network.listenTcp(at, (stream) => {
    if (++calls === 1) throw new Error('on purpose')
    stream.sink = new Recorder()
  })
  const sinks = [new Recorder(), new Recorder()]
  for (const sink of sinks) net.network.connectTcp(address('127.0.0.1', freePort()), at, sink)
  expect(bugsOf(() => net.until(() => calls === 2 && sinks[0]!.closed.length === 1))).toHaveLength(1)
  expect(sinks[1]!.closed).toEqual([])
})

test('what handlers send while the turn is settled goes out with it', () => {
  const net = makeNet()
  const at = address('127.0.0.1', freePort())
  const accepted: { stream: Stream; sink: Recorder }[] = []
  net.network.listenTcp(at, (stream) => {
    const sink = new Recorder()
    stream.sink = sink
    accepted.push({ stream, sink })
  })
  const sinks = [new Recorder(), new Recorder()]
  const streams = sinks.map(
    (sink) => net.network.connectTcp(address('127.0.0.1', freePort()), at, sink) as Stream,
  )
  net.until(() => accepted.length === 2 && sinks.every(({ opened }) => opened === 1))
  const [first, second] = streams as [Stream, Stream]
  sinks[0]!.onDrain = () => {
    if (second.queued === 0) say(second, 'from the other')
  }
  say(first, 'go')
  net.network.flush()
  expect(second.queued).toBe(0)
  net.until(() => accepted.some(({ sink }) => sink.text === 'from the other'))
})
