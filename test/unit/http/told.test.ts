// What servers that take the PROXY protocol are told of a client: by its connection, its TLS, and the words
// of a trusted proxy.
import { expect, test } from 'bun:test'
import type { ClientConnection } from '../../../server/http/ends.ts'
import type { KnownClient } from '../../../server/http/exchange.ts'
import { onBehalfOf } from '../../../server/http/told.ts'
import { readProxyHeader, readTlvs } from '../../../server/lib/proxy-header.ts'

const connectionOf = (tls: object | null = null, address = '192.0.2.7'): ClientConnection =>
  ({
    from: { address, port: 40_000, localAddress: '198.51.100.1', localPort: 443, tls },
    told: null,
  }) as unknown as ClientConnection

const clientOf = (change: Partial<KnownClient> = {}): KnownClient =>
  ({ address: '192.0.2.7', port: 40_000, trusted: false, scheme: 'http', ...change }) as KnownClient

/** Addresses, and the TLVs by their types. */
function read(bytes: Buffer): { ends: (string | undefined)[]; tlvs: Record<string, string> } {
  const header = readProxyHeader(bytes, 0, bytes.length)
  if (typeof header === 'string') throw new Error(header)
  const tlvs: Record<string, string> = {}
  readTlvs(bytes, header.tlvsAt, header.length, (type, value) => {
    tlvs[type.toString(16)] = Buffer.from(value).toString('latin1')
    return true
  })
  return { ends: [header.client?.toString(), header.local?.toString()], tlvs }
}

const TLS = { serverName: 'a.example', version: 'TLSv1.3', isResumed: false }

test('of TLS that ends here: its version, and the name that was asked for', () => {
  const { header } = onBehalfOf(connectionOf(TLS), clientOf({ scheme: 'https' }), 'v2')
  const { ends, tlvs } = read(header)
  expect(ends).toEqual(['192.0.2.7:40000', '198.51.100.1:443'])
  expect(tlvs).toEqual({ '2': 'a.example', '20': '\x01\0\0\0\x01\x21\0\x07TLSv1.3' })
})

test('of TLS that a trusted proxy ended: that there was, and nothing of its own', () => {
  const named = clientOf({ address: '203.0.113.9', trusted: true, scheme: 'https' })
  const { ends, tlvs } = read(onBehalfOf(connectionOf(TLS), named, 'v2').header)
  expect(ends).toEqual(['203.0.113.9:0', '198.51.100.1:443'])
  expect(tlvs).toEqual({ '20': '\x01\0\0\0\x01' })
  // What it asks for itself has its own port.
  const own = clientOf({ trusted: true })
  expect(read(onBehalfOf(connectionOf(), own, 'v2').header).ends[0]).toBe('192.0.2.7:40000')
})

test('who has no address, or is not known, is nobody', () => {
  const line = (client: KnownClient): string => onBehalfOf(connectionOf(), client, 'v1').header.toString()
  expect(line(clientOf({ address: null, trusted: true }))).toBe('PROXY UNKNOWN\r\n')
  expect(line(clientOf({ address: 'unix:' }))).toBe('PROXY UNKNOWN\r\n')
  expect(line(clientOf({ address: '2001:db8::7' }))).toBe(
    'PROXY TCP6 2001:db8::7 ::ffff:198.51.100.1 40000 443\r\n',
  )
  expect(line(clientOf())).toBe('PROXY TCP4 192.0.2.7 198.51.100.1 40000 443\r\n')
})

test('a client is one as long as the same is told of it; then connections of before are kept no longer', () => {
  const connection = connectionOf()
  const first = onBehalfOf(connection, clientOf(), 'v2')
  expect(onBehalfOf(connection, clientOf(), 'v2')).toBe(first)
  let ended = 0
  first.kept.add({ finishServer: () => void ended++ })
  const other = onBehalfOf(connection, clientOf({ address: '192.0.2.8' }), 'v2')
  expect([other === first, first.isOver, ended]).toEqual([false, true, 1])
  expect(onBehalfOf(connection, clientOf({ address: '192.0.2.8' }), 'v1')).not.toBe(other)
})
