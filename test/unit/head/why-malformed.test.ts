import { describe, expect, test } from 'bun:test'
import { RequestHead } from '../../../server/head/request-head.ts'
import { whyMalformed } from '../../../server/head/why-malformed.ts'
import { FRAMING } from '../../vectors/framing.ts'

const LIMITS = { headBytes: 16_384, targetBytes: 8192, fields: 100 }
const why = (text: string): string => {
  const bytes = Buffer.from(text, 'latin1')
  return whyMalformed(bytes, 0, bytes.length)
}

describe('a head that is refused is told with its rule and its byte', () => {
  test.each([
    ['GET  / HTTP/1.1\r\n\r\n', 'a request target and one space are wanted, found 0x20 at byte 4'],
    ['G@T / HTTP/1.1\r\n\r\n', 'a method and one space are wanted, found "@" (0x40) at byte 1'],
    ['GET /a b HTTP/1.1\r\n\r\n', '"HTTP/1.1" is wanted, found "b" (0x62) at byte 7'],
    ['GET / HTTP/1.1\nHost: h\n\n', 'CR LF is wanted at the end of the request line, found 0x0a at byte 14'],
    [
      'GET / HTTP/1.1\r\nHost : h\r\n\r\n',
      'a field name and ":" with nothing between are wanted, found 0x20 at byte 20',
    ],
    [
      'GET / HTTP/1.1\r\nA: b\r\n c\r\n\r\n',
      'a field name is wanted (lines are not folded, §5.2), found 0x20 at byte 22',
    ],
    ['GET / HTTP/1.1\r\nA: b\0c\r\n\r\n', 'CR LF is wanted at the end of a field, found 0x00 at byte 20'],
    [
      'GET ftp://h/ HTTP/1.1\r\nHost: h\r\n\r\n',
      'the request target is none of: a path, an http URL, "*" for OPTIONS, host:port for CONNECT',
    ],
    [
      'GET * HTTP/1.1\r\nHost: h\r\n\r\n',
      'the request target is none of: a path, an http URL, "*" for OPTIONS, host:port for CONNECT',
    ],
  ])('%j', (text, said) => expect(why(text)).toBe(said))
})

describe('what came to the wrong port is called by its name', () => {
  test.each([
    ['\x16\x03\x01\x02\x00\x01\x00\x01\xfc\x03\x03', 'a TLS ClientHello'],
    ['PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n', 'the HTTP/2 preface'],
    ['PROXY TCP4 192.0.2.1 192.0.2.2 1 2\r\n', 'a PROXY protocol header (version 1)'],
    ['\r\n\r\n\0\r\nQUIT\n!\x11\0\x0c', 'a PROXY protocol header (version 2)'],
    // As the scanner leaves it, that has passed over an empty line.
    ['\r\n\0\r\nQUIT\n!\x11\0\x0c', 'a PROXY protocol header (version 2)'],
    ['SSH-2.0-OpenSSH_9.2\r\n', 'SSH'],
    ['*1\r\n$4\r\nPING\r\n', 'the Redis protocol'],
    ['HTTP/1.1 200 OK\r\n\r\n', 'an answer'],
  ])('%j: %s', (text, name) => expect(why(text)).toStartWith(`it looks like ${name}`))
})

test('every head of the framing vectors that the scanner calls malformed has its reason', () => {
  let malformed = 0
  for (const { name, segments } of FRAMING) {
    const bytes = Buffer.from(segments.join(''), 'latin1')
    const head = new RequestHead()
    if (head.scan(bytes, 0, bytes.length, LIMITS) !== 'head_malformed') continue
    malformed++
    expect([name, whyMalformed(bytes, 0, bytes.length)]).toEqual([
      name,
      expect.stringMatching(
        /(?:found (?:".*" \(0x..\)|0x..|its end) at byte [0-9]+|longer than 32 bytes)\)?$/,
      ),
    ])
  }
  expect(malformed).toBeGreaterThan(20)
})
