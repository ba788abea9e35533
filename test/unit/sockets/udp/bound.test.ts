import { expect, test } from 'bun:test'
import { existsSync } from 'node:fs'
import { libc } from '../../../../server/lib/native.ts'
import type { Address, AddressKey } from '../../../../server/lib/address.ts'
import { HEADROOM, TAILROOM, type DatagramSink } from '../../../../server/sockets/udp/udp-socket.ts'
import { Counters } from '../../../../server/turn/sockets/counters.ts'
import { Datagrams } from '../../../../server/sockets/udp/datagrams.ts'
import { BoundUdp } from '../../../../server/sockets/udp/bound.ts'
import { readOption, setOption } from '../../../../server/sockets/calls.ts'
import { seededRandom, seedOfRun } from '../../../support/random.ts'
import {
  address,
  adopt,
  bugsOf,
  bytesOf,
  collector,
  makeNet,
  openUdp,
  udpFd,
} from '../../turn/sockets/net.ts'

const IPPROTO_IP = 0
const IP_MTU_DISCOVER = 10
const IP_RECVERR = 11

const hasIp6 = existsSync('/proc/net/if_inet6')

/** Sends each datagram back in place, after writing over all that may be written over. */
function echo(): DatagramSink {
  const known = new Map<AddressKey, Address>()
  return {
    onDatagram(socket, from, bytes, start, length) {
      const to = known.get(from.key) ?? from.address()
      known.set(from.key, to)
      bytes.fill(0xee, start - HEADROOM, start)
      bytes.fill(0xee, start + length, start + length + TAILROOM)
      socket.send(to, bytes, start, length)
    },
  }
}

const text = (bytes: Uint8Array): string => new TextDecoder().decode(bytes)

for (const host of hasIp6 ? ['127.0.0.1', '::1'] : ['127.0.0.1'])
  for (const kind of ['adopted', 'opened'])
    test(`datagrams of every length are echoed whole by a socket that was ${kind} on ${host}`, () => {
      const net = makeNet()
      const random = seededRandom(seedOfRun())
      const at = kind === 'adopted' ? adopt(net, host, echo()).at : openUdp(net, host, echo()).address
      const clients = Array.from({ length: 5 }, () => collector(net, host))
      const lengths = [0, 1, 2, 3, 4, 5, 1200, 1472, 9000, 65_000, 65_507]
      const sent = clients.map(() =>
        [...lengths, ...lengths.map(() => random.below(2000))].map((n) => random.bytes(n)),
      )
      for (const [i, { socket }] of clients.entries())
        for (const bytes of sent[i]!) socket.sendCopy(at, bytes)
      net.until(() => clients.every(({ got }) => got.length === 2 * lengths.length))
      for (const [i, { got }] of clients.entries()) {
        expect(got.every(({ from }) => from === at.toString())).toBe(true)
        expect(got.map(({ bytes }) => Buffer.from(bytes).toString('hex')).join()).toBe(
          sent[i]!.map((bytes) => Buffer.from(bytes).toString('hex')).join(),
        )
      }
      expect(net.network.counters).toMatchObject({ truncated: 0, full: 0, tooLong: 0, unsent: 0 })
    })

test('several sockets that fill the arena in one turn send what each was given', () => {
  const net = makeNet()
  const listeners = Array.from({ length: 5 }, () => adopt(net, '127.0.0.1', echo()))
  const quiet = Array.from({ length: 5 }, () => openUdp(net, '127.0.0.1', echo()))
  const targets = [...listeners.map(({ at }) => at), ...quiet.map((socket) => socket.address)]
  const client = collector(net, '127.0.0.1')
  const expected: string[] = []
  for (let i = 0; i < 40; i++)
    for (const [t, to] of targets.entries()) {
      client.socket.sendCopy(to, bytesOf(`${t}-${i}`))
      expected.push(`${t}-${i}`)
    }
  net.until(() => client.got.length === expected.length)
  expect(client.got.map(({ bytes }) => text(bytes)).sort()).toEqual(expected.sort())
  // Of one sender to one receiver nothing overtakes.
  for (const to of targets) {
    const places = client.got
      .filter(({ from }) => from === to.toString())
      .map(({ bytes }) => text(bytes).split('-')[1])
    expect(places).toEqual(Array.from({ length: 40 }, (_, i) => `${i}`))
  }
})

