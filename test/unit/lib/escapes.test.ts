import { expect, test } from 'bun:test'
import { bytesOf } from '../../../server/lib/escapes.ts'

test.each([
  ['PING\\r\\n', 'PING\r\n'],
  ['\\x00\\xff\\0\\t\\\\', '\0\xff\0\t\\'],
  ['a\r\nb', 'a\r\nb'],
  ['', ''],
])('%j is these bytes', (text, bytes) => {
  expect(bytesOf(text)?.toString('latin1')).toBe(bytes)
})

test('what is no escape is UTF-8', () => {
  expect(bytesOf('ü\\x20ü')).toEqual(Buffer.from('ü ü'))
})

test.each(['\\', 'a\\', '\\q', '\\x', '\\x1', '\\xgg', '\\u0041'])('%j is none', (text) => {
  expect(bytesOf(text)).toBeNull()
})
