// Rules of a listener, made ready once for two configs where they are the same in both.
import { expect, test } from 'bun:test'
import { loadConfig } from '../../../../server/config/load.ts'
import type { Config } from '../../../../server/config/schema.ts'
import { listenerRules, type ListenerRules } from '../../../../server/control/explain/explain-rules.ts'
import { atOnce } from '../../../../server/lib/slices.ts'

function configOf(rules: readonly object[], url = 'http://127.0.0.1:1'): Config {
  const words = {
    listeners: { web: { bind: '127.0.0.1:80' } },
    rules,
    backends: { api: { servers: [{ url }] } },
  }
  const bytes = new TextEncoder().encode(JSON.stringify(words))
  const loaded = loadConfig('/sluice.json', {}, { readFile: () => bytes })
  if (!loaded.ok) throw new Error(JSON.stringify(loaded.problems.map(({ message }) => message)))
  return loaded.config
}

const RULES = Array.from({ length: 200 }, (_, i) => ({
  ...{ name: `r${i}`, match: { path: `/r${i}` }, backend: 'api' },
}))

const rulesOf = (config: Config, like?: ListenerRules): ListenerRules =>
  atOnce(listenerRules(config, 'web', {}, { like }))

test('rules that are the same in another config are not made ready again', () => {
  const before = rulesOf(configOf(RULES))
  expect(rulesOf(configOf(RULES, 'http://127.0.0.1:2'), before)).toBe(before)
})

test('one that differs, comes, goes or stands elsewhere makes them others', () => {
  const before = rulesOf(configOf(RULES))
  const [first = {}, ...rest] = RULES
  const others = [
    RULES.with(150, { name: 'r150', match: { path: '/other' }, backend: 'api' }),
    RULES.with(150, { name: 'other', match: { path: '/r150' }, backend: 'api' }),
    [...RULES, { name: 'more', match: { path: '/more' }, backend: 'api' }],
    rest,
    [...rest, first],
  ]
  for (const rules of others) {
    const now = rulesOf(configOf(rules), before)
    expect(now).not.toBe(before)
    expect(now.sources.map(({ rule }) => rule.name)).toEqual(configOf(rules).rules.map(({ name }) => name))
  }
})