test('a source is known by its key, and its copy lasts', () => {
  const net = makeNet()
  for (const host of hasIp6 ? ['127.0.0.1', '::1'] : ['127.0.0.1']) {
    const seen: { key: AddressKey; ipKey: AddressKey; copy: Address }[] = []
    const { at } = adopt(net, host, {
      onDatagram: (_, from) => void seen.push({ key: from.key, ipKey: from.ipKey, copy: from.address() }),
    })
    const clients = [openUdp(net, host), openUdp(net, host === '::1' ? host : '127.0.0.2')]
    for (const socket of clients) {
      socket.sendCopy(at, bytesOf('x'))
      net.until(() => seen.length === 1 + clients.indexOf(socket))
    }
    for (const [i, socket] of clients.entries()) {
      expect(seen[i]).toMatchObject({ key: socket.address.key, ipKey: socket.address.ipKey })
      expect(seen[i]!.copy.toString()).toBe(socket.address.toString())
      expect(seen[i]!.copy.key).toBe(socket.address.key)
    }
  }
})

test('bytes that are not in the arena are copied at once, however many there are in a turn', () => {
  const net = makeNet()
  const { socket, got } = collector(net, '127.0.0.1')
  const from = openUdp(net, '127.0.0.1')
  const bytes = new Uint8Array(60_000)
  for (let i = 0; i < 20; i++) {
    bytes.fill(i)
    if (i % 2) from.sendCopy(socket.address, bytes)
    else from.send(socket.address, bytes, 10, 100)
  }
  bytes.fill(255)
  net.until(() => got.length === 20)
  for (const [i, { bytes }] of got.entries()) {
    expect(bytes.length).toBe(i % 2 ? 60_000 : 100)
    expect(bytes.every((byte) => byte === i)).toBe(true)
  }
})

test('copies that are sent while datagrams are handed out do not harm what is still to be handed out', () => {
  const net = makeNet()
  const { socket, got } = collector(net, '127.0.0.1')
  const large = new Uint8Array(50_000).fill(7)
  const { at } = adopt(net, '127.0.0.1', {
    onDatagram(here, from, bytes, start, length) {
      here.sendCopy(socket.address, large)
      here.send(from.address(), bytes, start, length)
    },
  })
  const client = collector(net, '127.0.0.1')
  for (let i = 0; i < 100; i++) client.socket.sendCopy(at, bytesOf(`datagram ${i}`))
  net.until(() => client.got.length === 100 && got.length > 0)
  expect(client.got.map(({ bytes }) => text(bytes))).toEqual(
    Array.from({ length: 100 }, (_, i) => `datagram ${i}`),
  )
})

test('a datagram that cannot be sent costs the others of its batch nothing, and is counted', () => {
  const net = makeNet()
  const { socket, got } = collector(net, '127.0.0.1')
  const from = openUdp(net, '127.0.0.1')
  const { fd, at: closed } = udpFd('127.0.0.1')
  libc().close(fd)
  const good = (name: string): void => from.sendCopy(socket.address, bytesOf(name))
  for (let round = 0; round < 3; round++) {
    good('a')
    from.sendCopy(closed, bytesOf('nobody is there')) // answered by ICMP
    from.sendCopy(address('127.0.0.1', 0), bytesOf('no such port'))
    good('b')
    from.sendCopy(socket.address, new Uint8Array(65_520)) // longer than any datagram
    from.sendCopy(address('255.255.255.255', 9), bytesOf('not allowed'))
    if (hasIp6) from.sendCopy(address('::1', 9), bytesOf('of the other family'))
    good('c')
    net.turns(3)
  }
  net.until(() => got.length === 9)
  expect(got.map(({ bytes }) => text(bytes)).join('')).toBe('abcabcabc')
  expect(net.network.counters).toMatchObject({ tooLong: 3, unsent: hasIp6 ? 9 : 6, full: 0 })
})

