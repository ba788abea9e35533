import { describe, expect, test } from 'bun:test'
import { blocksOf, merge3, textOf } from '../../../web/data/line-merge.ts'

const lines = (text: string): string[] => text.split('')
/** Each letter is a line. */
const merge = (base: string, theirs: string, mine: string) => {
  const [b, t, m] = [base, theirs, mine].map((text) => lines(text).join('\n')) as [string, string, string]
  return merge3(b, t, m)
}
const shown = (base: string, theirs: string, mine: string): string =>
  merge(base, theirs, mine)
    .map((piece) =>
      piece.is === 'agreed'
        ? piece.lines.join('')
        : `<${piece.base.join('')}|${piece.theirs.join('')}|${piece.mine.join('')}>`,
    )
    .join('')

test('what differs, as few lines as there are', () => {
  expect(blocksOf(lines('abcdef'), lines('abXdefY'))).toEqual([
    { old: { from: 2, to: 3 }, now: { from: 2, to: 3 } },
    { old: { from: 6, to: 6 }, now: { from: 6, to: 7 } },
  ])
  expect(blocksOf(lines('abc'), lines('abc'))).toEqual([])
  expect(blocksOf([], lines('a'))).toEqual([{ old: { from: 0, to: 0 }, now: { from: 0, to: 1 } }])
})

describe('two changes of one text', () => {
  test('that do not meet are both made', () => {
    expect(shown('abcdef', 'Abcdef', 'abcdeF')).toBe('AbcdeF')
    expect(shown('abcdef', 'abdef', 'abcdeXf')).toBe('abdeXf')
  })

  test('that are the same are made once', () => {
    expect(shown('abc', 'aXc', 'aXc')).toBe('aXc')
  })

  test('of the same lines are a conflict', () => {
    expect(shown('abc', 'aXc', 'aYc')).toBe('a<b|X|Y>c')
    expect(shown('abcd', 'aXXd', 'abYd')).toBe('a<bc|XX|bY>d')
    expect(shown('abc', 'ac', 'aYc')).toBe('a<b||Y>c')
  })

  test('that add at the same place are a conflict', () => {
    expect(shown('ab', 'aXb', 'aYb')).toBe('a<|X|Y>b')
  })

  test('of one side alone are that side', () => {
    expect(shown('abc', 'aXcZ', 'abc')).toBe('aXcZ')
    expect(shown('abc', 'abc', 'XXabc')).toBe('XXabc')
  })

  test('lines behind a change of length are found', () => {
    expect(shown('abcdefgh', 'abbbbcdeFgh', 'acdefgHh')).toBe('a<b|bbbb|>cdeFgHh')
  })
})

test('a conflict is told at its line, and goes as it was decided', () => {
  const pieces = merge('abcde', 'XabTde', 'abMdY')
  expect(pieces.find((piece) => piece.is === 'conflict')).toMatchObject({ line: 4 })
  expect(textOf(pieces, ['theirs'])).toBe('X\na\nb\nT\nd\nY')
  expect(textOf(pieces, ['mine'])).toBe('X\na\nb\nM\nd\nY')
})

test('any two changes: one side alone is that side, and both the same are that', () => {
  let seed = 7
  const random = (below: number): number => (seed = (seed * 48271) % 2147483647) % below
  const text = (): string => Array.from({ length: random(12) }, () => 'abc'[random(3)]).join('\n')
  for (let n = 0; n < 300; n++) {
    const [base, other] = [text(), text()]
    expect(textOf(merge3(base, other, base), [])).toBe(other)
    expect(textOf(merge3(base, base, other), [])).toBe(other)
    expect(textOf(merge3(base, other, other), [])).toBe(other)
  }
})
