import { expect, test } from 'bun:test'
import { namesFilledIn } from '../../../server/config/filled-in.ts'
import { parseConfig } from '../../../server/config/load.ts'
import { withRules } from './parse.ts'

test('what a text has filled in is told as it is written, escaped or in a comment as well', () => {
  const names = (text: string): string[] => [...namesFilledIn(text)]
  expect(names('a: ${A} # ${B:-x}\nb: "$${C} ${file:./d}"')).toEqual(['A', 'B', 'file:./d'])
  expect(names('a: "\\x24{A} \\u0024\\u007bB} ${file:\\/etc\\/c}"')).toEqual(['A', 'B', 'file:/etc/c'])
  expect(names('a: ${A')).toEqual([])
})

const FILES: Record<string, string> = { '/etc/own': 'own', '/etc/other': 'planted' }

/** The codes of what stands against it, and what was read. */
function outcome(header: string, fillsOnly: ReadonlySet<string> | null): unknown {
  const text = withRules(`  - { name: all, backend: app, match: { header: { X-A: ${header} } } }`)
  const read: string[] = []
  const parsed = parseConfig(
    '/etc/sluice.yaml',
    Buffer.from(text),
    { ENV: 'planted' },
    {
      readFile: (path) => {
        read.push(path)
        return Buffer.from(FILES[path] ?? '')
      },
      fillsOnly,
    },
  )
  return [parsed.ok || parsed.problems.map(({ code }) => code), read]
}

test('only what is known is filled in where no more may be, and nothing else is read', () => {
  const known = new Set(['file:/etc/own', 'OWN'])
  expect(outcome('"${file:/etc/own}"', known)).toEqual([true, ['/etc/own']])
  expect(outcome('"$${file:/etc/other}"', known)).toEqual([true, []])
  for (const odd of [
    ...['"${file:/etc/other}"', '"${ENV}"', '"${ENV:-x}"', '"${OWN:-x}${ENV}"'],
    ...['"\\x24{file:/etc/other}"', '"\\u0024{ENV}"', '"$\\x7bENV}"', '"${\\x45NV}"', "'${file:/etc/other}'"],
    // Behind a comment the rest of the line is gone: braces are closed on the next.
    ...['"a" # ${ENV}\n    '],
    ...['{ a: &a "${ENV}", b: *a }', '"${file:/etc/own/../other}"', '"${file:/etc/\\x6fther}"'],
  ])
    expect([odd, outcome(odd, known)]).toEqual([odd, [expect.arrayContaining(['not-yours']), []]] as never)
  expect(outcome('"${file:/etc/other}"', null)).toEqual([true, ['/etc/other']])
})

test('a text that was made to be looked at for long takes no longer than others', () => {
  const before = process.cpuUsage().user
  for (const text of ['${'.repeat(130_000), `${'$${'.repeat(80_000)}`, `{}${'${a'.repeat(80_000)}`])
    expect(namesFilledIn(text).size).toBe(0)
  // Tried again from each "${", it takes a minute of the processor.
  expect(process.cpuUsage().user - before).toBeLessThan(2_000_000)
  expect([...namesFilledIn(`${'${'.repeat(1000)}A}`)]).toHaveLength(1)
})