test('a socket that was adopted with errors to be told is told none', () => {
  const net = makeNet()
  const { fd, at } = udpFd('127.0.0.1')
  setOption(fd, IPPROTO_IP, IP_RECVERR, 1)
  const { fd: gone, at: closed } = udpFd('127.0.0.1')
  libc().close(gone)
  const client = collector(net, '127.0.0.1')
  net.network.adoptUdp(fd, at, {
    onDatagram(socket, from, bytes, start, length) {
      socket.send(closed, bytes, start, length)
      socket.send(from.address(), bytes, start, length)
    },
  })
  expect(readOption(fd, IPPROTO_IP, IP_RECVERR)).toBe(0)
  for (let i = 0; i < 50; i++) client.socket.sendCopy(at, bytesOf(`${i}`))
  net.until(() => client.got.length === 50)
  expect(net.network.counters.unsent).toBe(0)
})

test('an error that is pending when a batch is sent costs nobody a datagram', () => {
  const net = makeNet()
  const { fd: gone, at: closed } = udpFd('127.0.0.1')
  libc().close(gone)
  const { socket: good, got } = collector(net, '127.0.0.1')
  // Only a connected socket has errors pending that it did not ask to be told of.
  const { fd, at } = udpFd('127.0.0.1')
  expect(libc().connect(fd, closed.sockaddr, 16)).toBe(0)
  const datagrams = new Datagrams(net.network.counters)
  const listener = new BoundUdp(
    { datagrams, poller: net.poller, fd, address: at, isBusy: true },
    { onDatagram() {} },
  )
  for (const name of ['a', 'b', 'c']) {
    listener.sendCopy(closed, bytesOf('nobody is there'))
    datagrams.send()
    for (const which of [1, 2]) listener.sendCopy(good.address, bytesOf(`${name}${which}`))
    datagrams.send()
  }
  net.until(() => got.length === 6)
  expect(got.map(({ bytes }) => text(bytes)).join('')).toBe('a1a2b1b2c1c2')
  expect(net.network.counters.unsent).toBe(0)
  listener.close()
})

test('the DF bit is asked for only where it is wanted, and taken back', () => {
  const net = makeNet()
  const { socket, got } = collector(net, '127.0.0.1')
  const { fd, at } = udpFd('127.0.0.1')
  const usual = readOption(fd, IPPROTO_IP, IP_MTU_DISCOVER)
  let mode: boolean | undefined
  net.network.adoptUdp(fd, at, {
    onDatagram: (here, _, bytes, start, length) => here.send(socket.address, bytes, start, length, mode),
  })
  const client = openUdp(net, '127.0.0.1')
  for (const [i, expected] of [usual, 2, 2, usual, 2].entries()) {
    mode = i === 0 ? undefined : expected === 2
    client.sendCopy(at, bytesOf(`${i}`))
    net.until(() => got.length === i + 1)
    expect(readOption(fd, IPPROTO_IP, IP_MTU_DISCOVER)).toBe(expected)
  }
})

test('datagrams with and without it do not share a batch', () => {
  const counters = new Counters()
  const datagrams = new Datagrams(counters)
  const { fd, at } = udpFd('127.0.0.1')
  const modes: boolean[] = []
  const sender = { fd, dontFragment: (on: boolean) => void modes.push(on) }
  const outbox = datagrams.outbox(4, false)
  for (const isWhole of [false, false, true, false, true, true]) {
    const start = datagrams.copy(bytesOf('x'))
    outbox.push(sender, at, start, 1, isWhole, null)
  }
  datagrams.send()
  expect(modes).toEqual([false, true, false, true])
  libc().close(fd)
})

