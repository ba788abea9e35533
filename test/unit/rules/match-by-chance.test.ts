// The compiled index says what a plain reading of the words says, of all kinds of words at once.
import { expect, test } from 'bun:test'
import type { AskedBy } from '../../../server/rules/asked.ts'
import { filingsOf } from '../../../server/rules/filing.ts'
import { compileMatch } from '../../../server/rules/match.ts'
import { unmetParts } from '../../../server/rules/trace.ts'
import { seededRandom, seedOfRun } from '../../support/random.ts'
import { plainMatch } from './plain-matcher.ts'
import { randomSample, randomWords } from './random-words.ts'
import { from, matchOf, requestOf } from './words.ts'

/** Without what is empty. */
const told = (all: unknown): string =>
  JSON.stringify(all, (_, one: unknown) =>
    typeof one === 'object' && one !== null && Object.keys(one).length === 0 ? undefined : one,
  )

test('the index says what the words say, rule by rule, for random rules and requests', () => {
  const random = seededRandom(seedOfRun())
  let [hits, ambiguous, spread, traced] = [0, 0, 0, 0]
  for (let set = 0; set < 60; set++) {
    const rules = Array.from({ length: random.below(25) }, () => matchOf(randomWords(random, 0)))
    const match = compileMatch(rules.map((words, rule) => ({ match: words, rule })))
    spread += rules.filter((words) => filingsOf(words).length > 1).length
    for (let i = 0; i < 60; i++) {
      const sample = randomSample(random)
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
