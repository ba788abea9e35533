import { afterEach, expect, test } from 'bun:test'
import { parseAddress } from '../../../../server/lib/ip-address.ts'
import { Address } from '../../../../server/lib/address.ts'
import {
  ANY_PORT,
  type IsRelayed,
  type OwnAddresses,
  PeerRules,
  type PeerRulesOptions,
  type Verdict,
} from '../../../../server/turn/state/peer-rules.ts'
import { SPECIAL_RANGES } from '../../../../server/turn/state/special-ranges.ts'

const NOTHING: OwnAddresses = { relays: [], listeners: [], machine: [] }

const rules = (options: Partial<PeerRulesOptions> = {}): PeerRules =>
  new PeerRules({ allow: [], deny: [], own: NOTHING, ...options })

/** As 16 bytes where it has a colon: parseAddress makes IPv4 of ::ffff:a.b.c.d. */
function ipOf(text: string): Uint8Array {
  const ip = parseAddress(text)!
  const isMapped = ip.length === 4 && text.includes(':')
  return isMapped ? Buffer.concat([Buffer.from('00000000000000000000ffff', 'hex'), ip]) : ip
}

/** Allocations, as "HOST PORT". */
let relayed: readonly string[] = []
afterEach(() => {
  relayed = []
})
const isRelayed: IsRelayed = (ip, port) =>
  relayed.some((one) => {
    const [host, at] = one.split(' ')
    return host === new Address(ip, 0).host && (port === ANY_PORT || port === Number(at))
  })

const verdict = (peer: string, options: Partial<PeerRulesOptions> = {}, port = 5000): Verdict =>
  rules(options).verdict(ipOf(peer), port, isRelayed)
const reason = (peer: string, options: Partial<PeerRulesOptions> = {}, port = 5000): string => {
  const { allowed, reason: word } = verdict(peer, options, port)
  return `${allowed ? 'allowed' : 'refused'}: ${word}`
}

// First and last address of each range, and what is beside it.
test.each([
  ['this_network', ['0.0.0.0', '0.0.0.1', '0.255.255.255']],
  [
    'private',
    ['10.0.0.0', '10.255.255.255', '172.16.0.0', '172.31.255.255', '192.168.0.0', '192.168.255.255'],
  ],
  ['shared', ['100.64.0.0', '100.127.255.255']],
  ['loopback', ['127.0.0.0', '127.0.0.1', '127.255.255.255', '::1']],
  ['cloud', ['168.63.129.16', '::ffff:168.63.129.16', '64:ff9b::a83f:8110']],
  ['link_local', ['169.254.0.0', '169.254.169.254', '169.254.255.255', 'fe80::', 'fe80::1', 'febf:ffff::1']],
  ['reserved', ['192.0.0.0', '192.0.0.255', '192.88.99.0', '192.88.99.255', '240.0.0.0', '255.255.255.254']],
  [
    'documentation',
    [
      '192.0.2.0',
      '192.0.2.255',
      '198.51.100.7',
      '203.0.113.9',
      '2001:db8::',
      '2001:db8:ffff::1',
      '3fff::',
      '3fff:fff::1',
    ],
  ],
  ['benchmarking', ['198.18.0.0', '198.19.255.255', '2001:2::', '2001:2:0:ffff::1']],
  ['multicast', ['224.0.0.0', '224.0.0.1', '239.255.255.255', 'ff00::', 'ff02::1', 'ffff::1']],
  ['broadcast', ['255.255.255.255']],
  ['unspecified', ['::']],
  ['private', ['fc00::', 'fdff:ffff::1', 'fd00:ec2::254', 'fec0::', 'feff::1']],
  ['nat64', ['64:ff9b::808:808', '64:ff9b:1::808:808', '64:ff9b:1:ffff::808:808']],
  ['teredo', ['2001::', '2001:0:ffff::1']],
  ['6to4', ['2002::', '2002:808:808::1', '2002:ffff::1']],
  [
    'reserved',
    [
      '::2:0:0',
      '100::1',
      '2001:1ff::1',
      '2001:10::1',
      '2001:20::1',
      '4000::1',
      '5f00::1',
      '8000::1',
      'e000::1',
      'fe00::1',
    ],
  ],
] as const)('%s peers are refused by default', (word, peers) => {
  for (const peer of peers) expect(`${peer} ${reason(peer)}`).toBe(`${peer} refused: ${word}`)
})

