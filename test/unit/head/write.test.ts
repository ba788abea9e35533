import { describe, expect, test } from 'bun:test'
import type { RequestHead } from '../../../server/head/request-head.ts'
import type { ResponseHead } from '../../../server/head/response-head.ts'
import { KNOWN } from '../../../server/head/known-fields.ts'
import {
  FORWARDED_FIELDS,
  type RequestFraming,
  type RequestLines,
  type ResponseLines,
  REQUEST_DROPS,
  RESPONSE_DROPS,
  bitOf,
  passesUnchanged,
  writeRequestHead,
  writeResponseHead,
} from '../../../server/head/write.ts'
import { answer, request, requestLines, responseLines, written } from './heads.ts'

const OURS = Buffer.from('X-Forwarded-For: 1.2.3.4\r\nX-Forwarded-Proto: http\r\nVia: 1.1 gw\r\n')
const ID = 'X-Request-Id: r1\r\n'

type Written = Partial<RequestLines & RequestFraming>
const sent = (head: RequestHead, { isChunked = false, isUpgrade = false, ...given }: Written = {}): string =>
  written((owner) =>
    writeRequestHead(head, requestLines({ drops: REQUEST_DROPS, ...given }), { isChunked, isUpgrade }, owner),
  )
const get = (fields: string, line = 'GET /1 HTTP/1.1'): RequestHead =>
  request(`${line}\r\nHost: h\r\n${fields}\r\n`)
const answered = (head: ResponseHead, given: Partial<ResponseLines> = {}): string =>
  written((owner) => writeResponseHead(head, responseLines(given), owner))
const ok = (fields: string, line = 'HTTP/1.1 200 OK'): ResponseHead => answer(`${line}\r\n${fields}\r\n`)

