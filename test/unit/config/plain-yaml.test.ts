// Two readers, one YAML: whatever the quick one reads, the whole one reads the same, places included.
import { expect, test } from 'bun:test'
import { readFileSync } from 'node:fs'
import { join, resolve } from 'node:path'
import { plainYamlSteps, readPlainYaml } from '../../../server/config/plain-yaml.ts'
import { Problems } from '../../../server/config/problem.ts'
import { readWholeYaml } from '../../../server/config/read-yaml.ts'
import { Lines } from '../../../server/config/tree.ts'
import { seededRandom, seedOfRun } from '../../support/random.ts'
import { exampleFiles } from '../../support/example-config.ts'

/** More with SLUICE_FUZZ_RUNS. */
const RUNS = Number(process.env['SLUICE_FUZZ_RUNS'] ?? 3000)

const folder = resolve(import.meta.dir, '../../../config')
const files = ['sluice.yaml', ...exampleFiles().map((name) => `examples/${name}`)]
const examples = files
  .filter((name) => !name.endsWith('.toml'))
  .map((name) => readFileSync(join(folder, name), 'utf8'))

const ODD = `a: 1
b: [1, -2, 2.50, 1e3, 0x1f, 012, .5, 5., "1", '1', true, True, no, null, ~, nan, .inf, 10s, 1.2.3, 2024-01-01, 12:30]
c: { a: b, "c": 'd''e', "f":g, h: {i: [j, k]}, l: "m\\n\\u0041" }
d:
  - x
  - e: 1
    f: 2
  -
    g: 3
  - - h
h:
- i: # comment
    j: k # comment
  l: m#n
# comment
o: http://a:1/b?c#d
p: a b  c
q: "r s"   # t
u: [a,
  b, # c
  { d: e }]
`

const PIECES = [
  ...'\n|\n  |\n    |\n- |  - | |  |:|: | #|#|"|\'|{|}|[|]|,|-|- |---|\n---\n|...|&a |*a|!b |?|? |%|@|`|>|~|<<: |null|true|0|01|1.|é|\t|\r|\\|=|a|key: |key:'.split(
    '|',
  ),
  '|',
]

const whole = (text: string): { tree: unknown; count: number } => {
  const problems = new Problems(new Lines('a.yaml', text))
  const tree = readWholeYaml(text, problems)
  return { tree, count: problems.sorted().length }
}

test('examples are read quickly, and as the whole reader does', () => {
  const quick = examples.filter((text) => readPlainYaml(text) !== null)
  expect(quick.length).toBeGreaterThan(examples.length / 2)
  for (const text of quick) expect({ tree: readPlainYaml(text), count: 0 }).toEqual(whole(text) as never)
})

test('what is read quickly after damage is the same as well', () => {
  const seed = seedOfRun()
  const random = seededRandom(seed)
  const texts = [ODD, ...examples.filter((text) => text.length < 3000)]
  let quick = 0
  for (let i = 0; i < RUNS; i++) {
    let text = random.pick(texts)
    // A part of it, so that one thing that is read by neither does not hide all others.
    const lines = text.split('\n')
    const from = random.below(lines.length)
    text = lines.slice(from, from + 1 + random.below(8)).join('\n')
    for (let j = 0; j < 1 + random.below(3); j++) {
      const at = random.below(text.length + 1)
      text = text.slice(0, at) + random.pick(PIECES) + text.slice(at + random.below(3))
    }
    const tree = readPlainYaml(text)
    if (tree === null) continue
    quick++
    const slow = whole(text)
    if (slow.count > 0 || !Bun.deepEquals(tree, slow.tree, true))
      throw new Error(`seed ${seed}: ${JSON.stringify(text)} is ${JSON.stringify(slow)}`)
  }
  expect(quick).toBeGreaterThan(RUNS / 30)
})

test('a long text is read in as many turns as it has rules and backends, to the same tree', () => {
  const rules = Array.from({ length: 50 }, (_, i) => `- { name: r${i}, backend: b${i} }`)
  const backends = Array.from({ length: 40 }, (_, i) => `  b${i}:\n    servers: [{ url: http://a }]`)
  const text = `rules:\n${rules.join('\n')}\nbackends:\n${backends.join('\n')}\n`
  const steps = plainYamlSteps(text)
  let turns = 0
  let step = steps.next()
  for (; !step.done; step = steps.next()) turns++
  expect(turns).toBeGreaterThanOrEqual(90)
  const { tree } = { tree: step.value }
  expect(tree).toEqual(readPlainYaml(text))
  expect(whole(text).tree).toEqual(tree as never)
})