test('public peers are reached, also right beside what is refused', () => {
  for (const peer of [
    ...[
      '1.0.0.0',
      '9.255.255.255',
      '11.0.0.0',
      '100.63.255.255',
      '100.128.0.0',
      '126.255.255.255',
      '128.0.0.0',
    ],
    ...[
      '169.253.255.255',
      '169.255.0.0',
      '172.15.255.255',
      '172.32.0.0',
      '191.255.255.255',
      '192.0.1.0',
      '192.0.3.0',
    ],
    ...['192.88.98.255', '192.88.100.0', '192.167.255.255', '192.169.0.0', '198.17.255.255', '198.20.0.0'],
    ...['198.51.99.255', '198.51.101.0', '203.0.112.255', '203.0.114.0', '223.255.255.255', '8.8.8.8'],
    ...[
      '2000::1',
      '2001:200::1',
      '2001:4860:4860::8888',
      '2001:db7::1',
      '2001:db9::1',
      '2003::1',
      '2606:4700::1',
    ],
    ...['2a00::1', '3ffe::1', '3fff:1000::1'],
  ])
    expect(`${peer} ${reason(peer)}`).toBe(`${peer} allowed: public`)
})

test('ranges are compared as bits, not as text or byte by byte', () => {
  // 100.64.0.0/10: a second byte of 9 comes after 64 as text; 172.16.0.0/12: the last byte is larger than
  //   that of the range's end.
  expect(reason('100.9.0.0')).toBe('allowed: public')
  expect(reason('172.20.255.255')).toBe('refused: private')
  expect(reason('fd12:3456::1')).toBe('refused: private')
  expect(reason('203.0.113.1', { deny: ['203.0.112.0/22'] })).toBe('refused: denied')
  expect(reason('203.0.116.0', { deny: ['203.0.112.0/22'] })).toBe('allowed: public')
})

test('each range says a word and a sentence', () => {
  for (const { range } of SPECIAL_RANGES) expect(() => rules({ allow: [range] })).not.toThrow()
  expect(verdict('10.0.0.1').why).toBe(
    '10.0.0.1 is private (10.0.0.0/8); add it to peers.allow to let clients reach it',
  )
  expect(verdict('169.254.169.254').why).toBe(
    '169.254.169.254 is link-local, where metadata services are (169.254.0.0/16); add it to peers.allow to let clients reach it',
  )
  expect(verdict('0.0.0.0').why).toBe('0.0.0.0 is "this network" (0.0.0.0/8) and is never reached')
  expect(verdict('8.8.8.8').why).toBe('8.8.8.8 is public')
  expect(verdict('10.1.2.3', { allow: ['10.1.0.0/16', '10.0.0.0/8'] }).why).toBe(
    '10.1.2.3 is in peers.allow (10.1.0.0/16)',
  )
  expect(verdict('10.1.2.3', { deny: ['10.1.2.3'] }).why).toBe('10.1.2.3 is in peers.deny (10.1.2.3)')
  expect(verdict('::10.0.0.1').why).toBe(
    '::a00:1 leads to an address that is refused: 10.0.0.1 is private (10.0.0.0/8); add it to peers.allow to let clients reach it',
  )
})

// ── disguises ──

test('IPv4 in IPv6 is IPv4', () => {
  for (const [peer, word] of [
    ['::ffff:127.0.0.1', 'refused: loopback'],
    ['::ffff:10.0.0.1', 'refused: private'],
    ['::ffff:0.0.0.0', 'refused: this_network'],
    ['::ffff:169.254.169.254', 'refused: link_local'],
    ['::ffff:8.8.8.8', 'allowed: public'],
  ] as const)
    expect(reason(peer)).toBe(word)
  expect(reason('::ffff:10.0.0.1', { allow: ['10.0.0.0/8'] })).toBe('allowed: allowed')
  expect(reason('::ffff:8.8.8.8', { deny: ['8.8.8.0/24'] })).toBe('refused: denied')
  expect(verdict('::ffff:10.0.0.1').why).toStartWith('10.0.0.1 is private')
})

