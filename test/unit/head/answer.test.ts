import { describe, expect, test } from 'bun:test'
import { type Answer, type Reader, faultAnswer, renderAnswer } from '../../../server/head/answer.ts'
import { FAULT_CODES, type FaultCode, FAULTS } from '../../../server/tables/faults.ts'

const READER: Reader = { accept: '', requestId: 'r1', gateway: 'gw' }

interface Read {
  readonly lines: string[]
  readonly body: string
}

function read(answer: Answer, reader: Partial<Reader> = {}): Read {
  const { head, bytes } = renderAnswer(answer, { ...READER, ...reader })
  expect(head.headEnd).toBeLessThanOrEqual(bytes.length)
  const lines = bytes.latin1Slice(0, head.headEnd).split('\r\n')
  expect(lines.splice(-2)).toEqual(['', ''])
  return { lines, body: bytes.toString('utf8', head.headEnd) }
}

const respond = (given: Partial<Answer>): Answer => ({
  status: 200,
  headers: [],
  body: '',
  fault: null,
  ...given,
})

test('an answer of config is text with its fields and its length', () => {
  const { lines, body } = read(respond({ headers: [['X-A', '1']], body: 'grüß\n' }))
  expect(lines).toEqual([
    'HTTP/1.1 200 OK',
    'X-A: 1',
    'Content-Type: text/plain; charset=utf-8',
    'X-Request-Id: r1',
    'Content-Length: 7',
  ])
  expect(body).toBe('grüß\n')
})

test('its own type stands, and there is none without content', () => {
  expect(
    read(respond({ headers: [['content-TYPE', 'text/css']], body: 'a' })).lines.filter((line) =>
      /^content-type/i.test(line),
    ),
  ).toEqual(['content-TYPE: text/css'])
  expect(read(respond({})).lines).toEqual(['HTTP/1.1 200 OK', 'X-Request-Id: r1', 'Content-Length: 0'])
})

describe('a fault', () => {
  test('is JSON, says why in Proxy-Status, and is not stored', () => {
    const { lines, body } = read(faultAnswer('connect_refused', 'a: "x"'))
    expect(lines).toEqual([
      'HTTP/1.1 502 Bad Gateway',
      'Content-Type: application/json',
      'Proxy-Status: gw; error=connection_refused; details="connect_refused"',
      'Cache-Control: no-store',
      'X-Content-Type-Options: nosniff',
      'X-Request-Id: r1',
      `Content-Length: ${body.length}`,
    ])
    expect(JSON.parse(body)).toEqual({
      status: 502,
      fault: 'connect_refused',
      message: FAULTS.connect_refused.text,
      detail: 'a: "x"',
      request_id: 'r1',
    })
  })
  test('is a page where HTML is named first, its texts escaped', () => {
    const { lines, body } = read(faultAnswer('no_server', '<script>"&'), {
      accept: 'text/html,application/json',
    })
    expect(lines).toContain('Content-Type: text/html; charset=utf-8')
    expect(body).toContain('&lt;script&gt;&quot;&amp;')
    expect(body).not.toContain('<script>')
    for (const accept of ['application/json, text/html', '*/*', ''])
      expect(JSON.parse(read(faultAnswer('no_server'), { accept }).body).fault).toBe('no_server')
  })
  test('says when to come again and what is allowed', () => {
    expect(read(faultAnswer('no_server')).lines).toContain('Retry-After: 5')
    expect(read(faultAnswer('method_refused')).lines.some((line) => line.startsWith('Allow: GET, '))).toBe(
      true,
    )
    expect(read(faultAnswer('denied')).lines.some((line) => /^(Retry-After|Allow):/.test(line))).toBe(false)
  })
  test('of every code renders, with a type that RFC 9209 registers', () => {
    const registered = new Set(
      (
        'dns_timeout dns_error destination_not_found destination_unavailable destination_ip_prohibited destination_ip_unroutable ' +
        'connection_refused connection_terminated connection_timeout connection_read_timeout connection_write_timeout connection_limit_reached ' +
        'tls_protocol_error tls_certificate_error tls_alert_received http_request_error http_request_denied http_response_incomplete ' +
        'http_response_header_section_size http_response_header_size http_response_body_size http_response_trailer_section_size ' +
        'http_response_trailer_size http_response_transfer_coding http_response_content_coding http_response_timeout http_upgrade_failed ' +
        'http_protocol_error proxy_internal_response proxy_internal_error proxy_configuration_error proxy_loop_detected'
      ).split(' '),
    )
    for (const code of Object.keys(FAULTS) as FaultCode[]) {
      expect([code, registered.has(FAULTS[code].proxyStatus)]).toEqual([code, true])
      expect(read(faultAnswer(code)).lines[0]).toStartWith(`HTTP/1.1 ${FAULTS[code].status} `)
    }
  })
})

test('our name is a token in Proxy-Status, or a string where it is none', () => {
  const named = (gateway: string): string | undefined =>
    read(faultAnswer('denied'), { gateway }).lines.find((line) => line.startsWith('Proxy-Status'))
  expect(named('sluice.example:80')).toStartWith('Proxy-Status: sluice.example:80; ')
  expect(named('1gw')).toStartWith('Proxy-Status: "1gw"; ')
  expect(named('a b"\\\r\n\xe4')).toStartWith('Proxy-Status: "a b\\"\\\\???"; ')
})

describe('no answer frames itself in two ways', () => {
  test('a value cannot begin a line of its own', () => {
    const { lines } = read(
      respond({
        status: 302,
        headers: [
          ['Location', '/a\r\nSet-Cookie: x\r\n\r\n<p>'],
          ['X-W', '\u010d\u010aX: y'],
        ],
      }),
    )
    expect(lines[1]).toBe('Location: /a  Set-Cookie: x    <p>')
    expect(lines).toHaveLength(5)
  })
  test('a name that is none is a bug, not a line', () =>
    expect(() => renderAnswer(respond({ headers: [['X: 1\r\nY', '2']] }), READER)).toThrow())
  test('its own framing fields are left out', () => {
    const { lines } = read(
      respond({
        body: 'abc',
        headers: [
          ['content-length', '99'],
          ['Transfer-Encoding', 'chunked'],
          ['Connection', 'close'],
        ],
      }),
    )
    expect(lines.filter((line) => /^(content-length|transfer|connection)/i.test(line))).toEqual([
      'Content-Length: 3',
    ])
  })
  test('204, 205 and 304 have no content even if told so', () => {
    for (const status of [204, 205, 304]) {
      const { lines, body } = read(respond({ status, body: 'smug' }))
      expect(body).toBe('')
      expect(lines.filter((line) => line.startsWith('Content-'))).toEqual(
        status === 205 ? ['Content-Length: 0'] : [],
      )
    }
  })
})

test('every fault that passes by itself says when to come again, and no other one does', () => {
  for (const code of FAULT_CODES) {
    const { status, retryAfter } = FAULTS[code]
    expect([code, retryAfter !== null]).toEqual([code, status === 429 || status === 503])
    const said = faultAnswer(code).headers.find(([name]) => name === 'Retry-After')
    expect(said?.[1] ?? null).toBe(retryAfter === null ? null : String(retryAfter))
  }
})
