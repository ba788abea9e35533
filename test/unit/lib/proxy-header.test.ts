import { expect, test } from 'bun:test'
import { writeProxyHeader } from '../../../server/lib/proxy-header.ts'
import { readHeader } from '../turn/stream-scene.ts'

const SIGNATURE = '0d0a0d0a000d0a515549540a'
const header = {
  clientHost: '192.0.2.7',
  clientPort: 50_000,
  localHost: '198.51.100.1',
  localPort: 3478,
  isTls: false,
  listener: 'turn',
}

test('IPv4 over TCP, byte for byte', () => {
  expect(writeProxyHeader(header)?.toString('hex')).toBe(
    `${SIGNATURE}21110013c0000207c6336401c3500d96e000047475726e`,
  )
})

test('IPv6 over TLS, byte for byte', () => {
  const bytes = writeProxyHeader({
    ...header,
    clientHost: '2001:db8::7',
    localHost: '2001:db8::1',
    localPort: 5349,
    isTls: true,
  })
  expect(bytes?.toString('hex')).toBe(
    `${SIGNATURE}21210033${'20010db8000000000000000000000007'}${'20010db8000000000000000000000001'}c35014e5` +
      '2000050100000001e000047475726e',
  )
})

test.each([
  [{ isGood: true, isResumed: false, commonName: 'al' }, '0700000000220002616c'],
  [{ isGood: true, isResumed: true, commonName: null }, '0500000000'],
  [{ isGood: false, isResumed: false, commonName: 'al' }, '0700000001'],
])('the certificate of a client of TLS: %j', (certificate, tlv) => {
  const bytes = writeProxyHeader({ ...header, isTls: true, certificate })
  const length = (tlv.length / 2).toString(16).padStart(4, '0')
  expect(bytes?.toString('hex')).toContain(`20${length}${tlv}e0`)
})

test('IPv4 seen by a socket of both families is IPv4; beside an address of IPv6 it is mapped', () => {
  const mapped = writeProxyHeader({
    ...header,
    clientHost: '::ffff:192.0.2.7',
    localHost: '::ffff:198.51.100.1',
  })
  expect(mapped).toEqual(writeProxyHeader(header))
  const mixed = writeProxyHeader({ ...header, clientHost: '2001:db8::7' })
  expect(mixed && readHeader(mixed)).toMatchObject({
    family: 6,
    client: '20010db8000000000000000000000007',
    local: '00000000000000000000ffffc6336401',
  })
})

test('the interface of a link-local address is left out; what is no address has no header', () => {
  const bytes = writeProxyHeader({ ...header, clientHost: 'fe80::1%eth0', localHost: 'fe80::2%eth0' })
  expect(bytes && readHeader(bytes)).toMatchObject({ client: 'fe800000000000000000000000000001' })
  expect(writeProxyHeader({ ...header, clientHost: 'localhost' })).toBeNull()
  expect(writeProxyHeader({ ...header, localHost: undefined })).toBeNull()
})

test('the longest name of a listener fits', () => {
  const listener = 'a'.repeat(63)
  const bytes = writeProxyHeader({ ...header, listener })
  expect(bytes && readHeader(bytes)?.listener).toBe(listener)
})
