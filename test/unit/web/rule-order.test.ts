import { expect, test } from 'bun:test'
import {
  fewestMoves,
  moved,
  movesAsChanges,
  placed,
  ruleOf,
  ruleResource,
} from '../../../web/data/rule-order.ts'

const letters = (text: string): readonly string[] => [...text]
/** The order that the moves make, as a draft applies them. */
const made = (from: string, to: string): string => {
  const changes = movesAsChanges(fewestMoves(letters(from), letters(to)), () => 'etag')
  return moved(
    letters(from),
    changes.map(({ resource, position }) => ({ id: ruleOf(resource) ?? '', position })),
  ).join('')
}

test('what is moved is one rule, however far it goes', () => {
  expect(fewestMoves(letters('abcdef'), letters('fabcde'))).toEqual([{ id: 'f', after: null }])
  expect(fewestMoves(letters('abcdef'), letters('bcdefa'))).toEqual([{ id: 'a', after: 'f' }])
  expect(fewestMoves(letters('abcdef'), letters('abdecf'))).toEqual([{ id: 'c', after: 'e' }])
})

test('an order that is as it was takes no move', () => {
  expect(fewestMoves(letters('abc'), letters('abc'))).toEqual([])
  expect(fewestMoves([], [])).toEqual([])
})

test('the moves make the order that was meant, whatever it is', () => {
  const next = randomOf(7)
  for (let round = 0; round < 300; round++) {
    const from = shuffled('abcdefgh', next)
    const to = shuffled('abcdefgh', next)
    expect(made(from, to)).toBe(to)
  }
})

test('a move beside a rule that is gone leaves it where it is, and so does one of a rule that is gone', () => {
  expect(moved(letters('abc'), [{ id: 'a', position: { after: 'x' } }]).join('')).toBe('abc')
  expect(moved(letters('abc'), [{ id: 'x', position: { index: 0 } }]).join('')).toBe('abc')
  expect(moved(letters('abc'), [{ id: 'c', position: { before: 'a' } }]).join('')).toBe('cab')
})

test('a rule is put behind another one, or at the top', () => {
  expect(placed(letters('abc'), 'a', 'c').join('')).toBe('bca')
  expect(placed(letters('abc'), 'c', null).join('')).toBe('cab')
})

test('a name with a slash is one segment of its resource', () => {
  expect(ruleResource('a/b c')).toBe('rules/a%2Fb%20c')
  expect(ruleOf('rules/a%2Fb%20c')).toBe('a/b c')
  expect(ruleOf('backends/a')).toBeNull()
})

/** A small generator: the same numbers in each run. */
function randomOf(seed: number): () => number {
  let state = seed
  return () => (state = (state * 1_103_515_245 + 12_345) % 2_147_483_648) / 2_147_483_648
}

function shuffled(text: string, next: () => number): string {
  const list = [...text]
  for (let i = list.length - 1; i > 0; i--) {
    const j = Math.floor(next() * (i + 1))
    const [a = '', b = ''] = [list[i], list[j]]
    ;[list[i], list[j]] = [b, a]
  }
  return list.join('')
}