test('a sink that throws loses only that datagram', () => {
  const net = makeNet()
  const seen: string[] = []
  const { at } = adopt(net, '127.0.0.1', {
    onDatagram(_, __, bytes, start, length) {
      const word = text(bytes.subarray(start, start + length))
      if (word === 'bad') throw new Error('on purpose')
      seen.push(word)
    },
  })
  const client = openUdp(net, '127.0.0.1')
  for (const word of ['a', 'bad', 'b', 'bad', 'c']) client.sendCopy(at, bytesOf(word))
  expect(bugsOf(() => net.until(() => seen.length === 3))).toHaveLength(2)
  expect(seen).toEqual(['a', 'b', 'c'])
})

test('a socket that is closed while its datagrams are handed out gives no more, and sends what it was given', () => {
  const net = makeNet()
  for (const kind of ['adopted', 'opened']) {
    let calls = 0
    const client = collector(net, '127.0.0.1')
    const sink: DatagramSink = {
      onDatagram(socket, from, bytes, start, length) {
        calls++
        socket.send(from.address(), bytes, start, length)
        socket.close()
        socket.close()
        socket.send(from.address(), bytes, start, length)
        socket.sendCopy(from.address(), bytesOf('too late'))
      },
    }
    const at = kind === 'adopted' ? adopt(net, '127.0.0.1', sink).at : openUdp(net, '127.0.0.1', sink).address
    for (let i = 0; i < 10; i++) client.socket.sendCopy(at, bytesOf(`${i}`))
    net.until(() => client.got.length === 1)
    net.turns(3)
    expect(calls).toBe(1)
    expect(client.got.map(({ bytes }) => text(bytes))).toEqual(['0'])
  }
})

test('a quiet socket on which much arrives reads it by the batch', () => {
  const net = makeNet()
  let got = 0
  const socket = openUdp(net, '127.0.0.1', { onDatagram: () => void got++ })
  const client = openUdp(net, '127.0.0.1')
  for (let i = 0; i < 500; i++) client.sendCopy(socket.address, bytesOf(`${i}`))
  net.network.flush()
  let turns = 0
  while (got < 500 && turns < 500) {
    net.turns(1)
    turns++
  }
  expect(got).toBe(500)
  expect(turns).toBeLessThan(50)
})

test('a port is taken once', () => {
  const net = makeNet()
  const { address: taken, ...first } = openUdp(net, '127.0.0.1')
  const sink = { onDatagram() {} }
  expect(net.network.openUdp(taken, sink)).toBe('in_use')
  expect(net.network.openUdp(address('192.0.2.1', 4000), sink)).toBe('failed')
  expect(first).toBeDefined()
})

test('a socket closes its descriptor, and its port is free again', () => {
  const net = makeNet()
  const socket = openUdp(net, '127.0.0.1')
  socket.close()
  const again = net.network.openUdp(socket.address, { onDatagram() {} })
  expect(typeof again).toBe('object')
})

test('a bound socket is told of before its first datagram, one on every address when its local address is known', () => {
  const net = makeNet()
  const opened: string[] = []
  const sink: DatagramSink = { onOpen: ({ address: at }) => opened.push(at.host), onDatagram() {} }
  adopt(net, '127.0.0.1', sink)
  expect(opened).toEqual(['127.0.0.1'])
  const { at } = adopt(net, '0.0.0.0', sink)
  expect(opened).toEqual(['127.0.0.1'])
  const client = collector(net, '127.0.0.1')
  for (let i = 0; i < 3; i++) client.socket.sendCopy(address('127.0.0.1', at.port), bytesOf('here'))
  net.until(() => opened.length === 2)
  net.turns(5)
  expect(opened).toEqual(['127.0.0.1', '127.0.0.1'])
})

test('a socket that was made with packet info on is read as any other', () => {
  const net = makeNet()
  const IP_PKTINFO = 8
  const { fd, at } = udpFd('127.0.0.1')
  setOption(fd, IPPROTO_IP, IP_PKTINFO, 1)
  net.network.adoptUdp(fd, at, echo())
  const client = collector(net, '127.0.0.1')
  client.socket.sendCopy(at, bytesOf('back'))
  net.until(() => client.got.length === 1)
  expect(net.network.counters.truncated).toBe(0)
})