describe('requests', () => {
  test('what may pass goes out as it came, byte for byte and in order', () => {
    const fields =
      'Host:h\r\nX-A:  1 \t\r\nx_b: \xe4\r\nX-A: 2\r\ncontent-LENGTH: 002\r\nExpect: 100-continue\r\nTrailer: X-T\r\n'
    const head = request(`PoST //a/../%41?b HTTP/1.1\r\n${fields}\r\n`)
    expect(sent(head)).toBe(`PoST //a/../%41?b HTTP/1.1\r\n${fields}${ID}\r\n`)
  })

  test('fields of one hop stay here, wherever they stand', () => {
    const hop = [
      'Connection: keep-alive', 'Keep-Alive: timeout=5', 'Proxy-Connection: keep-alive', 'TE: gzip', 'Transfer-Encoding: chunked',
      'Upgrade: h2c', 'HTTP2-Settings: AAAA', 'Proxy-Authorization: Basic x',
    ] // prettier-ignore
    for (const field of hop) {
      expect(sent(get(`${field}\r\nX-A: 1\r\n`))).toBe(`GET /1 HTTP/1.1\r\nHost: h\r\nX-A: 1\r\n${ID}\r\n`)
      expect(sent(get(`X-A: 1\r\n${field}\r\n`))).toBe(`GET /1 HTTP/1.1\r\nHost: h\r\nX-A: 1\r\n${ID}\r\n`)
    }
    expect(sent(get(`${hop.join('\r\n')}\r\nX-A: 1\r\n`))).toBe(
      `GET /1 HTTP/1.1\r\nHost: h\r\nX-A: 1\r\n${ID}\r\n`,
    )
  })

  test('fields that Connection lists stay here too', () => {
    const text = sent(
      get(
        'X-Hop: 1\r\nX-A: 1\r\nconnection: x-HOP ,,\tX-Two, close\r\nConnection: X-Three\r\nx-two: 2\r\nX-THREE: 3\r\nX-Hopp: 4\r\n',
      ),
    )
    expect(text).toBe(`GET /1 HTTP/1.1\r\nHost: h\r\nX-A: 1\r\nX-Hopp: 4\r\n${ID}\r\n`)
  })

  test('a client cannot make us forget what frames, routes, authorises or describes a request', () => {
    const kept = [
      'Content-Length: 2', 'Authorization: x', 'Cookie: a=b', 'Content-Type: text/plain', 'Content-Encoding: gzip', 'Expect: 100-continue',
      'Via: 1.0 x', 'Origin: https://a', 'Cache-Control: no-cache',
    ] // prettier-ignore
    const names = kept.map((field) => field.slice(0, field.indexOf(':')))
    const text = sent(
      get(`Connection: Host, ${names.join(', ')}, Transfer-Encoding, Connection\r\n${kept.join('\r\n')}\r\n`),
    )
    expect(text).toBe(`GET /1 HTTP/1.1\r\nHost: h\r\n${kept.join('\r\n')}\r\n${ID}\r\n`)
  })

  test('lines of ours are written whatever Connection lists, and stand for those of the client', () => {
    const text = sent(
      get(
        'X-Forwarded-For: 6.6.6.6\r\nForwarded: for=6.6.6.6\r\nX-Real-IP: 6.6.6.6\r\nX-Request-Id: evil\r\nConnection: X-Forwarded-For, X-Request-Id, Via\r\n',
      ),
      {
        drops: REQUEST_DROPS | FORWARDED_FIELDS | bitOf(KNOWN.xRequestId),
        ours: OURS,
      },
    )
    expect(text).toBe(`GET /1 HTTP/1.1\r\nHost: h\r\n${OURS.toString()}${ID}\r\n`)
  })

  test('names with underscores are left out when asked', () => {
    const head = get('X_A: 1\r\nContent_Length: 4\r\nX-B: 2\r\nx_Forwarded-prefix: /\r\n')
    const disguised = REQUEST_DROPS | bitOf(KNOWN.disguised)
    expect(sent(head, { drops: disguised })).toBe(
      `GET /1 HTTP/1.1\r\nHost: h\r\nX_A: 1\r\nX-B: 2\r\n${ID}\r\n`,
    )
    expect(sent(head, { drops: disguised | bitOf(KNOWN.underscore) })).toBe(
      `GET /1 HTTP/1.1\r\nHost: h\r\nX-B: 2\r\n${ID}\r\n`,
    )
  })

  test('chunked framing is written anew, once', () => {
    const text = sent(get('TRANSFER-encoding:\tChunked \r\n', 'POST /1 HTTP/1.1'), { isChunked: true })
    expect(text).toBe(`POST /1 HTTP/1.1\r\nHost: h\r\n${ID}Transfer-Encoding: chunked\r\n\r\n`)
  })

  test('TE: trailers is asked for anew where the client asked for it', () => {
    const lines = 'Connection: TE\r\nTE: trailers\r\n'
    expect(sent(get('TE: trailers\r\nConnection: TE\r\n'))).toEndWith(`${ID}${lines}\r\n`)
    expect(sent(get('TE: gzip;q=0.5, Trailers\r\n'))).toEndWith(`${ID}${lines}\r\n`)
    expect(sent(get('TE: gzip\r\nTE: trailers\r\n'))).toEndWith(`${ID}${lines}\r\n`)
    expect(sent(get('TE: gzip, trailersx\r\n'))).toEndWith(`h\r\n${ID}\r\n`)
  })

  test('an upgrade travels on with a Connection of ours', () => {
    const head = get(
      'Connection: keep-alive, Upgrade, X-Hop\r\nUpgrade: websocket\r\nX-Hop: 1\r\nSec-WebSocket-Key: k\r\n',
    )
    expect(sent(head, { isUpgrade: true })).toBe(
      `GET /1 HTTP/1.1\r\nHost: h\r\nSec-WebSocket-Key: k\r\n${ID}Connection: upgrade\r\nUpgrade: websocket\r\n\r\n`,
    )
  })

  describe('the request line', () => {
    test('has another target where one was put in its place', () => {
      const rewritten = (line: string): string => {
        const head = get('', line)
        head.rewritten = '/b/%C3?x'
        return sent(head).split('\r\n')[0] ?? ''
      }
      expect(rewritten('GET /a?b HTTP/1.1')).toBe('GET /b/%C3?x HTTP/1.1')
      expect(rewritten('PoST http://other/a HTTP/1.0')).toBe('PoST /b/%C3?x HTTP/1.1')
    })

    const host = (raw: string): Partial<RequestLines> => ({
      drops: REQUEST_DROPS | bitOf(KNOWN.host),
      host: Buffer.from(raw),
    })
    for (const [target, wanted] of [
      ['http://o:81/p?q=http://x/', '/p?q=http://x/'],
      ['http://o:81', '/'],
      ['http://o:81?q', '/?q'],
      ['http://o:81?', '/?'],
      ['HTTPS://o:81//x', '//x'],
    ] as const)
      test(`${target} becomes ${wanted}, its authority the Host`, () => {
        expect(sent(get('X-A: 1\r\n', `GET ${target} HTTP/1.1`), host('o:81'))).toBe(
          `GET ${wanted} HTTP/1.1\r\nX-A: 1\r\nHost: o:81\r\n${ID}\r\n`,
        )
      })
    test('OPTIONS of a whole server becomes "*"', () =>
      expect(sent(get('', 'OPTIONS http://o HTTP/1.1'), host('o'))).toStartWith(
        'OPTIONS * HTTP/1.1\r\nHost: o\r\n',
      ))
    test('"*" stays', () => expect(sent(get('', 'OPTIONS * HTTP/1.1'))).toStartWith('OPTIONS * HTTP/1.1\r\n'))
    test('HTTP/1.0 becomes HTTP/1.1, with a Host where there was none', () => {
      expect(sent(get('X-A: 1\r\n', 'FOO /p HTTP/1.0'))).toBe(
        `FOO /p HTTP/1.1\r\nHost: h\r\nX-A: 1\r\n${ID}\r\n`,
      )
      const bare = request('GET / HTTP/1.0\r\n\r\n')
      expect(sent(bare, { host: Buffer.from('s:80') })).toBe(`GET / HTTP/1.1\r\nHost: s:80\r\n${ID}\r\n`)
    })
  })

  describe('edits', () => {
    test('removed fields go, added ones come last in their order', () => {
      const head = get('X-A: 1\r\nX-B: 2\r\nx-a: 3\r\n')
      head.remove('x-A')
      head.add('X-C', 'c')
      head.set('X-B', 'new')
      head.add('X-A', 'a')
      expect(sent(head)).toBe(`GET /1 HTTP/1.1\r\nHost: h\r\n${ID}X-C: c\r\nX-B: new\r\nX-A: a\r\n\r\n`)
    })
    test('a client cannot list away what a step adds', () => {
      const head = get('Connection: X-Role\r\nX-Role: evil\r\n')
      head.add('X-Role', 'user')
      expect(sent(head)).toBe(`GET /1 HTTP/1.1\r\nHost: h\r\n${ID}X-Role: user\r\n\r\n`)
    })
    test('Host is replaced, never doubled', () => {
      const plain = get('')
      plain.set('Host', 'new')
      expect(sent(plain)).toBe(`GET /1 HTTP/1.1\r\n${ID}Host: new\r\n\r\n`)
      const absolute = get('', 'GET http://o/ HTTP/1.1')
      absolute.set('Host', 'new')
      const text = sent(absolute, { drops: REQUEST_DROPS | bitOf(KNOWN.host), host: Buffer.from('o') })
      expect(text).toBe(`GET / HTTP/1.1\r\n${ID}Host: new\r\n\r\n`)
    })
    test('a field of ours that a step sets or removes is written as the step says; Via always', () => {
      const head = get('')
      head.set('x-forwarded-proto', 'https')
      head.remove('X-Forwarded-Host')
      head.remove('Via')
      head.set('X-Request-Id', 'mine')
      const text = sent(head, { ours: Buffer.from(`X-Forwarded-Host: h\r\n${OURS.toString()}`) })
      expect(text).toBe(
        'GET /1 HTTP/1.1\r\nHost: h\r\nX-Forwarded-For: 1.2.3.4\r\nVia: 1.1 gw\r\nx-forwarded-proto: https\r\nX-Request-Id: mine\r\n\r\n',
      )
    })
    test('added lines that are long find room', () => {
      const head = get('')
      head.add('X-A', 'a'.repeat(200_000))
      expect(sent(head)).toHaveLength(`GET /1 HTTP/1.1\r\nHost: h\r\n${ID}X-A: \r\n\r\n`.length + 200_000)
    })
  })

  test('a thousand listed names cost no more than one look each', () => {
    const names = Array.from({ length: 3000 }, (_, i) => `x${i}`)
    const fields = Array.from({ length: 90 }, (_, i) => `X-${i}: 1\r\n`).join('')
    const text = sent(get(`Connection: ${names.slice(0, 2000).join(',')}\r\n${fields}`))
    expect(text).toBe(`GET /1 HTTP/1.1\r\nHost: h\r\n${fields}${ID}\r\n`)
  })
})

