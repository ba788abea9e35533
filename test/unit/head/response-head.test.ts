import { describe, expect, test } from 'bun:test'
import { ResponseHead } from '../../../server/head/response-head.ts'
import { ANSWER_LIMITS, answer, scanAnswer } from './heads.ts'

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

test('an answer that comes again is read anew, and its Date is that of each', () => {
  const heads = [new ResponseHead(), new ResponseHead()]
  for (let n = 0; n < 12; n++) {
    const date = `Sun, 29 Nov 2026 12:00:0${Math.floor(n / 4)} GMT`
    const bytes = Buffer.from(ok(`Date: ${date}\r\nContent-Length: ${n % 2}\r\nX-A: ${n % 3}\r\n`))
    const head = heads[n % 2]!
    expect(head.scan(bytes, 0, bytes.length, ANSWER_LIMITS)).toBe(bytes.length)
    const told = [head.status, head.get('date'), head.get('content-length'), head.get('x-a')]
    expect(told).toEqual([200, date, String(n % 2), String(n % 3)])
    head.release()
    bytes.fill(0xdd) // it was only lent
  }
})
