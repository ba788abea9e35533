import { expect, test } from 'bun:test'
import { tinted, tintsOf } from '../../../web/parts/tints.ts'

const told = (line: string): string[] =>
  tinted(line, tintsOf(line), 0, line.length)
    .filter(({ kind }) => kind !== null)
    .map(({ text, kind }) => `${kind} ${text}`)

test('keys and comments of block and flow style', () => {
  expect(told('    weight: 3   # rack A')).toEqual(['key weight', 'comment # rack A'])
  expect(told('  - name: api')).toEqual(['key name'])
  expect(told('  - { url: "http://a:80#x", weight: 3 }')).toEqual(['key url', 'key weight'])
  expect(told('# a: b')).toEqual(['comment # a: b'])
  expect(told('"a b": 1')).toEqual(['key "a b"'])
})

test('what looks like one within a text is none', () => {
  expect(told('body: "x, y: z"')).toEqual(['key body'])
  expect(told('url: http://a')).toEqual(['key url'])
})

test('a part of a line has what falls into it', () => {
  const line = 'a: 1 # b'
  const parts = tinted(line, tintsOf(line), 3, 7)
  expect(parts.map(({ text }) => text).join('')).toBe('1 # ')
  expect(parts.at(-1)).toEqual({ text: '# ', kind: 'comment' })
})