test.each([
  ['6to4', '2002:7f00:1::'],
  ['6to4', '2002:a00:1::1'],
  ['Teredo', '2001:0:4136:e378:8000:63bf:80ff:fffe'],
  ['IPv4-compatible', '::127.0.0.1'],
  ['IPv4-compatible', '::169.254.169.254'],
  ['IPv4-translated', '::ffff:0:127.0.0.1'],
  ['NAT64', '64:ff9b::7f00:1'],
  ['NAT64', '64:ff9b::a9fe:a9fe'],
  ['local NAT64, 96 bits', '64:ff9b:1::7f00:1'],
  ['local NAT64, 96 bits of a longer prefix', '64:ff9b:1:abcd::a00:1'],
  ['local NAT64, 48 bits', '64:ff9b:1:7f00:0:100::'],
  ['local NAT64, 48 bits', '64:ff9b:1:a9fe:a9:fe00::'],
  ['local NAT64, 56 bits', '64:ff9b:1:7f:0:1::'],
  ['local NAT64, 56 bits', '64:ff9b:1:a:8:808::'],
  ['local NAT64, 64 bits', '64:ff9b:1:0:7f:0:100::'],
])('%s: %s is refused also where its own range is allowed', (_, peer) => {
  expect(verdict(peer).allowed).toBe(false)
  expect(verdict(peer, { allow: ['::/0'] }).allowed).toBe(false)
})

test('a disguise that is allowed leads where its inside may lead', () => {
  const nat64 = { allow: ['64:ff9b::/96', '64:ff9b:1::/48'] }
  expect(reason('64:ff9b::8.8.8.8', nat64)).toBe('allowed: allowed')
  expect(reason('64:ff9b::10.0.0.1', nat64)).toBe('refused: private')
  expect(reason('64:ff9b::10.0.0.1', { allow: [...nat64.allow, '10.0.0.0/8'] })).toBe('allowed: allowed')
  expect(reason('64:ff9b::8.8.8.8', { ...nat64, deny: ['8.8.8.8/32'] })).toBe('refused: denied')
  expect(reason('64:ff9b::0.0.0.0', nat64)).toBe('refused: this_network')
  // 8.8.8.8 behind 48, 56, 64 and 96 bits.
  for (const peer of [
    '64:ff9b:1:808:8:800::',
    '64:ff9b:1:8:8:808::',
    '64:ff9b:1:0:8:808:800::',
    '64:ff9b:1::808:808',
  ])
    expect(`${peer} ${reason(peer, nat64)}`).toBe(`${peer} allowed: allowed`)
  // The inside alone opens nothing.
  expect(reason('64:ff9b::10.0.0.1', { allow: ['10.0.0.0/8'] })).toBe('refused: nat64')
  expect(reason('::10.0.0.1', { allow: ['10.0.0.0/8'] })).toBe('refused: reserved')
})

test('what can never be reached stays so, whatever is allowed', () => {
  const all = {
    allow: ['0.0.0.0/0', '::/0', '0.0.0.0/32', '::/128', '2001::/32', '2002::/16', '2002:808:808::1'],
  }
  expect(reason('0.0.0.0', all)).toBe('refused: this_network')
  expect(reason('0.1.2.3', all)).toBe('refused: this_network')
  expect(reason('::', all)).toBe('refused: unspecified')
  expect(reason('::ffff:0.0.0.0', all)).toBe('refused: this_network')
  expect(reason('::0.1.0.0', all)).toBe('refused: this_network')
  expect(reason('2001::1', all)).toBe('refused: teredo')
  expect(reason('2002:808:808::1', all)).toBe('refused: 6to4')
  const relays = [ipOf('0.0.0.0')]
  relayed = ['0.0.0.0 5000']
  expect(reason('0.0.0.0', { ...all, own: { ...NOTHING, relays } })).toBe('refused: this_network')
})

// ── the config ──

