import { expect, test } from 'bun:test'
import type { JsonMap } from '../../../../web/data/merge.ts'
import type { RuleLive } from '../../../../web/data/rule-item.ts'
import { filterOf } from '../../../../web/pages/rules/rule-filter.ts'
import type { ShownRule } from '../../../../web/pages/rules/shown-rules.ts'

function ruleOf(id: string, configured: JsonMap, live: Partial<RuleLive> = {}): ShownRule {
  const item = { id, etag: '', configured, live, place: { file: '', line: 1 } }
  return { ...{ id, item, rule: configured, etag: '' }, draft: null, fields: [], isMoved: false }
}

const RULES = [
  ruleOf(
    'api',
    { match: { host: ['api.example.com', 'api.example.net'], path: '/v2/*' }, backend: 'api' },
    { matches: 3 },
  ),
  ruleOf(
    'orders',
    {
      match: { host: 'api.example.com', method: 'POST' },
      backend: 'orders',
      middleware: [{ rate_limit: {} }],
    },
    { matches: 0, shadowed_by: 'api' },
  ),
  ruleOf(
    'blog',
    { match: { header: { 'X-Old': 'yes' } }, redirect: { to: 'https://www.example.com/notes' } },
    { matches: 0 },
  ),
]

const found = (text: string): readonly string[] =>
  RULES.filter(filterOf(text) ?? (() => true)).map(({ id }) => id)

test('words are looked for wherever a rule has them, and all must be there', () => {
  expect(found('')).toEqual(['api', 'orders', 'blog'])
  expect(found('EXAMPLE.com')).toEqual(['api', 'orders', 'blog'])
  expect(found('example.com post')).toEqual(['orders'])
  expect(found('x-old')).toEqual(['blog'])
  expect(found('rate_limit')).toEqual(['orders'])
})

test('a part is looked at alone where it is named', () => {
  expect(found('host:api.example')).toEqual(['api', 'orders'])
  expect(found('path:/v2')).toEqual(['api'])
  expect(found('backend:api')).toEqual(['api'])
  expect(found('method:post')).toEqual(['orders'])
  expect(found('middleware:rate')).toEqual(['orders'])
})

test('how they fare is asked by is:, and a minus leaves out', () => {
  expect(found('is:shadowed')).toEqual(['orders'])
  expect(found('is:never')).toEqual(['orders', 'blog'])
  expect(found('is:never -is:shadowed')).toEqual(['blog'])
  expect(found('-host:api')).toEqual(['blog'])
  expect(found('is:nonsense')).toEqual([])
})

test('a word that is being typed does not empty the list', () => {
  expect(found('is:')).toEqual(['api', 'orders', 'blog'])
  expect(found('host:')).toEqual(['api', 'orders', 'blog'])
})
