import { describe, expect, test } from 'bun:test'
import { fieldLine } from '../../../server/head/field-line.ts'
import { request } from './heads.ts'

const head = () => request('GET / HTTP/1.1\r\nHost: h\r\nX-A: 1\r\nx-a: 2\r\nX-B: b\r\n\r\n')

describe('what a step reads after edits', () => {
  test('the first value received, in any case of the name', () => expect(head().get('x-a')).toBe('1'))
  test('all values received, in order', () => expect(head().values('x-a')).toEqual(['1', '2']))
  test('nothing of what was removed', () => {
    const x = head()
    x.remove('X-A')
    expect([x.get('x-a'), x.get('x-b')]).toEqual([null, 'b'])
  })
  test('what was set instead', () => {
    const x = head()
    x.set('x-A', 'new')
    expect(x.get('x-a')).toBe('new')
    x.set('X-A', 'newer')
    expect(x.get('x-a')).toBe('newer')
  })
  test('what was received before what was added, as it will be sent', () => {
    const x = head()
    x.add('X-A', '3')
    x.add('X-C', 'c')
    expect([x.get('x-a'), x.get('x-c')]).toEqual(['1', 'c'])
  })
  test('a removal takes away what was added before it, not after', () => {
    const x = head()
    x.add('X-C', '1')
    x.remove('x-c')
    expect(x.get('x-c')).toBeNull()
    x.add('X-C', '2')
    expect(x.get('x-c')).toBe('2')
  })
})

describe('a line of our own', () => {
  const line = (name: string, value: string): string => fieldLine(name, value).latin1Slice()
  test('is name, value, CRLF', () => expect(line('X-A', 'a\tb "c"')).toBe('X-A: a\tb "c"\r\n'))
  test('keeps high bytes as they came', () => expect(line('X-A', '\xe4\xff')).toBe('X-A: \xe4\xff\r\n'))
  test('is never two: control characters become spaces', () => {
    expect(line('X-A', 'a\r\nX-B: b\0\x7f\n')).toBe('X-A: a  X-B: b   \r\n')
  })
  test('is never two: a character that ends in the byte of a line feed is UTF-8', () => {
    for (const wide of ['a\u010aX-B: b', 'a\u010dX', 'a\u0d0aX', '\u{1f60a}'])
      expect(fieldLine('X-A', wide)).toEqual(Buffer.from(`X-A: ${wide}\r\n`))
    expect(line('X-A', 'a\u010a\nb').match(/[\r\n]/g)).toEqual(['\r', '\n'])
  })
  test('has a name that is one', () => {
    for (const name of ['', 'X A', 'X:', 'X\r\nY', 'X\n', '\xe4', '\u0158', 'X\0'])
      expect(() => fieldLine(name, '1')).toThrow('not the name of a field')
  })
})
