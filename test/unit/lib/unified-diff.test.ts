// A diff that patch takes, with as few lines as can be.
import { expect, test } from 'bun:test'
import { changedLines, diffSteps, unifiedDiff } from '../../../server/lib/unified-diff.ts'
import { seededRandom, seedOfRun } from '../../support/random.ts'

test('the same text has no diff', () => {
  expect(unifiedDiff('a\nb\n', 'a\nb\n')).toBe('')
})

test('a changed line stands between those around it', () => {
  const before = 'one\ntwo\nthree\nfour\nfive\nsix\n'
  expect(unifiedDiff(before, before.replace('five', '5'), { context: 1, names: ['a.yaml', 'b.yaml'] })).toBe(
    '--- a.yaml\n+++ b.yaml\n@@ -4,3 +4,3 @@\n four\n-five\n+5\n six\n',
  )
})

test('lines that come into nothing, and a last line without its end, are told as diff does', () => {
  expect(unifiedDiff('', 'a\n')).toBe('--- before\n+++ after\n@@ -0,0 +1 @@\n+a\n')
  expect(unifiedDiff('a', 'a\n')).toBe(
    '--- before\n+++ after\n@@ -1 +1 @@\n-a\n\\ No newline at end of file\n+a\n',
  )
})

test('changes far apart have hunks of their own', () => {
  const lines = Array.from({ length: 30 }, (_, index) => `${index}\n`)
  const after = lines.with(2, 'x\n').toSpliced(25, 1).join('')
  const diff = unifiedDiff(lines.join(''), after)
  expect(diff.match(/^@@.*$/gm)).toEqual(['@@ -1,6 +1,6 @@', '@@ -23,7 +23,6 @@'])
  expect(changedLines(lines.join(''), after)).toEqual({ went: 2, came: 1 })
})

test('more changes than are matched are one stretch', () => {
  const [old, now] = ['a', 'b'].map((name) =>
    Array.from({ length: 1200 }, (_, i) => `${name}${i}\n`).join(''),
  )
  expect(changedLines(`x\n${old}y\n`, `x\n${now}y\n`)).toEqual({ went: 1200, came: 1200 })
})

/** What `patch` does: each hunk at its place, and its lines must be there. */
function patched(text: string, diff: string): string {
  const lines = text.match(/[^\n]*\n|[^\n]+$/g) ?? []
  const made: string[] = []
  let at = 0
  for (const [, from, count = '1', body = ''] of diff.matchAll(
    /^@@ -(\d+)(?:,(\d+))? \+\S+ @@\n((?:[ +\\-].*\n)*)/gm,
  )) {
    const start = Number(from) - (count === '0' ? 0 : 1)
    made.push(...lines.slice(at, start))
    at = start
    for (const [, mark, said = '', open] of body.matchAll(/^([ +-])(.*\n)(\\ .*\n)?/gm)) {
      const line = open === undefined ? said : said.slice(0, -1)
      if (mark !== '+' && lines[at++] !== line) throw new Error(`no ${JSON.stringify(line)} there`)
      if (mark !== '-') made.push(line)
    }
  }
  return [...made, ...lines.slice(at)].join('')
}

test('the diff makes the one of the other, whatever they are', () => {
  const random = seededRandom(seedOfRun())
  const some = (): string =>
    Array.from({ length: random.below(12) }, () => `${random.below(4)}`).join('\n') + random.pick(['', '\n'])
  for (let round = 0; round < 2_000; round++) {
    const [before, after] = [some(), some()]
    const diff = unifiedDiff(before, after, { context: random.below(4) })
    if (patched(before, diff) !== after)
      throw new Error(`seed ${random.seed}: ${JSON.stringify({ before, after, diff })}`)
  }
})

test('of a thousand changes all over a long text each is a line that went and one that came', () => {
  const lines = Array.from({ length: 30_000 }, (_, i) => (i % 3 === 0 ? `rule ${i}\n` : `line ${i % 7}\n`))
  const after = lines.map((line, i) => (i % 30 === 9 ? `other ${line}` : line)).join('')
  const before = lines.join('')
  expect(changedLines(before, after)).toEqual({ went: 1000, came: 1000 })
  expect(patched(before, unifiedDiff(before, after))).toBe(after)
})

test('the diff makes the one of the other also where more differs than is matched one by one', () => {
  const random = seededRandom(seedOfRun())
  for (let round = 0; round < 8; round++) {
    const lines = Array.from({ length: 3000 }, () => `${random.below(2000)}\n`)
    const after = lines.flatMap((line) =>
      random.below(3) > 0 ? [line] : random.pick([[], [`new ${random.below(50)}\n`], [line, line]]),
    )
    const [from, to] = [lines.join(''), after.join('')]
    if (patched(from, unifiedDiff(from, to)) !== to) throw new Error(`seed ${random.seed}, round ${round}`)
  }
})

test('long texts are compared in many turns', () => {
  const texts = ['a', 'b'].map((mark) =>
    Array.from({ length: 20_000 }, (_, i) => (i % 4 === 0 ? `${mark} ${i}\n` : `same ${i}\n`)).join(''),
  )
  const [before = '', after = ''] = texts
  expect([...diffSteps(before, after)].length).toBeGreaterThan(5000)
})
