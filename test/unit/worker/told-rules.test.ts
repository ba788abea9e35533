import { expect, test } from 'bun:test'
import type { Config } from '../../../server/config/schema.ts'
import { atOnce } from '../../../server/lib/slices.ts'
import { RulesHeard, RulesTold } from '../../../server/worker/told-rules.ts'

type Rules = Config['rules']

const piece = (...names: string[]): string => JSON.stringify(names.map((name) => ({ name })))
const namesOf = (rules: Rules): string[] => rules.map(({ name }) => name)

test('a piece that was told with the plan before is named only, wherever it stands now', () => {
  const told = new RulesTold()
  expect(told.newsOf([piece('a'), piece('b')])).toEqual([piece('a'), piece('b')])
  expect(told.newsOf([piece('a'), piece('c'), piece('b')])).toEqual([0, piece('c'), 1])
  // Places are those of the plan just before.
  expect(told.newsOf([piece('b'), piece('a')])).toEqual([2, 0])
})

test('rules are what was told, and those of a piece that stays are the same objects', () => {
  const [told, heard] = [new RulesTold(), new RulesHeard()]
  const hear = (...pieces: string[]): Rules => atOnce(heard.take(told.newsOf(pieces)))
  const first = hear(piece('a', 'b'), piece('c'))
  const second = hear(piece('a', 'b'), piece('d'), piece('c'))
  expect([namesOf(first), namesOf(second)]).toEqual([
    ['a', 'b', 'c'],
    ['a', 'b', 'd', 'c'],
  ])
  expect([second[0], second[1], second[3]].map((one, i) => one === first[i])).toEqual([true, true, true])
  expect(namesOf(hear(piece('c'), piece('c')))).toEqual(['c', 'c'])
})

test('a plan that is given up before its rules are read takes nothing from the next', () => {
  const [told, heard] = [new RulesTold(), new RulesHeard()]
  heard.take(told.newsOf([piece('a'), piece('b')]))
  expect(namesOf(atOnce(heard.take(told.newsOf([piece('b'), piece('a')]))))).toEqual(['b', 'a'])
})

test('a piece that was never told is a failure, not another rule', () => {
  expect(() => new RulesHeard().take([3])).toThrow('the rules of piece 3 were not told')
})
