import { describe, expect, test } from 'bun:test'
import { bodyBytes, isPersistent, responseFraming } from '../../../server/head/framing.ts'
import { ResponseHead } from '../../../server/head/response-head.ts'
import { ANSWER_LIMITS, answer, request, scanAnswer } from './heads.ts'

const ok = (fields = '', line = 'HTTP/1.1 200 OK'): string => `${line}\r\n${fields}\r\n`

test('an ordinary head is read', () => {
  const head = answer('HTTP/1.1 404 Not Found\r\nContent-Length: 2\r\nX-A: 1\r\n\r\n')
  expect([head.status, head.version, head.get('x-a'), head.values('x-b')]).toEqual([404, 11, '1', []])
})

describe('status lines', () => {
  for (const line of [
    'HTTP/1.1 200 ',
    'HTTP/1.1 200',
    'HTTP/1.1 999 x',
    'HTTP/1.1 100 C',
    'HTTP/1.1 299 \xe4\t "odd"',
  ])
    test(`${line} is accepted`, () => expect(answer(ok('', line)).status).toBe(Number(line.slice(9, 12))))
  test('HTTP/1.0 is', () => expect(answer(ok('', 'HTTP/1.0 200 OK')).version).toBe(10))

  const refused = [
    '200 OK', 'ICY 200 OK', 'HTTP/2.0 200 OK', 'HTTP/1.2 200 OK', 'HTTP/0.9 200 OK', 'http/1.1 200 OK', 'HTTP/1.1 OK', 'HTTP/1.1 20 OK',
    'HTTP/1.1 2000 OK', 'HTTP/1.1 099 OK', 'HTTP/1.1 000 OK', 'HTTP/1.1  200 OK', ' HTTP/1.1 200 OK', 'HTTP/1.1\t200 OK', 'HTTP/1.1 200\tOK',
    'HTTP/1.1 +20 OK', 'HTTP/1.1 2 0 OK', 'HTTP/1.1 200 O\0K', 'HTTP/1.1 200 O\rK', 'HTTP/1.1 200 O\nK', 'HTTP/1.1 200 O\x7fK', '', '\r\nHTTP/1.1 200 OK',
    'HTTP/1.1', 'HTTP/1.1 ', 'SSH-2.0-x',
  ] // prettier-ignore
  for (const line of refused)
    test(`${JSON.stringify(line)} is refused`, () =>
      expect(scanAnswer(ok('', line))).toBe('server_malformed'))
})

test('field lines are as strict as those of requests', () => {
  for (const field of [
    'X-A : 1',
    'XA',
    ': 1',
    'X A: 1',
    'X-A: a\r\n b',
    'X-A: 1\rX',
    'X-A: 1\nX-B: 2',
    'X-A: \0',
  ])
    expect([field, scanAnswer(ok(`${field}\r\n`))]).toEqual([field, 'server_malformed'])
})

test('of a good head every beginning is incomplete', () => {
  for (const text of [ok('X-A: 1\r\n'), ok('', 'HTTP/1.0 200 '), ok('', 'HTTP/1.1 200')])
    for (let cut = 0; cut < text.length; cut++) expect(scanAnswer(text.slice(0, cut))).toBe('incomplete')
})

test('limits hold to the byte and to the field', () => {
  const limits = { headBytes: 60, fields: 2 }
  const ofLength = (length: number): string => ok(`X-A: ${'a'.repeat(length - ok('X-A: \r\n').length)}\r\n`)
  expect(scanAnswer(ofLength(60), limits)).toBe(60)
  expect(scanAnswer(ofLength(61), limits)).toBe('server_head_too_large')
  expect(scanAnswer(ofLength(100).slice(0, 60), limits)).toBe('incomplete')
  expect(scanAnswer(ofLength(100).slice(0, 61), limits)).toBe('server_head_too_large')
  expect(scanAnswer(ok('A: 1\r\nB: 2\r\n'), limits)).toBeNumber()
  expect(scanAnswer(ok('A: 1\r\nB: 2\r\nC: 3\r\n'), limits)).toBe('server_head_too_large')
})

test('release forgets fields and edits', () => {
  const head = new ResponseHead()
  scanAnswer(ok('X-A: 1\r\n'), ANSWER_LIMITS, head)
  head.set('X-B', '2')
  head.release()
  expect([head.get('x-a'), head.get('x-b')]).toEqual([null, null])
})

describe('framing of answers', () => {
  const framing = (fields: string, { status = 200, isHead = false, version = '1.1' } = {}): string | null => {
    const head = answer(ok(fields, `HTTP/${version} ${status} x`))
    const found = responseFraming(head.fields, head.status, isHead, head.version === 10)
    return found === 'length' ? `length ${bodyBytes}` : found
  }
  const CL = 'Content-Length: 5\r\n'
  const TE = 'Transfer-Encoding: chunked\r\n'

  test('by length, in chunks, or up to the close', () => {
    expect([framing(CL), framing(TE), framing('')]).toEqual(['length 5', 'chunked', 'close'])
    expect(framing('Content-Length: 0\r\n')).toBe('none')
    expect([framing(CL, { version: '1.0' }), framing('', { version: '1.0' })]).toEqual(['length 5', 'close'])
  })
  test('an answer to HEAD, 1xx, 204 and 304 have no body, whatever they say', () => {
    for (const fields of ['', CL, TE]) {
      expect(framing(fields, { isHead: true })).toBe('none')
      for (const status of [100, 103, 204, 304]) expect(framing(fields, { status })).toBe('none')
    }
    expect(framing(CL, { status: 205 })).toBe('length 5')
  })
  test('what cannot be trusted is refused, even where there is no body', () => {
    const broken = [
      CL + TE, TE + CL, CL + CL, 'Content-Length: 5, 5\r\n', 'Content-Length: +5\r\n', 'Content-Length:\r\n', 'Transfer-Encoding: gzip\r\n',
      'Transfer-Encoding: gzip, chunked\r\n', 'Transfer-Encoding: chunked, gzip\r\n', 'Transfer-Encoding:\r\n', TE + TE,
    ] // prettier-ignore
    for (const fields of broken) {
      expect([fields, framing(fields)]).toEqual([fields, null])
      expect(framing(fields, { isHead: true })).toBeNull()
      expect(framing(fields, { status: 304 })).toBeNull()
    }
    expect(framing(TE, { version: '1.0' })).toBeNull()
  })
})

test('a connection persists as its sender says', () => {
  const persists = (fields: string, version = '1.1'): boolean =>
    isPersistent(request(`GET / HTTP/${version}\r\nHost: h\r\n${fields}\r\n`).fields, version === '1.0')
  expect([persists(''), persists('', '1.0')]).toEqual([true, false])
  for (const value of ['close', 'Close', 'x, close', 'close,x', ' ,\tCLOSE ,', 'keep-alive, close'])
    expect([
      value,
      persists(`Connection: ${value}\r\n`),
      persists(`Connection: ${value}\r\n`, '1.0'),
    ]).toEqual([value, false, false])
  for (const value of ['closed', 'x-close', 'close x', '"close"', '', ','])
    expect([value, persists(`Connection: ${value}\r\n`)]).toEqual([value, true])
  expect(persists('Connection: Keep-Alive\r\n', '1.0')).toBe(true)
  expect(persists('Connection: a\r\nX-A: 1\r\nConnection: close\r\n')).toBe(false)
  expect(persists('Connection: keep-alive\r\nConnection: close\r\n', '1.0')).toBe(false)
})
