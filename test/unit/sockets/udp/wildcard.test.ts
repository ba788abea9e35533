import { expect, test } from 'bun:test'
import { existsSync } from 'node:fs'
import type { UdpSocket } from '../../../../server/sockets/udp/udp-socket.ts'
import { Datagrams } from '../../../../server/sockets/udp/datagrams.ts'
import { setOption } from '../../../../server/sockets/calls.ts'
import { WildcardUdp } from '../../../../server/sockets/udp/bound.ts'
import { address, adopt, bytesOf, collector, makeNet, openUdp, udpFd } from '../../turn/sockets/net.ts'

const hasIp6 = existsSync('/proc/net/if_inet6')

test('a socket bound to every address shows one socket for each local address, and answers leave from it', () => {
  const net = makeNet()
  const sockets = new Map<string, UdpSocket>()
  const { at } = adopt(net, '0.0.0.0', {
    onDatagram(socket, from, bytes, start, length) {
      sockets.set(socket.address.toString(), socket)
      socket.data ??= socket.address.host
      if (length > 4) socket.send(from.address(), bytes, start, length)
      else socket.sendCopy(from.address(), bytes.slice(start, start + length))
    },
  })
  const client = collector(net, '127.0.0.1')
  const hosts = ['127.0.0.1', '127.0.0.2', '127.0.0.3']
  for (let i = 0; i < 30; i++)
    client.socket.sendCopy(address(hosts[i % 3]!, at.port), bytesOf(i % 2 ? 'long enough' : 'copy'))
  net.until(() => client.got.length === 30)
  expect([...sockets.keys()].sort()).toEqual(hosts.map((host) => `${host}:${at.port}`))
  expect([...sockets.values()].map(({ data }) => data).sort()).toEqual(hosts)
  for (const [i, { from }] of client.got.entries()) expect(from).toBe(`${hosts[i % 3]}:${at.port}`)
  // Each is its own, but the descriptor is the listener's.
  for (const socket of sockets.values()) socket.close()
  client.socket.sendCopy(address('127.0.0.2', at.port), bytesOf('still there'))
  net.until(() => client.got.length === 31)
})

test.if(hasIp6)('the same for IPv6', () => {
  const net = makeNet()
  const seen: string[] = []
  const { at } = adopt(net, '::', {
    onDatagram(socket, from, bytes, start, length) {
      seen.push(socket.address.toString())
      socket.send(from.address(), bytes, start, length)
    },
  })
  const client = collector(net, '::1')
  for (let i = 0; i < 5; i++) client.socket.sendCopy(address('::1', at.port), bytesOf(`${i}`))
  net.until(() => client.got.length === 5)
  expect(new Set(seen)).toEqual(new Set([`[::1]:${at.port}`]))
  expect(client.got[0]!.from).toBe(`[::1]:${at.port}`)
})

test('local addresses of IPv6 are told apart, those of a link by their interface too', () => {
  const net = makeNet()
  const seen: UdpSocket[] = []
  const { fd, at } = udpFd(hasIp6 ? '::' : '0.0.0.0')
  const parts = { datagrams: new Datagrams(net.network.counters), poller: net.poller, fd, isBusy: true }
  const all = new WildcardUdp(
    { ...parts, address: address('::', at.port) },
    { onDatagram: (socket) => void seen.push(socket) },
  )
  const { words, control } = all.fd.inbox
  const bytes = new Uint8Array(control.buffer)
  const arrive = (host: string, link: number): void => {
    words[10] = 40
    bytes.set(address(host).ip, 16)
    control[8] = link
    all.onSlot(0, 64, 0)
  }
  const order: [string, number][] = [
    ['2001:db8::1', 1],
    ['2001:db8::1', 2],
    ['2001:db8::2', 1],
    ['2001:db8:1::1', 1],
    ['fe80::1', 1],
    ['fe80::1', 2],
    ['2001:db8::1', 1],
    ['fe80::1', 1],
  ]
  for (const [host, link] of order) arrive(host, link)
  arrive('ff02::1', 1)
  expect(seen.map(({ address }) => address.host)).toEqual(order.map(([host]) => host))
  expect(seen.map((socket) => seen.indexOf(socket))).toEqual([0, 0, 2, 3, 4, 5, 0, 4])
  expect(net.network.counters.misdirected).toBe(1)
  all.close()
})

test('what is broadcast is not for a socket that is bound to every address', () => {
  const net = makeNet()
  let got = 0
  const { at } = adopt(net, '0.0.0.0', { onDatagram: () => void got++ })
  const { fd, at: from } = udpFd('127.0.0.1')
  const SO_BROADCAST = 6
  setOption(fd, 1, SO_BROADCAST, 1)
  const sender = net.network.adoptUdp(fd, from, {
    onDatagram(socket, _, bytes, start, length) {
      socket.send(address('127.255.255.255', at.port), bytes, start, length)
    },
  })
  openUdp(net, '127.0.0.1').sendCopy(from, bytesOf('go'))
  net.until(() => net.network.counters.misdirected === 1)
  expect(got).toBe(0)
  sender.close()
})
