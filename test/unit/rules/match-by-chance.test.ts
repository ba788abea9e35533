// The compiled index says what a plain reading of the words says, of all kinds of words at once.
import { expect, test } from 'bun:test'
import type { AskedBy } from '../../../server/rules/asked.ts'
import { filingsOf } from '../../../server/rules/filing.ts'
import { compileMatch } from '../../../server/rules/match.ts'
import { unmetParts } from '../../../server/rules/trace.ts'
import type { ValueWords } from '../../../server/rules/value.options.ts'
import { type Random, seededRandom, seedOfRun } from '../../support/random.ts'
import { plainMatch } from './plain-matcher.ts'
import { from, matchOf, requestOf, type Sample, type Written } from './words.ts'

/** Without what is empty. */
const told = (all: unknown): string =>
  JSON.stringify(all, (_, one: unknown) =>
    typeof one === 'object' && one !== null && Object.keys(one).length === 0 ? undefined : one,
  )

const HOSTS = ['a.example', 'b.example', 'x.a.example']
const SEGMENTS = ['a', 'b', 'ab', 'c1']

const someOf = <T>(random: Random, make: () => T): T[] => Array.from({ length: 1 + random.below(3) }, make)
const pathText = (random: Random): string =>
  `/${Array.from({ length: random.below(4) }, () => random.pick(SEGMENTS)).join('/')}`

function valueOf(random: Random): string | ValueWords {
  const text = random.pick(['1', '2', 'ab', '12'])
  const words: (string | ValueWords)[] = [
    ...[text, text, text, '*', { is: text }, { prefix: text }, { suffix: text }, { contains: text }],
    ...[{ present: true }, { present: false }, { has: text }, { min: 2 }, { max: 5 }, { min: 1, max: 2 }],
    ...[{ regex: '^[12]$' }, { regex: 'b' }],
  ]
  return random.pick(words)
}

const namedBy = (random: Random, names: readonly string[]): Record<string, string | ValueWords> =>
  Object.fromEntries(someOf(random, () => [random.pick(names), valueOf(random)]))

function pathPattern(random: Random): string | { regex: string } {
  const kind = random.below(8)
  if (kind === 0) return { regex: random.pick(['^/a', '/b$', '^/[ab]/', '^/a/.*1', '^/ab(?:/|$)']) }
  const text = pathText(random)
  if (kind < 3) return text
  if (kind < 5) return `${text === '/' ? '' : text}${random.pick(['/*', '*'])}`.replace(/^\*$/, '/*')
  const segments = Array.from({ length: 1 + random.below(3) }, (_, i) =>
    random.pick([...SEGMENTS, `{p${i}}`, `{p${i}}`]),
  )
  return `/${segments.join('/')}${random.pick(['', '', '/', '/{rest...}', '/*'])}`.replace(
    /^(\/[^{}*]*)\*$/,
    '$1*',
  )
}

function wordsOf(random: Random, depth: number): Written {
  const is = (share: number): boolean => random.next() < share
  const nested = (): Written[] => someOf(random, () => wordsOf(random, depth + 1))
  return {
    ...(is(0.4) && {
      host: someOf(random, () => random.pick([...HOSTS, '*.example', '*.a.example', { regex: '^b' }])),
    }),
    ...(is(0.6) && { path: someOf(random, () => pathPattern(random)) }),
    ...(is(0.2) && { method: someOf(random, () => random.pick(['GET', 'POST'])) }),
    ...(is(0.3) && { header: namedBy(random, ['X-A', 'x-b']) }),
    ...(is(0.2) && { query: namedBy(random, ['q', 'r']) }),
    ...(is(0.2) && { cookie: namedBy(random, ['c', 'd']) }),
    ...(is(0.1) && { scheme: random.pick(['http', 'https'] as const) }),
    ...(is(0.1) && { client: someOf(random, () => random.pick(['10.0.0.1', '10.0.0.2'])) }),
    ...(depth < 3 && is(0.15) && { all: nested() }),
    ...(depth < 3 && is(0.25) && { any: nested() }),
    ...(depth < 3 && is(0.1) && { not: wordsOf(random, depth + 1) }),
  }
}

function sampleOf(random: Random): Required<Sample> {
  const value = (): string => random.pick(['1', '2', 'ab', '12', '', 'ab, 1'])
  const maybe = <T>(make: () => T, share = 0.5): T[] => (random.next() < share ? [make()] : [])
  const pairs = (names: readonly string[], between: string): string =>
    names
      .flatMap((name) => [
        ...maybe(() => `${name}=${random.pick(['1', '2', '12'])}`),
        ...maybe(() => `${name}=1`, 0.15),
      ])
      .join(between)
  const raw = (): string =>
    `/${Array.from({ length: random.below(5) }, () => random.pick(['a', 'b', '/', 'c1', '/../', '%2f', '%61', ';x', '//', '/./'])).join('')}`
  return {
    method: random.pick(['GET', 'POST', 'PUT']),
    host: random.pick([...HOSTS, 'c.example', '']),
    path: random.next() < 0.75 ? pathText(random) + random.pick(['', '', '/']) : raw(),
    query: pairs(['q', 'r'], '&'),
    fields: [
      ...['x-a', 'x-b'].flatMap((name) => [
        ...maybe(() => [name, value()] as const),
        ...maybe(() => [name, value()] as const, 0.1),
      ]),
      ...maybe(() => ['cookie', pairs(['c', 'd'], '; ')] as const),
    ],
  }
}

test('the index says what the words say, rule by rule, for random rules and requests', () => {
  const random = seededRandom(seedOfRun())
  let [hits, ambiguous, spread, traced] = [0, 0, 0, 0]
  for (let set = 0; set < 60; set++) {
    const rules = Array.from({ length: random.below(25) }, () => matchOf(wordsOf(random, 0)))
    const match = compileMatch(rules.map((words, rule) => ({ match: words, rule })))
    spread += rules.filter((words) => filingsOf(words).length > 1).length
    for (let i = 0; i < 60; i++) {
      const sample = sampleOf(random)
      const by: AskedBy = from(
        random.pick(['10.0.0.1', '10.0.0.2', '10.0.0.1', null]),
        random.pick(['http', 'https']),
      )
      const expected = plainMatch(rules, sample, by)
      const got = match(requestOf(sample), by)
      if (got !== expected)
        throw new Error(
          `seed ${random.seed}: ${told({ sample, by, expected, got, rules: [expected, got].map((at) => rules[Number(at)]) })}`,
        )
      if (expected === 'ambiguous') ambiguous++
      else if (expected !== null) hits++
      // A rule by itself matches where no part of it fails.
      const words = rules[0]
      if (words === undefined || i % 10 > 0) continue
      const alone = compileMatch([{ match: words, rule: true }])(requestOf(sample), by)
      const unmet = unmetParts(words, requestOf(sample), by)
      if (alone === true && unmet.length > 0)
        throw new Error(`seed ${random.seed}: ${told({ words, sample, unmet })}`)
      if (alone === null && unmet.length === 0)
        throw new Error(`seed ${random.seed}: ${told({ words, sample })}`)
      traced++
    }
  }
  expect(hits).toBeGreaterThan(600)
  expect(ambiguous).toBeGreaterThan(100)
  expect(spread).toBeGreaterThan(5)
  expect(traced).toBeGreaterThan(200)
})
