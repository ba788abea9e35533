// Headers of the PROXY protocol as others write them, whole and in parts.
import { describe, expect, test } from 'bun:test'
import { crc32c } from '../../../server/lib/crc32c.ts'
import { HEADER_BYTES_MAX, readProxyHeader, writeProxyHeader } from '../../../server/lib/proxy-header.ts'
import { seededRandom, seedOfRun } from '../../support/random.ts'
import { makeHeader, tlv } from '../turn/sockets/headers.ts'

const bytesOf = (text: string): Buffer => Buffer.from(text, 'latin1')

/** What it says in one line; a fault as it is. */
function said(bytes: Uint8Array): string {
  const header = readProxyHeader(bytes, 0, bytes.length)
  if (typeof header === 'string') return header
  const { length, client, local } = header
  return client === null ? `${length} nobody` : `${length} ${client.toString()} ${String(local)}`
}

/** A binary header with these bytes behind the signature. */
const binary = (command: number, family: number, body: Uint8Array, length = body.length): Buffer =>
  Buffer.concat([
    Buffer.from('0d0a0d0a000d0a515549540a', 'hex'),
    Buffer.from([command, family, length >> 8, length & 255]),
    body,
  ])

describe('version 1', () => {
  test.each([
    ['PROXY TCP4 192.0.2.7 198.51.100.1 40000 443\r\n', '45 192.0.2.7:40000 198.51.100.1:443'],
    [
      'PROXY TCP4 255.255.255.255 255.255.255.255 65535 65535\r\n',
      '56 255.255.255.255:65535 255.255.255.255:65535',
    ],
    ['PROXY TCP6 2001:db8::7 2001:db8::1 0 65535\r\n', '44 [2001:db8::7]:0 [2001:db8::1]:65535'],
    ['PROXY TCP6 ::FFFF:192.0.2.7 ::ffff:c633:6401 1 2\r\n', '50 192.0.2.7:1 198.51.100.1:2'],
    ['PROXY UNKNOWN\r\n', '15 nobody'],
    ['PROXY UNKNOWN ffff:f...f:ffff ffff:f...f:ffff 65535 65535\r\n', '59 nobody'],
  ])('%j is understood', (text, what) => {
    expect(said(bytesOf(text))).toBe(what)
    expect(said(bytesOf(`${text}GET / HTTP/1.1\r\n`))).toBe(what)
  })

  test.each([
    'PROXY TCP4 192.0.2.7 198.51.100.1 40000\r\n',
    'PROXY TCP4 192.0.2.7 198.51.100.1 40000 443 1\r\n',
    'PROXY TCP4 192.0.2.7 198.51.100.1 40000 443 \r\n',
    'PROXY TCP4  192.0.2.7 198.51.100.1 40000 443\r\n',
    'PROXY TCP4 192.0.2.07 198.51.100.1 40000 443\r\n',
    'PROXY TCP4 192.0.2.7 198.51.100.1 040 443\r\n',
    'PROXY TCP4 192.0.2.7 198.51.100.1 40000 65536\r\n',
    'PROXY TCP4 192.0.2.7 198.51.100.1 -1 443\r\n',
    'PROXY TCP4 2001:db8::7 2001:db8::1 1 2\r\n',
    'PROXY TCP6 192.0.2.7 198.51.100.1 1 2\r\n',
    'PROXY TCP6 2001:db8::7%eth0 2001:db8::1 1 2\r\n',
    'PROXY UDP4 192.0.2.7 198.51.100.1 1 2\r\n',
    'PROXY tcp4 192.0.2.7 198.51.100.1 1 2\r\n',
    'PROXY UNKNOWNED\r\n',
    'PROXY \r\n',
    'PROXY TCP4 192.0.2.7 198.51.100.1 40000 443\n',
    'PROXY TCP4 192.0.2.7 198.51.100.1 40000 443\r\r\n',
    'PROXY TCP4 192.0.2.7 198.51.100.1 40000 443\rG',
    'PROXY TCP4 localhost 198.51.100.1 1 2\r\n',
    'PROXY UNKNOWN a\nb\r\n',
  ])('%j is malformed', (text) => expect(said(bytesOf(text))).toBe('malformed'))

  test('a line of 107 bytes is the longest', () => {
    const line = (bytes: number): Buffer => bytesOf(`${'PROXY UNKNOWN '.padEnd(bytes - 2, 'x')}\r\n`)
    expect(said(line(107))).toBe('107 nobody')
    expect(said(line(108))).toBe('too_long')
    expect(said(line(107).subarray(0, 106))).toBe('more')
    expect(said(bytesOf('PROXY UNKNOWN '.padEnd(107, 'x')))).toBe('too_long')
  })
})

