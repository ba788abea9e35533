import { expect, test } from 'bun:test'
import { parseTurnUrl, type TurnUrl, withTransport, writeTurnUrl } from '../../../server/lib/turn-url.ts'

const turn = (host: string, port: number, transport: TurnUrl['transport']): TurnUrl => ({
  isTurn: true,
  host,
  port,
  transport,
})

test.each([
  ['turn:example.org', turn('example.org', 3478, 'udp')],
  ['TURN:example.org:3479', turn('example.org', 3479, 'udp')],
  ['turn:192.0.2.1:3478?transport=udp', turn('192.0.2.1', 3478, 'udp')],
  ['turn:192.0.2.1?transport=TCP', turn('192.0.2.1', 3478, 'tcp')],
  ['turns:example.org', turn('example.org', 5349, 'tls')],
  ['turns:example.org:443?transport=tcp', turn('example.org', 443, 'tls')],
  ['turn:[2001:db8::1]', turn('2001:db8::1', 3478, 'udp')],
  ['turns:[::1]:5350', turn('::1', 5350, 'tls')],
  ['turn:turn-1.example.org.', turn('turn-1.example.org.', 3478, 'udp')],
  ['stun:example.org', { ...turn('example.org', 3478, 'udp'), isTurn: false }],
  ['stuns:example.org:1', { ...turn('example.org', 1, 'tls'), isTurn: false }],
])('%s is read', (text, url) => {
  expect(parseTurnUrl(text)).toEqual(url)
})

test.each([
  ['turn://example.org', 'write "turn:example.org"'],
  ['https://example.org', 'is no URL'],
  ['example.org:3478', 'is no URL'],
  ['turn:', 'names no host'],
  ['turn:2001:db8::1', 'IPv6 stands in brackets'],
  ['turn:[2001:db8::1', 'is no URL'],
  ['turn:[example.org]', 'IPv6 stands in brackets'],
  ['turn:300.1.1.1', 'names no host'],
  ['turn:1.2.3', 'names no host'],
  ['turn:a b', 'names no host'],
  ['turn:-x.example.org', 'names no host'],
  ['turn:example.org:0', '"0" is no port'],
  ['turn:example.org:65536', '"65536" is no port'],
  ['turn:example.org:', '"" is no port'],
  ['turn:example.org:http', '"http" is no port'],
  ['turn:example.org?transport=sctp', 'is not "?transport=udp"'],
  ['turns:example.org?transport=udp', 'DTLS'],
  ['stun:example.org?transport=tcp', 'use --transport'],
])('%s is refused, and why', (text, why) => {
  expect(parseTurnUrl(text)).toEqual(expect.stringContaining(why))
})

test('what is written is read as the same', () => {
  for (const text of [
    'turn:[2001:db8::1]:3478?transport=udp',
    'turns:example.org:443?transport=tcp',
    'stuns:a.b:5349',
  ])
    expect(writeTurnUrl(parseTurnUrl(text) as TurnUrl)).toBe(text)
})

test('another transport has its own usual port, and keeps one that was chosen', () => {
  expect(withTransport(turn('a', 3478, 'udp'), 'tls')).toEqual(turn('a', 5349, 'tls'))
  expect(withTransport(turn('a', 5349, 'tls'), 'tcp')).toEqual(turn('a', 3478, 'tcp'))
  expect(withTransport(turn('a', 443, 'tls'), 'udp')).toEqual(turn('a', 443, 'udp'))
})
