import { expect, test } from 'bun:test'
import { clientOf } from '../../../server/http/client.ts'
import type { ClientConnection } from '../../../server/http/ends.ts'
import { Ranges } from '../../../server/lib/ranges.ts'
import { request } from '../head/heads.ts'

function clientAt(address: string, trusted: readonly string[], fields = '') {
  const listener = {
    trusted: Ranges.parse(trusted),
    options: { client_from: 'x_forwarded_for', forwarded: 'both' },
  }
  const from = { address, port: 7, socketAddress: address, isNamed: false, scheme: 'http' }
  const connection = { listener, from, known: null } as unknown as ClientConnection
  const client = clientOf(connection, request(`GET / HTTP/1.1\r\nHost: h\r\n${fields}\r\n`), 'gw')
  return { address: client.address, trusted: client.trusted, told: client.ours.toString().split('\r\n') }
}

test('a socket is known by its one spelling: mapped IPv4 as IPv4, link-local without its zone', () => {
  expect(clientAt('::ffff:192.0.2.7', []).address).toBe('192.0.2.7')
  expect(clientAt('2001:DB8:0::1', []).address).toBe('2001:db8::1')
  expect(clientAt('fe80::1%eth0', []).address).toBe('fe80::1')
  const behind = clientAt('fe80::1%eth0', ['fe80::/10'], 'X-Forwarded-For: 192.0.2.7\r\n')
  expect([behind.trusted, behind.address]).toEqual([true, '192.0.2.7'])
})

test('one that was gone before its address was read is nobody, and trusted by nobody', () => {
  const { address, trusted, told } = clientAt(
    'unknown',
    ['0.0.0.0/0', '::/0'],
    'X-Forwarded-For: 192.0.2.7\r\n',
  )
  expect([address, trusted]).toEqual([null, false])
  expect(told).toContain('X-Forwarded-For: unknown')
  expect(told).toContain('Forwarded: for=unknown;proto=http')
})

test('IPv6 is told in brackets and quotes where RFC 7239 wants them', () => {
  const { told } = clientAt(
    '2001:db8::1',
    ['2001:db8::1'],
    'X-Forwarded-For: 2001:db8::2\r\nX-Forwarded-Proto: https\r\n',
  )
  expect(told).toContain('Forwarded: for="[2001:db8::2]";proto=https, for="[2001:db8::1]";proto=http')
  expect(told).toContain('X-Forwarded-For: 2001:db8::2, 2001:db8::1')
})