test('peers.allow opens what is special, peers.deny goes before it', () => {
  for (const peer of [
    '127.0.0.1',
    '::1',
    '10.0.0.1',
    '169.254.169.254',
    '224.0.0.1',
    '255.255.255.255',
    'fe80::1',
    'fd00::1',
  ])
    expect(reason(peer, { allow: [peer] })).toBe('allowed: allowed')
  expect(reason('10.0.0.2', { allow: ['10.0.0.1'] })).toBe('refused: private')
  expect(reason('10.0.0.1', { allow: ['10.0.0.1/32'], deny: ['10.0.0.0/8'] })).toBe('refused: denied')
  expect(reason('8.8.8.8', { deny: ['0.0.0.0/0'] })).toBe('refused: denied')
  expect(reason('2a00::1', { deny: ['::/0'] })).toBe('refused: denied')
  expect(reason('2a00::1', { deny: ['0.0.0.0/0'] })).toBe('allowed: public')
  expect(reason('10.0.0.1', { allow: ['::ffff:10.0.0.0/104'] })).toBe('allowed: allowed')
})

test('what is no range is said so', () => {
  for (const list of [['10.0.0.0/33'], ['example.org'], ['']]) {
    expect(() => rules({ allow: list })).toThrow(RangeError)
    expect(() => rules({ deny: list })).toThrow(RangeError)
  }
})

test('thousands of ranges are looked up like a few', () => {
  const deny = Array.from({ length: 20_000 }, (_, i) => `${11 + (i >> 16)}.${(i >> 8) & 255}.${i & 255}.0/24`)
  const many = rules({ deny })
  expect(many.verdict(ipOf('11.78.31.9'), 1, isRelayed).reason).toBe('denied')
  expect(many.verdict(ipOf('11.78.32.9'), 1, isRelayed).reason).toBe('public')
})

// ── our own ──

const OWN: OwnAddresses = {
  relays: [ipOf('10.0.0.5'), ipOf('203.0.113.7')],
  listeners: [
    Address.parse('203.0.113.7', 443)!,
    Address.parse('::', 3478)!,
    Address.parse('127.0.0.1', 9090)!,
  ],
  machine: [ipOf('10.0.0.5'), ipOf('192.168.1.5'), ipOf('127.0.0.1'), ipOf('::1'), ipOf('2a00::5')],
}

test('addresses of our own are reached where an allocation is now, and on no port beside it', () => {
  relayed = ['10.0.0.5 50000', '203.0.113.7 50000']
  expect(reason('10.0.0.5', { own: OWN }, 50_000)).toBe('allowed: own_relay')
  expect(reason('10.0.0.5', { own: OWN }, 50_001)).toBe('refused: private')
  expect(reason('10.0.0.5', { own: OWN }, 22)).toBe('refused: private')
  expect(reason('203.0.113.7', { own: OWN }, 50_000)).toBe('allowed: own_relay')
  expect(reason('10.0.0.6', { own: OWN }, 50_000)).toBe('refused: private')
  expect(reason('10.0.0.5', { own: OWN, deny: ['10.0.0.0/8'] }, 50_000)).toBe('refused: denied')
  // In disguise it is not ours.
  for (const peer of ['::ffff:10.0.0.5', '::10.0.0.5', '64:ff9b::10.0.0.5', '2002:a00:5::'])
    for (const port of [50_000, ANY_PORT])
      expect(`${peer} ${verdict(peer, { own: OWN }, port).allowed}`).toBe(`${peer} false`)
  relayed = []
  expect(reason('10.0.0.5', { own: OWN }, 50_000)).toBe('refused: private')
  expect(verdict('10.0.0.5', { own: OWN }, 50_000).why).toBe(
    '10.0.0.5 is private (10.0.0.0/8), and no allocation of this gateway is there now; add it to peers.allow to let clients reach it',
  )
})

test('an allocation that config would make elsewhere by now is ours all the same', () => {
  relayed = ['10.9.9.9 50000']
  expect(verdict('10.9.9.9', { own: OWN }, 50_000)).toMatchObject({ allowed: true, isForAllPorts: false })
  expect(verdict('10.9.9.9', { own: OWN }, 50_001)).toMatchObject({ allowed: false, isForAllPorts: false })
})

