import { describe, expect, test } from 'bun:test'
import type { Tolerance } from '../../../server/head/canonical.ts'
import { ResponseHead } from '../../../server/head/response-head.ts'

/** The head as it goes on, or why it is refused; the same however its beginning came before. */
function read(text: string, tolerance: Tolerance): string | number {
  const head = new ResponseHead()
  const bytes = Buffer.from(`~${text}body`, 'latin1')
  const limits = { headBytes: 4096, fields: 100, tolerance }
  const end = head.scan(bytes, 1, bytes.length, limits)
  if (typeof end === 'string') return end
  expect(end).toBe(1 + text.length)
  for (let cut = 1; cut < text.length; cut++)
    expect([cut, new ResponseHead().scan(bytes, 1, 1 + cut, limits)]).toEqual([cut, -1])
  return head.fields.bytes.toString('latin1', head.headStart, head.headEnd)
}

const OK = 'HTTP/1.1 200 OK\r\n'
const CANONICAL = `${OK}X-A: 1\r\nX-B: 2\r\n\r\n`

describe('a blank before a colon', () => {
  const text = `${OK}X-A : 1\r\nX-B\t \t: 2\r\n\r\n`
  test('is taken off', () => {
    expect(read(text, 'strict')).toBe(CANONICAL)
    expect(read(text, 'lenient')).toBe(CANONICAL)
  })
  test('is refused where that is asked for', () => expect(read(text, 'exact')).toBe('server_malformed'))
  for (const odd of ['X A : 1', ' : 1', ' X-A: 1', 'X-A \x0b: 1', 'X-A 1', 'X-A: 1\r 2', 'X-A: \0'])
    test(`is no excuse for ${JSON.stringify(odd)}`, () => {
      for (const tolerance of ['exact', 'strict', 'lenient'] as const)
        expect(read(`${OK}${odd}\r\nX-B : 2\r\n\r\n`, tolerance)).toBe('server_malformed')
    })
})

describe('lines that end in LF', () => {
  const text = 'HTTP/1.1 200 OK\nX-A: 1\nX-B : 2\r\n\n'
  test('become CRLF where a backend is lenient', () => expect(read(text, 'lenient')).toBe(CANONICAL))
  test('are refused elsewhere', () => {
    expect(read(text, 'strict')).toBe('server_malformed')
    expect(read(text, 'exact')).toBe('server_malformed')
  })
  test('are no excuse for a status line that is none', () =>
    expect(read('SSH-2.0-x\nX-A: 1\n\n', 'lenient')).toBe('server_malformed'))
})

test('a head beyond its limit is too large, mended or not', () => {
  const long = `${OK}X-A : ${'a'.repeat(5000)}\r\n\r\n`
  expect(read(long, 'strict')).toBe('server_head_too_large')
  expect(read(long.slice(0, 4500), 'strict')).toBe('server_head_too_large')
})

describe('equal lengths', () => {
  const mended = (fields: string, tolerance: Tolerance): string | null => {
    const head = new ResponseHead()
    const bytes = Buffer.from(`${OK}${fields}\r\n`)
    head.scan(bytes, 0, bytes.length, { headBytes: 4096, fields: 100, tolerance })
    const isMended = head.mendLengths({ headBytes: 4096, fields: 100, tolerance })
    return isMended ? head.fields.bytes.toString('latin1', head.fields.start, head.fields.end) : null
  }
  test('become one', () => {
    for (const fields of ['Content-Length: 2\r\ncontent-length:2\r\n', 'Content-Length: 2, 2\r\n'])
      expect(mended(fields, 'lenient')).toBe('Content-Length: 2\r\n')
  })
  test('that differ stay what they are', () => {
    expect(mended('Content-Length: 2\r\nContent-Length: 3\r\n', 'lenient')).toBe(
      'Content-Length: 2\r\nContent-Length: 3\r\n',
    )
    expect(mended('Content-Length: 2, 3\r\n', 'lenient')).toBe('Content-Length: 2, 3\r\n')
  })
  test('are left alone where a backend is not lenient', () =>
    expect(mended('Content-Length: 2\r\nContent-Length: 2\r\n', 'strict')).toBe(null))
})
