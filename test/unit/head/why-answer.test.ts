import { describe, expect, test } from 'bun:test'
import type { Tolerance } from '../../../server/head/canonical.ts'
import { ResponseHead } from '../../../server/head/response-head.ts'
import { whyAnswer, whyUnframed } from '../../../server/head/why-answer.ts'
import { ANSWERS } from '../../vectors/answers.ts'

const why = (text: string, tolerance: Tolerance = 'strict'): string => {
  const bytes = Buffer.from(text, 'latin1')
  return whyAnswer(bytes, 0, bytes.length, tolerance)
}
const LENIENT = '"answers: lenient" of its backend would take it'

describe('the head of an answer that is refused is told with its rule and its byte', () => {
  test.each([
    ['hello\r\n\r\n', 'a status line, "HTTP/1.1 200 OK", is wanted, found "h" (0x68) at byte 0'],
    ['HTTP/1.2 200 OK\r\n\r\n', '"HTTP/1.1" or "HTTP/1.0" is wanted, found "2" (0x32) at byte 7'],
    ['HTTP/1.1  200 OK\r\n\r\n', 'a status of three digits is wanted, found 0x20 at byte 9'],
    ['HTTP/1.1 20x OK\r\n\r\n', 'a status of three digits is wanted, found "x" (0x78) at byte 11'],
    [
      'HTTP/1.1 200 OK\r\nX-A\r\n\r\n',
      'a field name and ":" with nothing between are wanted, found 0x0d at byte 20',
    ],
    [
      'HTTP/1.1 200 OK\r\nX: y\r\n z\r\n\r\n',
      'a field name is wanted (lines are not folded, §5.2), found 0x20 at byte 23',
    ],
    [
      'HTTP/1.1 200 OK\r\nX : y\r\nZ: a\0\r\n\r\n',
      'CR LF is wanted at the end of a field, found 0x00 at byte 28',
    ],
  ])('%j', (text, said) => expect(why(text)).toBe(said))

  test('a blank before a colon counts where it is not taken off', () =>
    expect(why('HTTP/1.1 200 OK\r\nX : y\r\n\r\n', 'exact')).toContain('found 0x20 at byte 18'))
})

test('where its backend could take it, that is said; and not where it does already', () => {
  const lf = 'HTTP/1.1 200 OK\nContent-Length: 0\n\n'
  expect(why(lf)).toBe(`CR LF is wanted at the end of the status line, found 0x0a at byte 15; ${LENIENT}`)
  expect(why(lf, 'lenient')).not.toContain(LENIENT)
  expect(why('hello\n\n')).not.toContain(LENIENT)
})

describe('a server that speaks something else is called by its name', () => {
  test.each([
    ['\x15\x03\x01\x00\x02\x02\x46', 'TLS'],
    ['\x00\x00\x12\x04\x00\x00\x00\x00\x00', 'HTTP/2'],
    ['SSH-2.0-OpenSSH_9.2\r\n', 'SSH'],
    ['220 mail.example.org ESMTP Postfix\r\n', 'SMTP'],
    ["-ERR unknown command 'GET'\r\n", 'the Redis protocol'],
    ['<html><body>', 'HTTP/0.9'],
  ])('%j: %s', (text, name) => expect(why(text)).toStartWith(`it looks like ${name}`))
})

describe('framing that says two things is told as it came', () => {
  const fieldsOf = (more: string): ResponseHead['fields'] => {
    const bytes = Buffer.from(`HTTP/1.1 200 OK\r\n${more}\r\n\r\n`, 'latin1')
    const head = new ResponseHead()
    head.scan(bytes, 0, bytes.length, { headBytes: 1000, fields: 10 })
    return head.fields
  }
  test('lengths that differ', () =>
    expect(whyUnframed(fieldsOf('Content-Length: 2\r\nContent-Length: 3'), 'strict')).toBe(
      'the end of its body is not said in one way: content-length: "2", content-length: "3"',
    ))
  test('an equal length twice, which its backend could take', () => {
    for (const twice of ['Content-Length: 2\r\nContent-Length: 2', 'Content-Length: 2, 2'])
      expect(whyUnframed(fieldsOf(twice), 'strict')).toEndWith(LENIENT)
  })
  test('a length beside chunks', () =>
    expect(whyUnframed(fieldsOf('Content-Length: 2\r\nTransfer-Encoding: chunked'))).not.toContain(LENIENT))
})

test('every answer of the vectors whose head is refused as malformed has its reason', () => {
  let malformed = 0
  for (const { name, segments } of ANSWERS) {
    const bytes = Buffer.from(segments.join(''), 'latin1')
    const head = new ResponseHead()
    if (head.scan(bytes, 0, bytes.length, { headBytes: 65_536, fields: 500 }) !== 'server_malformed') continue
    malformed++
    expect([name, whyAnswer(bytes, 0, bytes.length)]).toEqual([
      name,
      expect.stringMatching(/ at byte [0-9]+/),
    ])
  }
  expect(malformed).toBeGreaterThan(5)
})
