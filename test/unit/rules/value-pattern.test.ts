import { describe, expect, test } from 'bun:test'
import { patternText, regexTest, valuePattern } from '../../../server/rules/value-pattern.ts'
import type { ValueWords } from '../../../server/rules/value.options.ts'
import { NO, UNCLEAR, YES } from '../../../server/rules/verdict.ts'

const judge = (words: string | ValueWords, ...values: string[]) => valuePattern(words).judge(values)

describe('a value', () => {
  test.each<[string | ValueWords, string[], string[]]>([
    ['a', ['a'], ['A', 'a ', 'ab', '']],
    [{ is: '*' }, ['*'], ['a', '']],
    [{ is: '' }, [''], ['a']],
    [{ prefix: 'ab' }, ['ab', 'abc'], ['a', 'xab', '']],
    [{ suffix: 'ab' }, ['ab', 'xab'], ['abx', '']],
    [{ contains: 'ab' }, ['ab', 'xaby'], ['a b', '']],
    [{ regex: 'a[0-9]' }, ['xa1'], ['a', '']],
    [{ regex: '^(?:de|en)(?:-|$)' }, ['de', 'en-GB'], ['den', 'xde']],
    [{ has: 'b' }, ['b', 'a, b', 'a,b,c', 'a,\tb ,c'], ['ab', 'a b', 'b;q=1', '']],
    [{ min: 2 }, ['2', '2.0', '+3', '100000000000000'], ['1.99', '-3', '', '2x', '0x5', '1e9', ' 3', '२']],
    [{ max: 2 }, ['2', '-9', '0.5'], ['2.01', 'NaN', '']],
    [{ min: 2, max: 4 }, ['2', '3.5', '4'], ['1', '4.1', 'Infinity']],
  ])('%p', (words, those, others) => {
    for (const value of those) expect([value, judge(words, value)]).toEqual([value, YES])
    for (const value of others) expect([value, judge(words, value)]).toEqual([value, NO])
    expect(judge(words)).toBe(NO)
  })

  test('that must be there, or must not', () => {
    for (const any of ['*', { present: true }]) {
      expect([judge(any), judge(any, ''), judge(any, 'a', 'b')]).toEqual([NO, YES, YES])
    }
    expect([judge({ present: false }), judge({ present: false }, '')]).toEqual([YES, NO])
  })

  test('that comes several times is clear where all of them mean the same', () => {
    expect(judge('a', 'a', 'a')).toBe(YES)
    expect(judge('a', 'b', 'c')).toBe(NO)
    for (const [first, second] of [
      ['a', 'b'],
      ['b', 'a'],
    ] as const)
      expect(judge('a', first, second)).toBe(UNCLEAR)
    expect(judge('a', 'b', 'a', 'b')).toBe(UNCLEAR)
    expect(judge({ prefix: 'x' }, 'x1', 'x2')).toBe(YES)
    expect(judge({ min: 1 }, '1', 'x')).toBe(UNCLEAR)
    expect(judge({ has: 'b' }, 'a', 'b')).toBe(YES)
  })
})

describe('a regular expression', () => {
  test('is not asked of what is too long, which leaves it open', () => {
    const plain = regexTest('^a')
    expect([plain('a'.repeat(8192)), plain('a'.repeat(8193)), plain('b'.repeat(65_536))]).toEqual([
      YES,
      UNCLEAR,
      UNCLEAR,
    ])
    // It is looked for at each place, to the end from there.
    const square = regexTest('a.*b')
    expect([square('a'.repeat(2048)), square('a'.repeat(2049))]).toEqual([NO, UNCLEAR])
  })

  test('is asked of several values as of one that is as long as all of them', () => {
    const many = (count: number): string[] => Array.from({ length: count }, () => 'a'.repeat(1024))
    const { judge: square } = valuePattern({ regex: 'a.*b' })
    expect([square(many(2)), square(many(3))]).toEqual([NO, UNCLEAR])
    const { judge: plain } = valuePattern({ regex: '^a' })
    expect([plain(many(8)), plain(many(9))]).toEqual([YES, UNCLEAR])
  })

  test('that could be made to take long is refused with the part that causes it', () => {
    expect(() => valuePattern({ regex: '^x(a+)+$' })).toThrow(RangeError)
    expect(() => valuePattern({ regex: '^x(a+)+$' })).toThrow('"(a+)+" can be read in more ways')
  })

  test.each(['\r\n', '\0', '\u{1F600}', '\udc00', '\x80\xff', 'a'.repeat(65_536), `a\r\nb`, '\u2028'])(
    'takes hostile values as text: %#',
    (value) => {
      for (const words of [{ regex: '^[a-z]+$' }, { contains: 'ab' }, { has: 'x' }, { min: 1 }, 'x'])
        expect([NO, UNCLEAR]).toContain(judge(words, value))
    },
  )
})

test('a pattern that says nothing is refused', () => {
  expect(() => valuePattern({})).toThrow(RangeError)
})

test('patterns in words', () => {
  const all: (string | ValueWords)[] = [
    'a',
    '*',
    { is: '*' },
    { prefix: 'a' },
    { present: false },
    { min: 1, max: 2 },
  ]
  expect(all.map(patternText)).toEqual(['a', '*', '*', 'prefix a', 'none', 'min 1, max 2'])
})
