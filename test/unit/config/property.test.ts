// Whatever stands in a file, the answer is a config or problems that each have a place; never an exception.
import { expect, test } from 'bun:test'
import { readFileSync } from 'node:fs'
import { join, resolve } from 'node:path'
import type { Problem } from '../../../server/config/problem.ts'
import { type Random, seededRandom, seedOfRun } from '../../support/random.ts'
import { parse } from './parse.ts'
import { exampleFiles } from '../../support/example-config.ts'

const folder = resolve(import.meta.dir, '../../../config')
const examples = ['sluice.yaml', ...exampleFiles().map((name) => `examples/${name}`)].map((name) => ({
  name,
  text: readFileSync(join(folder, name), 'utf8'),
}))
const schema = readFileSync(join(folder, 'schema.json'), 'utf8')
/** Every word of the schema: keys, and values that are allowed somewhere. */
const WORDS = [...new Set([...schema.matchAll(/"([a-z_0-9]+)"/g)].map(([, word]) => word ?? ''))]
const SCALARS = [
  null,
  true,
  false,
  0,
  -1,
  1.5,
  1e300,
  '',
  'default',
  'web',
  ':80',
  '10s',
  '0s',
  '1KiB',
  '/a*',
  '*.example.org',
  '${A}',
  '${B',
  '$${',
  '${file:x}',
  'http://a:1',
  '10.0.0.0/8',
  '__proto__',
  '\0',
  '\u{1F600}',
  'x'.repeat(300),
]

function valueOf(random: Random, depth: number): unknown {
  const kind = random.below(depth > 5 ? 1 : 4)
  if (kind === 0) return random.below(4) === 0 ? random.pick(WORDS) : random.pick(SCALARS)
  const length = random.below(5)
  if (kind === 1) return Array.from({ length }, () => valueOf(random, depth + 1))
  return mapOf(random, length, depth)
}

function mapOf(random: Random, length: number, depth: number): unknown {
  const keys = Array.from({ length }, () => (random.below(20) === 0 ? '__proto__' : random.pick(WORDS)))
  return Object.fromEntries(keys.map((key) => [key, valueOf(random, depth + 1)]))
}

const ROOT_KEYS = [
  'listen',
  'listeners',
  'rules',
  'backends',
  'admin',
  'logs',
  'middleware',
  'match',
  'hash',
  'health_check',
  'resolver',
  'workers',
]

function rootOf(random: Random): unknown {
  const keys = ROOT_KEYS.filter(() => random.below(3) === 0)
  return Object.fromEntries(keys.map((key) => [key, valueOf(random, 1)]))
}

function expectPlaces(text: string, problems: readonly Problem[], seed: number): void {
  const lines = text.split('\n')
  for (const { line, column, found, allowed, message } of problems) {
    const length = lines[line - 1]?.length ?? -1
    if (column < 1 || column > length + 1 || found === '' || allowed === '')
      throw new Error(`seed ${seed}: no place ${line}:${column} for "${message}" in ${text}`)
  }
}

test('random trees give a config or problems with places', () => {
  const seed = seedOfRun()
  const random = seededRandom(seed)
  for (let i = 0; i < 1000; i++) {
    const text = JSON.stringify(rootOf(random), null, random.below(3))
    const parsed = parse(text, { file: '/etc/sluice/a.json', env: { A: random.pick(WORDS) } })
    if (!parsed.ok) expect(parsed.problems.length).toBeGreaterThan(0)
    expectPlaces(text, parsed.ok ? parsed.warnings : parsed.problems, seed)
  }
})

test('examples with random damage give a config or problems with places', () => {
  const seed = seedOfRun()
  const random = seededRandom(seed)
  const pieces = [
    '',
    ':',
    '- ',
    '"',
    "'",
    '{',
    '}',
    '[',
    ']',
    '\n',
    '\t',
    '  ',
    '#',
    '&a ',
    '*a',
    '<<',
    '!x ',
    '%',
    '|',
    '>',
    '\\',
    '\0',
    '=',
    '"""',
    '...',
    '---\n',
    '${',
    ...WORDS,
  ]
  for (let i = 0; i < 800; i++) {
    const { name, text } = random.pick(examples)
    const at = random.below(text.length)
    const damaged = text.slice(0, at) + random.pick(pieces) + text.slice(at + random.below(6))
    const parsed = parse(damaged, { file: `/etc/sluice/${name}` })
    if (!parsed.ok) expect(parsed.problems.length).toBeGreaterThan(0)
    expectPlaces(damaged, parsed.ok ? parsed.warnings : parsed.problems, seed)
  }
})

test('bytes that are no config at all are problems', () => {
  const random = seededRandom(seedOfRun())
  for (let i = 0; i < 500; i++) {
    const text = Buffer.from(random.bytes(random.below(200))).toString('latin1')
    for (const file of ['/a.yaml', '/a.toml', '/a.json']) expect(parse(text, { file }).ok).toBe(false)
  }
})
