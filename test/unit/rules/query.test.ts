import { expect, test } from 'bun:test'
import { cookieValues, queryValues } from '../../../server/rules/query.ts'

const entries = (values: ReadonlyMap<string, readonly string[]>) => Object.fromEntries(values)

test.each<[string, Record<string, string[]>]>([
  ['', {}],
  ['a=1&b=2&a=3', { a: ['1', '3'], b: ['2'] }],
  ['a', { a: [''] }],
  ['=1&&', { '': ['1'] }],
  ['a+b=c+d%20e', { 'a b': ['c d e'] }],
  ['a=%2B%26%3D=', { a: ['+&=='] }],
  ['caf%C3%A9=%E6%97%A5', { café: ['日'] }],
  ['caf\xc3\xa9=\xe6\x97\xa5', { café: ['日'] }],
  ['a=%zz+%41', { a: ['%zz+%41'] }],
  ['a%=1', { 'a%': ['1'] }],
  ['a=%ff', { a: ['\ufffd'] }],
  ['a=%0d%0a%00', { a: ['\r\n\0'] }],
  ['a=1;b=2', { a: ['1;b=2'] }],
  ['constructor=1&toString', { constructor: ['1'], toString: [''] }],
])('the parts of ?%s', (query, expected) => {
  expect(entries(queryValues(query))).toEqual(expected)
})

test.each<[string[], Record<string, string[]>]>([
  [[], {}],
  [['a=1; b=2;c=3'], { a: ['1'], b: ['2'], c: ['3'] }],
  [['a=1', 'a=2; b'], { a: ['1', '2'] }],
  [['  a = x y ;; =z; a="q"'], { a: ['x y', '"q"'], '': ['z'] }],
  [['a=b=c'], { a: ['b=c'] }],
])('the cookies of %p', (fields, expected) => {
  expect(entries(cookieValues(fields))).toEqual(expected)
})

test('a name of many parts costs no more than its parts', () => {
  const values = queryValues(Array.from({ length: 20_000 }, (_, i) => `a=${i}`).join('&'))
  expect(values.get('a')).toHaveLength(20_000)
})