test('a permission is for all ports, so that of an address of ours says that ports matter', () => {
  expect(verdict('10.0.0.5', { own: OWN }, ANY_PORT)).toMatchObject({ allowed: false, isForAllPorts: false })
  relayed = ['10.0.0.5 50000', '203.0.113.7 50000']
  expect(verdict('10.0.0.5', { own: OWN }, ANY_PORT)).toMatchObject({ allowed: true, isForAllPorts: false })
  expect(verdict('203.0.113.7', { own: OWN }, ANY_PORT)).toMatchObject({
    allowed: true,
    isForAllPorts: false,
  })
  expect(verdict('2a00::5', { own: OWN }, ANY_PORT)).toMatchObject({ allowed: true, isForAllPorts: false })
  expect(verdict('8.8.8.8', { own: OWN }, ANY_PORT)).toMatchObject({ allowed: true, isForAllPorts: true })
  expect(verdict('10.0.0.6', { own: OWN }, ANY_PORT)).toMatchObject({ allowed: false, isForAllPorts: true })
  expect(verdict('192.168.1.5', { own: OWN }, ANY_PORT)).toMatchObject({ allowed: false })
  const nat64 = { own: { ...OWN, machine: [ipOf('8.8.8.8')] }, allow: ['64:ff9b::/96'] }
  expect(verdict('64:ff9b::8.8.8.8', nat64, ANY_PORT)).toMatchObject({ allowed: true, isForAllPorts: false })
  expect(reason('64:ff9b::8.8.8.8', nat64, 3478)).toBe('refused: own_listener')
  expect(reason('64:ff9b::8.8.8.8', nat64, 3479)).toBe('allowed: allowed')
})

test('our own listeners are refused, also within an allowed range', () => {
  const open = { own: OWN, allow: ['0.0.0.0/0', '::/0'] }
  expect(reason('203.0.113.7', { own: OWN, allow: ['203.0.113.0/24'] }, 443)).toBe('refused: own_listener')
  expect(reason('203.0.113.7', open, 444)).toBe('allowed: allowed')
  expect(reason('127.0.0.1', open, 9090)).toBe('refused: own_listener')
  // One that is open on every address.
  for (const peer of [
    '10.0.0.5',
    '192.168.1.5',
    '127.0.0.1',
    '::1',
    '2a00::5',
    '203.0.113.7',
    '::ffff:10.0.0.5',
    '127.0.0.2',
    '127.9.9.9',
  ])
    expect(`${peer} ${reason(peer, open, 3478)}`).toBe(`${peer} refused: own_listener`)
  expect(reason('127.0.0.2', open, 9090)).toBe('allowed: allowed')
  expect(verdict('127.0.0.2', open, ANY_PORT).isForAllPorts).toBe(false)
  expect(reason('2a00::5', { own: OWN }, 3478)).toBe('refused: own_listener')
  expect(reason('2a00::5', { own: OWN }, 3479)).toBe('allowed: public')
  expect(verdict('2a00::5', { own: OWN }, 3478).why).toBe('2a00::5 port 3478 is a listener of this gateway')
})

test('our own listeners are reached where config names the very address', () => {
  expect(reason('127.0.0.1', { own: OWN, allow: ['127.0.0.1/32'] }, 9090)).toBe('allowed: allowed')
  expect(reason('127.0.0.1', { own: OWN, allow: ['127.0.0.1'] }, 3478)).toBe('allowed: allowed')
  expect(reason('::1', { own: OWN, allow: ['::1/128'] }, 3478)).toBe('allowed: allowed')
  expect(reason('127.0.0.1', { own: OWN, allow: ['127.0.0.0/31'] }, 9090)).toBe('refused: own_listener')
  expect(reason('127.0.0.1', { own: OWN, allow: ['127.0.0.1/32'], deny: ['127.0.0.1/32'] }, 9090)).toBe(
    'refused: denied',
  )
})

test('a listener within the ports of relays is a listener', () => {
  relayed = ['10.0.0.5 50000', '10.0.0.5 50001']
  const own = { ...OWN, listeners: [new Address(ipOf('10.0.0.5'), 50_000)] }
  expect(reason('10.0.0.5', { own }, 50_000)).toBe('refused: own_listener')
  expect(reason('10.0.0.5', { own }, 50_001)).toBe('allowed: own_relay')
})

test('other bytes of the caller are neither kept nor changed', () => {
  const bytes = Buffer.from(ipOf('10.0.0.1'))
  const one = rules()
  expect(one.verdict(bytes, 1, isRelayed).allowed).toBe(false)
  bytes.set([8, 8, 8, 8])
  expect(one.verdict(bytes, 1, isRelayed).allowed).toBe(true)
  expect([...bytes]).toEqual([8, 8, 8, 8])
})
