import { expect, test } from 'bun:test'
import { parsePortRange, portsOf } from '../../../server/lib/port-range.ts'

test.each([
  ['49152-65535', 49152, 65535, 16384],
  ['1024-1024', 1024, 1024, 1],
])('%s is a range of ports', (text, first, last, count) => {
  const range = parsePortRange(text)
  expect(range).toEqual({ first, last })
  expect(portsOf(range!)).toBe(count)
})

test.each([
  '',
  '49152',
  '1023-2000',
  '2000-1999',
  '49152-65536',
  '01024-2000',
  '1024-02000',
  '1024 - 2000',
  '1024-2000 ',
  '1024-2000\n',
  '-1-2000',
  '1024-2000-3000',
  '1e4-2e4',
])('%j is none', (text) => {
  expect(parsePortRange(text)).toBeNull()
})
