import { describe, expect, test } from 'bun:test'
import { bodyBytes, isPersistent, responseFraming } from '../../../server/head/framing.ts'
import { answer, framed, request } from './heads.ts'

test('the framing vectors of a request end as they must', () => {
  const post = (fields: string, version = 'HTTP/1.1'): string =>
    framed(`POST /1 ${version}\r\nHost: h\r\n${fields}\r\n`)
  const cl = (value: string): string => `Content-Length:${value}\r\n`
  const te = (value: string): string => `Transfer-Encoding:${value}\r\n`
  const vectors: readonly (readonly [string, string])[] = [
    ['', 'none'],
    [cl(' 2'), 'length 2'],
    [cl('2'), 'length 2'],
    [cl(' \t2\t '), 'length 2'],
    [cl(' 0'), 'none'],
    [cl(' 002'), 'length 2'],
    [cl(' 999999999999999'), 'length 999999999999999'],
    [te(' chunked'), 'chunked'],
    [te('\tchunked'), 'chunked'],
    [te(' CHUNKED '), 'chunked'],
    [cl(' 6') + te(' chunked'), 'framing_ambiguous'],
    [te(' chunked') + cl(' 6'), 'framing_ambiguous'],
    [te(' chunked') + cl(' 0'), 'framing_ambiguous'],
    [cl(' 2') + cl(' 2'), 'framing_ambiguous'],
    [cl(' 2') + cl(' 3'), 'framing_ambiguous'],
    [cl(' 0') + cl(' 0'), 'framing_ambiguous'],
    [cl(' 2, 2'), 'framing_ambiguous'],
    [cl(' +2'), 'framing_ambiguous'],
    [cl(' -1'), 'framing_ambiguous'],
    [cl(' 0x2'), 'framing_ambiguous'],
    [cl(' 2.0'), 'framing_ambiguous'],
    [cl(' 2e0'), 'framing_ambiguous'],
    [cl(' 2 2'), 'framing_ambiguous'],
    [cl(' 2;'), 'framing_ambiguous'],
    [cl(' \xb2'), 'framing_ambiguous'],
    [cl(''), 'framing_ambiguous'],
    [cl(' '), 'framing_ambiguous'],
    [cl(' 99999999999999999999'), 'framing_ambiguous'],
    [cl(' 1000000000000000'), 'framing_ambiguous'],
    [te(' xchunked'), 'framing_ambiguous'],
    [te(' chunkedx'), 'framing_ambiguous'],
    [te(' "chunked"'), 'framing_ambiguous'],
    [te(' chunked, identity'), 'framing_ambiguous'],
    [te(' identity'), 'framing_ambiguous'],
    [te(' identity') + cl(' 2'), 'framing_ambiguous'],
    [te(''), 'framing_ambiguous'],
    [te(' chunked, chunked'), 'framing_ambiguous'],
    [te(' chunked') + te(' chunked'), 'framing_ambiguous'],
    [te(' identity') + te(' chunked'), 'framing_ambiguous'],
    [te(' gzip, chunked'), 'coding_unsupported'],
    ['Content_Length: 4\r\nTransfer_Encoding: chunked\r\n', 'none'],
    ['X-Content-Length: 4\r\nContent-Lengths: 4\r\n', 'none'],
  ]
  for (const [fields, framing] of vectors) expect([fields, post(fields)]).toEqual([fields, framing])
  expect(post(te(' chunked'), 'HTTP/1.0')).toBe('framing_ambiguous')
  expect(post(cl(' 2'), 'HTTP/1.0')).toBe('length 2')
})

describe('framing of answers', () => {
  const framing = (fields: string, { status = 200, isHead = false, version = '1.1' } = {}): string | null => {
    const head = answer(`HTTP/${version} ${status} x\r\n${fields}\r\n`)
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
