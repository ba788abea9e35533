import { expect, test } from 'bun:test'
import { matchOf, searched, wordsOf } from '../../../web/shell/match.ts'

const found = (query: string, label: string) => matchOf(wordsOf(query), searched(label))
/** The letters that are marked. */
const marked = (query: string, label: string): string[] | null =>
  found(query, label)?.marks.map(([from, to]) => label.slice(from, to)) ?? null
const best = (query: string, labels: readonly string[]): string[] =>
  labels
    .map((label) => ({ label, score: found(query, label)?.score ?? -1 }))
    .filter(({ score }) => score >= 0)
    .toSorted((a, b) => b.score - a.score)
    .map(({ label }) => label)

test('a part of a name is found and marked, whatever its case', () => {
  expect(marked('CHECK', 'shop-Checkout')).toEqual(['Check'])
})

test('words are found in any order', () => {
  expect(marked('api-2 drain', 'Drain api-2')).toEqual(['Drain', 'api-2'])
})

test('beginnings of words are enough', () => {
  expect(marked('shch', 'shop-checkout')).toEqual(['sh', 'ch'])
  expect(marked('a2', 'api-2')).toEqual(['a', '2'])
  // The longest piece leaves nothing for the rest.
  expect(marked('apa', 'ap-api-apache')).not.toBeNull()
  expect(marked('ssh', 'ss-sh')).toEqual(['s', 'sh'])
})

test('letters strewn over a name are not a match', () => {
  expect(found('cot', 'shop-checkout')).toBeNull()
  expect(found('api 9', 'api-2')).toBeNull()
})

test('the beginning of the name goes before that of a word, and that before the middle', () => {
  expect(best('api', ['rapid', 'my-api', 'api-canary'])).toEqual(['api-canary', 'my-api', 'rapid'])
})

test('marks that touch are one', () => {
  expect(marked('dr rain', 'drain')).toEqual(['drain'])
})
