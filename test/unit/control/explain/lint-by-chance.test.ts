// What is said never to be chosen is not: held against a plain reading of the words, on rules and requests of
// chance.
import { expect, test } from 'bun:test'
import type { Config } from '../../../../server/config/schema.ts'
import { lint } from '../../../../server/control/explain/lint-rules.ts'
import { atOnce } from '../../../../server/lib/slices.ts'
import type { AskedBy } from '../../../../server/rules/asked.ts'
import type { MatchConfig } from '../../../../server/rules/match.options.ts'
import { seededRandom, seedOfRun } from '../../../support/random.ts'
import { plainMatch } from '../../rules/plain-matcher.ts'
import { randomSample, randomWords } from '../../rules/random-words.ts'
import { from, matchOf } from '../../rules/words.ts'

type Linted = Pick<Config, 'rules' | 'listeners'>

const configOf = (matches: readonly MatchConfig[]): Linted => ({
  listeners: { web: { protocol: 'http', trusted_proxies: ['10.0.0.0/8'] } } as unknown as Config['listeners'],
  rules: matches.map((match, place) => ({
    ...{ name: `r${place}`, match, middleware: [] },
    respond: { status: 200 + place, body: '', headers: {} },
  })) as Config['rules'],
})

test('a rule that is said to be shadowed, or never to match, is the rule of no request', () => {
  const random = seededRandom(seedOfRun())
  const counts = { shadowed: 0, never: 0, overlap: 0, asked: 0 }
  for (let set = 0; set < 250; set++) {
    const matches = Array.from({ length: 2 + random.below(14) }, () =>
      matchOf(randomWords(random, random.below(3))),
    )
    const findings = atOnce(lint(configOf(matches)))
    const told = new Map(findings.map(({ kind, path }) => [Number(path[1]), kind]))
    for (const kind of told.values()) counts[kind as 'shadowed']++
    const silent = [...told].filter(([, kind]) => kind !== 'overlap').map(([place]) => place)
    if (silent.length === 0) continue
    for (let i = 0; i < 150; i++) {
      const sample = randomSample(random)
      const by: AskedBy = from(random.pick(['10.0.0.1', '10.0.0.2', null]), random.pick(['http', 'https']))
      const answer = plainMatch(matches, sample, by)
      counts.asked++
      if (typeof answer === 'number' && silent.includes(answer))
        throw new Error(
          `seed ${random.seed}: ${JSON.stringify({ answer, kind: told.get(answer), sample, by, matches })}`,
        )
    }
  }
  expect(counts.shadowed).toBeGreaterThan(40)
  expect(counts.never).toBeGreaterThan(5)
  expect(counts.asked).toBeGreaterThan(10_000)
})