describe('answers', () => {
  test('what needs no change passes unchanged', () => {
    const head = ok('Date: x\r\nContent-Length: 2\r\n')
    expect(passesUnchanged(head, responseLines())).toBe(true)
    expect(answered(head)).toBe('HTTP/1.1 200 OK\r\nDate: x\r\nContent-Length: 2\r\n\r\n')
  })

  test('what needs one does not', () => {
    const head = ok('Content-Length: 2\r\n')
    for (const given of [
      { connection: 'close' },
      { isChunked: true },
      { date: Buffer.from('x') },
      { drops: bitOf(KNOWN.contentLength) },
    ] as const)
      expect([given, passesUnchanged(head, responseLines(given))]).toEqual([given, false])
    expect(passesUnchanged(ok('', 'HTTP/1.0 200 OK'), responseLines())).toBe(false)
    expect(passesUnchanged(ok('', 'HTTP/1.1 200'), responseLines())).toBe(false)
    for (const name of [
      'Connection',
      'Keep-Alive',
      'Proxy-Connection',
      'TE',
      'Transfer-Encoding',
      'Upgrade',
      'Proxy-Authenticate',
    ])
      expect([name, passesUnchanged(ok(`${name}: x\r\n`), responseLines())]).toEqual([name, false])
    head.add('X-A', '1')
    expect(passesUnchanged(head, responseLines())).toBe(false)
  })

  test('fields of one hop and those listed stay here', () => {
    const head = ok(
      'Connection: X-Hop\r\nKeep-Alive: timeout=5\r\nX-Hop: 1\r\nUpgrade: h2\r\nTransfer-Encoding: chunked\r\nProxy-Authenticate: x\r\nX-A: 1\r\n',
    )
    expect(answered(head, { isChunked: true })).toBe(
      'HTTP/1.1 200 OK\r\nX-A: 1\r\nTransfer-Encoding: chunked\r\n\r\n',
    )
  })

  test('a server cannot list away what frames or describes its answer', () => {
    const fields =
      'Content-Length: 2\r\nContent-Security-Policy: x\r\nSet-Cookie: a\r\nCache-Control: private\r\n'
    expect(
      answered(
        ok(`Connection: Content-Length, content-security-policy, Set-Cookie, Cache-Control\r\n${fields}`),
      ),
    ).toBe(`HTTP/1.1 200 OK\r\n${fields}\r\n`)
  })

  test('HTTP/1.0 becomes HTTP/1.1, status and reason stay', () =>
    expect(answered(ok('X-A: 1\r\n', 'HTTP/1.0 299 \xe4 odd'))).toBe(
      'HTTP/1.1 299 \xe4 odd\r\nX-A: 1\r\n\r\n',
    ))

  test('the space that a server left out after its status is written', () => {
    expect(answered(ok('X-A: 1\r\n', 'HTTP/1.1 200'))).toBe('HTTP/1.1 200 \r\nX-A: 1\r\n\r\n')
    expect(answered(ok('', 'HTTP/1.0 404'))).toBe('HTTP/1.1 404 \r\n\r\n')
  })

  test('what is said about the connection and the date is ours', () => {
    const text = (connection: ResponseLines['connection']): string =>
      answered(ok('Connection: keep-alive\r\n'), { connection, date: Buffer.from('Date: d\r\n') })
    expect(text('close')).toBe('HTTP/1.1 200 OK\r\nDate: d\r\nConnection: close\r\n\r\n')
    expect(text('keep-alive')).toBe('HTTP/1.1 200 OK\r\nDate: d\r\nConnection: keep-alive\r\n\r\n')
    expect(text(null)).toBe('HTTP/1.1 200 OK\r\nDate: d\r\n\r\n')
  })

  test('101 keeps its Upgrade and loses what its Connection lists', () => {
    const head = ok(
      'Connection: Upgrade, X-Hop\r\nUpgrade: websocket\r\nX-Hop: 1\r\nSec-WebSocket-Accept: k\r\n',
      'HTTP/1.1 101 Switching Protocols',
    )
    expect(answered(head, { connection: 'upgrade' })).toBe(
      'HTTP/1.1 101 Switching Protocols\r\nUpgrade: websocket\r\nSec-WebSocket-Accept: k\r\nConnection: upgrade\r\n\r\n',
    )
  })

  test('edits are applied, several cookies survive', () => {
    const head = ok('Set-Cookie: a\r\nServer: s\r\nSet-Cookie: b\r\n')
    head.remove('server')
    head.add('Set-Cookie', 'c')
    expect(answered(head)).toBe('HTTP/1.1 200 OK\r\nSet-Cookie: a\r\nSet-Cookie: b\r\nSet-Cookie: c\r\n\r\n')
  })
})

test('Transfer-Encoding is never copied, in either direction', () => {
  expect(REQUEST_DROPS & RESPONSE_DROPS & bitOf(KNOWN.transferEncoding)).not.toBe(0)
})