describe('version 2', () => {
  const v4 = Buffer.from('c0000207c63364019c4001bb', 'hex')
  const v6 = Buffer.from('20010db800000000000000000000000720010db80000000000000000000000019c4001bb', 'hex')
  const mapped = Buffer.from(
    '00000000000000000000ffffc000020700000000000000000000ffffc63364019c4001bb',
    'hex',
  )
  const unix = new Uint8Array(216)
  const long = (bytes: number): Uint8Array => Buffer.concat([v4, tlv(0x04, new Uint8Array(bytes))])

  test.each([
    ['TCP over IPv4', binary(0x21, 0x11, v4), '28 192.0.2.7:40000 198.51.100.1:443'],
    ['TCP over IPv6', binary(0x21, 0x21, v6), '52 [2001:db8::7]:40000 [2001:db8::1]:443'],
    ['IPv4 within IPv6', binary(0x21, 0x21, mapped), '52 192.0.2.7:40000 198.51.100.1:443'],
    ['LOCAL', binary(0x20, 0x00, new Uint8Array(0)), '16 nobody'],
    ['LOCAL with addresses, which do not count', binary(0x20, 0x11, v4), '28 nobody'],
    ['LOCAL of what nobody knows', binary(0x20, 0x77, new Uint8Array(3)), '19 nobody'],
    ['UNSPEC', binary(0x21, 0x00, new Uint8Array(0)), '16 nobody'],
    ['UNSPEC with something behind it', binary(0x21, 0x00, new Uint8Array(9)), '25 nobody'],
    ['a Unix socket', binary(0x21, 0x31, unix), '232 nobody'],
    ['TLVs', binary(0x21, 0x11, Buffer.concat([v4, tlv(0xea, new Uint8Array(23)), tlv(0x04, new Uint8Array(0))])),
      '57 192.0.2.7:40000 198.51.100.1:443'],
    ['the longest', binary(0x21, 0x11, long(HEADER_BYTES_MAX - 31)), '4096 192.0.2.7:40000 198.51.100.1:443'],
  ] as const)('%s', (_name, bytes, what) => {
    expect(said(bytes)).toBe(what)
    expect(said(Buffer.concat([bytes, bytesOf('\x16\x03\x01')]))).toBe(what)
  }) // prettier-ignore

  test.each([
    ['version 1', binary(0x11, 0x11, v4), 'malformed'],
    ['a command that is none', binary(0x22, 0x11, v4), 'malformed'],
    ['a family that is none', binary(0x21, 0x41, v4), 'malformed'],
    ['a datagram', binary(0x21, 0x12, v4), 'malformed'],
    ['addresses that do not fit', binary(0x21, 0x11, v4.subarray(1)), 'malformed'],
    ['IPv6 with the length of IPv4', binary(0x21, 0x21, v4), 'malformed'],
    ['half a TLV', binary(0x21, 0x11, Buffer.concat([v4, Uint8Array.of(1, 0)])), 'malformed'],
    ['a TLV that ends behind it', binary(0x21, 0x11, Buffer.concat([v4, Uint8Array.of(1, 0, 9, 0)])), 'malformed'],
    ['more than is taken, before it has come', binary(0x21, 0x11, v4, 0xffff), 'too_long'],
    ['LOCAL without end', binary(0x20, 0x00, v4, 0xffff), 'too_long'],
    ['a checksum of three bytes', binary(0x21, 0x11, Buffer.concat([v4, tlv(3, new Uint8Array(3))])), 'malformed'],
  ] as const)('%s', (_name, bytes, what) => expect(said(bytes)).toBe(what)) // prettier-ignore

  test('a checksum is over all of it, and one that is another is told from the first look on', () => {
    const more = [tlv(0xea, new Uint8Array(23)), tlv(3, new Uint8Array(4)), tlv(0x04, new Uint8Array(5))]
    const header = binary(0x21, 0x11, Buffer.concat([v4, ...more]))
    const at = 16 + 12 + 26 + 3
    header.writeUInt32BE(crc32c(header), at)
    const whole = '69 192.0.2.7:40000 198.51.100.1:443'
    expect([said(header), said(Buffer.concat([header, bytesOf('GET')]))]).toEqual([whole, whole])
    // Neither the signature nor the lengths: those are told by what they are.
    for (const place of [16, 23, 27, at - 5, at, at + 3, header.length - 1]) {
      const bent = Buffer.from(header)
      bent[place]! ^= 0x10
      expect([place, said(bent)]).toEqual([place, 'bad_checksum'])
    }
    const twice = binary(
      0x21,
      0x11,
      Buffer.concat([v4, tlv(3, new Uint8Array(4)), tlv(3, new Uint8Array(4))]),
    )
    expect(said(twice)).toBe('malformed')
  })
})

