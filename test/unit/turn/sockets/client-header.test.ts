import { expect, test } from 'bun:test'
import { writeProxyHeader } from '../../../../server/lib/proxy-header.ts'
import { readClientHeader } from '../../../../server/turn/sockets/client-header.ts'
import { seededRandom, seedOfRun } from '../../../support/random.ts'
import { type HeaderWords, makeHeader, tlv } from './headers.ts'

const read = (bytes: Uint8Array) => readClientHeader(bytes, 0, bytes.length)

const facts = (bytes: Uint8Array) => {
  const header = read(bytes)
  if (header === null || header === 'more') return header
  const { length, ends } = header
  return [length, ends.transport, ends.listener, ends.remote.toString(), ends.local.toString()]
}

test('a header says who the client is, where it came, to which listener and how', () => {
  expect(facts(makeHeader())).toEqual([35, 'tcp', 'turn', '192.0.2.7:40000', '198.51.100.1:3478'])
  const over6: HeaderWords = {
    client: '2001:db8::7:40000',
    local: '2001:db8::1:443',
    listener: 'a',
    isTls: true,
  }
  expect(facts(makeHeader(over6))).toEqual([64, 'tls', 'a', '[2001:db8::7]:40000', '[2001:db8::1]:443'])
})

test('what workers write is understood', () => {
  const ports = { clientPort: 40_000, localPort: 3478 }
  const cases: readonly (readonly [string, string, boolean, string])[] = [
    ['192.0.2.7', '198.51.100.1', false, '192.0.2.7:40000 198.51.100.1:3478'],
    ['2001:db8::7', '2001:db8::1', true, '[2001:db8::7]:40000 [2001:db8::1]:3478'],
    ['::ffff:192.0.2.7', '::ffff:198.51.100.1', true, '192.0.2.7:40000 198.51.100.1:3478'],
  ]
  for (const [clientHost, localHost, isTls, ends] of cases) {
    const written = writeProxyHeader({ ...ports, clientHost, localHost, isTls, listener: 'relay.one' })
    if (written === null) throw new Error('not written')
    const [length, transport, listener, ...addresses] = facts(new Uint8Array(written)) ?? []
    expect([length, transport, listener]).toEqual([written.length, isTls ? 'tls' : 'tcp', 'relay.one'])
    expect(addresses.join(' ')).toBe(ends)
  }
})

test('IPv4 within IPv6 is IPv4', () => {
  const header = makeHeader({ client: '::ffff:192.0.2.7:1', local: '::ffff:198.51.100.1:2' })
  expect(facts(header)).toEqual([59, 'tcp', 'turn', '192.0.2.7:1', '198.51.100.1:2'])
})

test('TLVs that are not ours are passed over, and TLS counts when the client spoke it', () => {
  const space = tlv(0x30, Buffer.from('blue'))
  const noop = tlv(0x04, new Uint8Array(0))
  expect(facts(makeHeader({ more: [space, noop] }))?.[2]).toBe('turn')
  expect(facts(makeHeader({ more: [tlv(0x20, Uint8Array.of(0, 0, 0, 0, 0))] }))?.[1]).toBe('tcp')
})

test('each beginning of a header asks for more, and what is behind it is not its', () => {
  const whole = makeHeader({ isTls: true })
  const followed = new Uint8Array(whole.length + 10).fill(0xff)
  followed.set(whole, 5)
  for (let length = 0; length < whole.length; length++)
    expect(readClientHeader(followed, 5, length)).toBe('more')
  expect(readClientHeader(followed, 5, whole.length + 5)).toMatchObject({ length: whole.length })
})

const changed = (at: number, to: number): Uint8Array => makeHeader().with(at, to)

const BAD: Readonly<Record<string, Uint8Array>> = {
  'a wrong signature': changed(0, 0x0e),
  'a wrong last byte of the signature': changed(11, 0x0b),
  'version 1': changed(12, 0x11),
  LOCAL: changed(12, 0x20),
  'an unspecified family': changed(13, 0x00),
  datagrams: changed(13, 0x12),
  'a Unix socket': changed(13, 0x31),
  'IPv6 with the length of IPv4': changed(13, 0x21),
  'a body shorter than the addresses': changed(15, 11),
  'a body without end': changed(14, 0xff),
  'no name': makeHeader({ listener: null }),
  'an empty name': makeHeader({ listener: '' }),
  'a name with a space': makeHeader({ listener: 'a b' }),
  'a name that is too long': makeHeader({ listener: 'x'.repeat(65) }),
  'two names': makeHeader({ more: [tlv(0xe0, Uint8Array.of(65))] }),
  'a TLV that ends behind the header': makeHeader({ more: [Uint8Array.of(0x04, 0, 200)] }),
  'half of a TLV': makeHeader({ listener: null, more: [Uint8Array.of(0xe0, 0)] }),
  'an HTTP request': new TextEncoder().encode('GET / HTTP/1.1\r\nHost: a\r\n\r\n'),
}

for (const [what, bytes] of Object.entries(BAD))
  test(`${what} is refused`, () => expect(read(bytes)).toBe(null))

test('any bytes are refused or understood, and nothing is read behind their end', () => {
  const random = seededRandom(seedOfRun())
  for (let i = 0; i < 5000; i++) {
    const header = makeHeader({
      isTls: random.below(2) === 0,
      more: [tlv(random.below(256), random.bytes(random.below(9)))],
    })
    const bytes = random.below(3) ? header.with(random.below(header.length), random.below(256)) : header
    const length = random.below(bytes.length + 1)
    const inside = new Uint8Array(bytes.length + 64).fill(random.below(256))
    inside.set(bytes, 32)
    const first = readClientHeader(inside, 32, length)
    inside.fill(0xaa, 32 + length)
    inside.fill(0xaa, 0, 32)
    expect(readClientHeader(inside, 32, length)).toEqual(first)
    if (first && first !== 'more') expect(first.length).toBeLessThanOrEqual(length)
  }
})
