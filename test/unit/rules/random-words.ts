// Rules and requests of chance, of all kinds of words.
import type { ValueWords } from '../../../server/rules/value.options.ts'
import type { Random } from '../../support/random.ts'
import type { Sample, Written } from './words.ts'

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

export function randomWords(random: Random, depth: number): Written {
  const is = (share: number): boolean => random.next() < share
  const nested = (): Written[] => someOf(random, () => randomWords(random, depth + 1))
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
    ...(depth < 3 && is(0.1) && { not: randomWords(random, depth + 1) }),
  }
}

export function randomSample(random: Random): Required<Sample> {
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
