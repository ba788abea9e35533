import { describe, expect, test } from 'bun:test'
import { canonicalAddress, isLoopback, parseAddress } from '../../../server/lib/ip-address.ts'
import { parseRange, Ranges } from '../../../server/lib/ranges.ts'

const seeded = (seed: number) => () => {
  seed = (Math.imul(seed, 1664525) + 1013904223) >>> 0
  return seed / 2 ** 32
}

describe('parseAddress', () => {
  test('reads v4, v6 and mapped addresses into their bytes', () => {
    expect(parseAddress('192.0.2.255')).toEqual(Uint8Array.of(192, 0, 2, 255))
    expect(parseAddress('255.255.255.255')).toEqual(Uint8Array.of(255, 255, 255, 255))
    expect(parseAddress('::ffff:192.0.2.1')).toEqual(Uint8Array.of(192, 0, 2, 1))
    expect(parseAddress('::FFFF:c000:0201')).toEqual(Uint8Array.of(192, 0, 2, 1))
    expect(parseAddress('::')).toEqual(new Uint8Array(16))
    expect(parseAddress('2001:db8::1')).toEqual(
      Uint8Array.of(0x20, 1, 0x0d, 0xb8, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 1),
    )
    expect(parseAddress('1:2:3:4:5:6:7::')?.[13]).toBe(7)
    expect(parseAddress('::2:3:4:5:6:7:8')?.[15]).toBe(8)
    expect(parseAddress('64:ff9b::192.0.2.33')?.slice(12)).toEqual(Uint8Array.of(192, 0, 2, 33))
  })

  test.each([
    '',
    '1',
    '1.2.3',
    '1.2.3.4.5',
    '1.2.3.256',
    '01.2.3.4',
    '1.2.3.04',
    '1.2.3.',
    '.1.2.3',
    '1..2.3',
    ' 1.2.3.4',
    '1.2.3.4 ',
    '1.2.3.4/8',
    '0x7f.0.0.1',
    '127.1',
    ':',
    ':::',
    '1::2::3',
    '1:2:3:4:5:6:7',
    '1:2:3:4:5:6:7:8:9',
    '1:2:3:4:5:6:7:8::',
    '::1:2:3:4:5:6:7:8',
    '1:',
    ':1',
    '12345::',
    'g::',
    'fe80::1%eth0',
    'fe80::1%1',
    '[::1]',
    '::1.2.3',
    '::1.2.3.4.5',
    '1.2.3.4::',
    '1:2:3:4:5:6:7:1.2.3.4',
    '::1.2.3.4:5',
    'localhost',
    '１.2.3.4',
  ])('refuses %p', (text) => {
    expect(parseAddress(text)).toBeNull()
    expect(canonicalAddress(text)).toBeNull()
    expect(isLoopback(text)).toBe(false)
  })

  test('agrees with the URL parser on random v6 text', () => {
    const random = seeded(7)
    for (let round = 0; round < 5000; round++) {
      const parts = Array.from({ length: 8 }, () =>
        random() < 0.5
          ? '0'
          : Math.floor(random() * 65536)
              .toString(16)
              .padStart(Math.floor(random() * 5), '0'),
      )
      const full = parts.join(':')
      const text = random() < 0.5 ? full : full.replace(/(^|:)0(:0)*(:|$)/, '::')
      const mine = canonicalAddress(text)
      const mapped = /^::ffff:([0-9a-f]+):([0-9a-f]+)$/
      const theirs = new URL(`http://[${text}]/`).hostname.slice(1, -1)
      if (!mapped.test(theirs)) expect(mine).toBe(theirs)
    }
  })
})

describe('canonicalAddress', () => {
  test.each([
    ['2001:0DB8:0:0:0:0:0:1', '2001:db8::1'],
    ['2001:db8:0:1:1:1:1:1', '2001:db8:0:1:1:1:1:1'],
    ['2001:0:0:1:0:0:0:1', '2001:0:0:1::1'],
    ['2001:db8:0:0:1:0:0:1', '2001:db8::1:0:0:1'],
    ['0:0:0:0:0:0:0:0', '::'],
    ['1:0:0:0:0:0:0:0', '1::'],
    ['::ffff:10.0.0.1', '10.0.0.1'],
    ['::10.0.0.1', '::a00:1'],
    ['192.0.2.1', '192.0.2.1'],
  ])('writes %s as %s', (text, canonical) => {
    expect(canonicalAddress(text)).toBe(canonical)
  })
})