test('what does not begin as a header is none, from its first byte on', () => {
  for (const text of ['GET / HTTP/1.1\r\n', '\x16\x03\x01', 'P ', 'PROXX', '\r\n\r\nG', '\0', ' PROXY TCP4'])
    expect(said(bytesOf(text))).toBe('missing')
  expect(said(bytesOf('P'))).toBe('more')
  expect(said(bytesOf('\r\n'))).toBe('more')
  expect(said(bytesOf(''))).toBe('more')
})

const WHOLE = [
  bytesOf('PROXY TCP4 192.0.2.7 198.51.100.1 40000 443\r\n'),
  bytesOf('PROXY UNKNOWN\r\n'),
  Buffer.from(makeHeader({ isTls: true })),
  Buffer.from(makeHeader({ client: '2001:db8::7:1', local: '2001:db8::1:2' })),
  binary(0x20, 0x00, new Uint8Array(0)),
]

test('each part of a header asks for more, wherever it is cut, and nothing around it is read', () => {
  for (const header of WHOLE)
    for (let cut = 0; cut < header.length; cut++)
      for (const around of [0, 10, 13, 0xff]) {
        const inside = new Uint8Array(header.length + 20).fill(around)
        inside.set(header.subarray(0, cut), 10)
        expect(readProxyHeader(inside, 10, cut)).toBe('more')
      }
})

test('what is written is read as it was meant', () => {
  const random = seededRandom(seedOfRun())
  for (let run = 0; run < 500; run++) {
    const isV4 = random.below(2) === 0
    const host = (): string =>
      isV4
        ? [...random.bytes(4)].join('.')
        : Array.from({ length: 8 }, () => (random.below(65_536) | 0x1000).toString(16)).join(':')
    const [clientHost, localHost] = [host(), host()]
    const [clientPort, localPort] = [random.below(65_536), random.below(65_536)]
    const isTls = random.below(2) === 0
    const bytes = writeProxyHeader({ clientHost, clientPort, localHost, localPort, isTls, listener: 'web' })
    const header = readProxyHeader(bytes as Buffer, 0, (bytes as Buffer).length)
    if (typeof header === 'string') throw new Error(header)
    expect([header.client?.host, header.client?.port]).toEqual([clientHost, clientPort])
    expect([header.local?.host, header.local?.port]).toEqual([localHost, localPort])
  }
})
