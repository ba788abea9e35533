import { expect, test } from 'bun:test'
import { Address, addressKey } from '../../../server/lib/address.ts'

const hexOf = (bytes: Uint8Array): string => Buffer.from(bytes).toString('hex')

test('an address is read and shown', () => {
  expect(String(Address.parse('192.0.2.1', 3478))).toBe('192.0.2.1:3478')
  expect(String(Address.parse('2001:DB8:0:0:0:0:0:1', 3478))).toBe('[2001:db8::1]:3478')
  expect(Address.parse('example.org', 1)).toBeNull()
  expect(Address.parse('1.2.3', 1)).toBeNull()
})

test('IPv4 in IPv6 is IPv4 in text, and stays what it is in bytes', () => {
  expect(Address.parse('::ffff:192.0.2.1', 1)).toMatchObject({ family: 4, host: '192.0.2.1' })
  const mapped = new Address(Buffer.from('00000000000000000000ffffc0000201', 'hex'), 7)
  expect([mapped.family, mapped.host]).toEqual([6, '::ffff:192.0.2.1'])
  expect(mapped.key).not.toBe(Address.parse('192.0.2.1', 7)!.key)
})

test('keys are the same for the same address and port only', () => {
  const addresses = [
    '0.0.0.0',
    '192.0.2.1',
    '192.0.2.2',
    '255.255.255.255',
    '::',
    '::1',
    '2001:db8::1',
  ].flatMap((host) => [0, 1, 256, 65_535].map((port) => Address.parse(host, port)!))
  expect(new Set(addresses.map(({ key }) => key)).size).toBe(addresses.length)
  expect(new Set(addresses.map(({ ipKey }) => ipKey)).size).toBe(7)
  for (const { ip, family, port, key } of addresses) {
    const bytes = Buffer.concat([Buffer.alloc(3, 0xff), ip, Buffer.alloc(3, 0xff)])
    expect(addressKey(bytes, 3, family, port)).toBe(key)
  }
  expect(Address.parse('255.255.255.255', 65_535)!.key).toBe(2 ** 48 - 1)
})

test('the kernel’s form has its family in the machine’s order and the rest in the network’s', () => {
  expect(hexOf(Address.parse('192.0.2.1', 3478)!.sockaddr)).toBe('02000d96c00002010000000000000000')
  expect(hexOf(Address.parse('2001:db8::1', 3478)!.sockaddr)).toBe(
    '0a000d960000000020010db800000000000000000000000100000000',
  )
  const address = Address.parse('192.0.2.1', 3478)!
  expect(address.sockaddr).toBe(address.sockaddr)
})