test('isLoopback knows 127/8 and ::1, mapped too', () => {
  for (const text of ['127.0.0.1', '127.255.255.254', '::1', '0:0:0:0:0:0:0:1', '::ffff:127.0.0.1'])
    expect(isLoopback(text)).toBe(true)
  for (const text of ['128.0.0.1', '126.255.255.255', '::', '::2', '::127.0.0.1', '1::1', '10.0.0.1'])
    expect(isLoopback(text)).toBe(false)
})

describe('Ranges', () => {
  test('holds what its ranges hold', () => {
    const ranges = Ranges.parse([
      '10.0.0.0/8',
      '192.0.2.7',
      '2001:db8::/33',
      'fe80::1',
      '::ffff:172.16.0.0/108',
    ])
    for (const text of [
      '10.0.0.0',
      '10.255.255.255',
      '::ffff:10.1.2.3',
      '192.0.2.7',
      '2001:db8::',
      '2001:db8:7fff:ffff:ffff:ffff:ffff:ffff',
      'fe80:0::1',
      '172.31.255.255',
    ])
      expect([text, ranges.has(text)]).toEqual([text, true])
    for (const text of [
      '9.255.255.255',
      '11.0.0.0',
      '192.0.2.6',
      '192.0.2.8',
      '2001:db8:8000::',
      '2001:db7:ffff::',
      'fe80::2',
      '172.32.0.0',
      '172.15.255.255',
      '',
      'x',
      '10.0.0',
      '::10.0.0.1',
    ])
      expect([text, ranges.has(text)]).toEqual([text, false])
  })

  test('0.0.0.0/0 is every v4 address and ::/0 every v6 one, not the other', () => {
    const v4 = Ranges.parse(['0.0.0.0/0'])
    const v6 = Ranges.parse(['::/0'])
    expect([v4.has('255.255.255.255'), v4.has('0.0.0.0'), v4.has('::1')]).toEqual([true, true, false])
    expect([v6.has('ffff::ffff'), v6.has('::'), v6.has('1.2.3.4'), v6.has('::ffff:1.2.3.4')]).toEqual([
      true,
      true,
      false,
      false,
    ])
  })

  test('none holds nothing', () => {
    expect(Ranges.parse([]).empty).toBe(true)
    expect(Ranges.parse([]).has('1.2.3.4')).toBe(false)
    expect(Ranges.parse(['::1']).empty).toBe(false)
  })

  test.each([
    '',
    '10.0.0.0/',
    '10.0.0.0/33',
    '10.0.0.0/08',
    '10.0.0.0/-1',
    '10/8',
    '::/129',
    '::ffff:1.2.3.4/95',
    'a/8',
    '1.2.3.4/8/8',
    '1.2.3.4/ 8',
  ])('refuses the range %p', (text) => {
    expect(parseRange(text)).toBeNull()
    expect(() => Ranges.parse([text])).toThrow(RangeError)
  })

  test('agrees with comparing bits one by one, over random overlapping ranges', () => {
    const random = seeded(11)
    const bytes = (size: number) => Array.from({ length: size }, () => Math.floor(random() * 3) * 85)
    const text = (address: number[]) =>
      address.length === 4
        ? address.join('.')
        : Array.from({ length: 8 }, (_, i) =>
            (address[2 * i]! * 256 + address[2 * i + 1]!).toString(16),
          ).join(':')
    const bits = (address: number[]) => address.map((byte) => byte.toString(2).padStart(8, '0')).join('')
    for (let round = 0; round < 300; round++) {
      const size = random() < 0.5 ? 4 : 16
      const list = Array.from({ length: 1 + Math.floor(random() * 12) }, () => {
        const address = bytes(size)
        return { address, prefix: Math.floor(random() * (size * 8 + 1)) }
      })
      const ranges = Ranges.parse(list.map(({ address, prefix }) => `${text(address)}/${prefix}`))
      for (let i = 0; i < 30; i++) {
        const address = bytes(size)
        const expected = list.some((range) =>
          bits(address).startsWith(bits(range.address).slice(0, range.prefix)),
        )
        expect(ranges.has(text(address))).toBe(expected)
      }
    }
  })
})
