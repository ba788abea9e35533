import { expect, test } from 'bun:test'
import { linesOf, pairsOf } from '../../../web/parts/diff-lines.ts'

const DIFF = `--- a/sluice.yaml
+++ b/sluice.yaml
@@ -33,3 +33,3 @@
   servers:
-    - { url: http://192.0.2.11:8080, weight: 3 }  # rack A
+    - { url: http://192.0.2.11:8080, weight: 5 }  # rack A
     - { url: http://192.0.2.12:8080, weight: 3 }
\\ No newline at end of file
`
const changedIn = (text: string): string[] =>
  linesOf(text).flatMap(({ pieces }) => pieces.filter(({ isChanged }) => isChanged).map(({ text }) => text))

test('lines have the numbers of the text that they are in, and heads of files are left out', () => {
  expect(linesOf(DIFF).map(({ kind, number }) => [kind, number])).toEqual([
    ['hunk', null],
    ['same', 33],
    ['removed', 34],
    ['added', 34],
    ['same', 35],
  ])
})

test('only the characters that differ are marked', () => {
  expect(changedIn(DIFF)).toEqual(['3', '5'])
})

test('pieces of a line are the whole line', () => {
  const line = linesOf(DIFF)[2]
  expect(line?.pieces.map(({ text }) => text).join('')).toBe(
    '    - { url: http://192.0.2.11:8080, weight: 3 }  # rack A',
  )
})

test('what was only put in is marked in the new line alone', () => {
  expect(changedIn('@@ -1 +1 @@\n-weight: 1\n+weight: 12\n')).toEqual(['2'])
})

test('lines that have nothing in common, or no counterpart, have no marks', () => {
  expect(changedIn('@@ -1 +1 @@\n-abcdef\n+uvwxyz\n')).toEqual([])
  expect(changedIn('@@ -1,2 +1 @@\n-weight: 1\n-weight: 2\n+weight: 3\n')).toEqual([])
})

test('removed and added lines that begin with dashes or pluses are no heads of files', () => {
  const lines = linesOf('@@ -1,2 +1,2 @@\n--- x\n+++ y\n same\n')
  expect(lines.map(({ kind }) => kind)).toEqual(['hunk', 'removed', 'added', 'same'])
})

test('in two columns, what came stands beside what went, with the numbers of each text', () => {
  const pairs = pairsOf(linesOf('@@ -5,4 +6,5 @@\n a\n-b\n+B\n+c\n d\n-e\n'))
  expect(pairs.map(([before, after]) => [before?.number, after?.number])).toEqual([
    [null, null],
    [5, 6],
    [6, 7],
    [undefined, 8],
    [7, 9],
    [8, undefined],
  ])
})
