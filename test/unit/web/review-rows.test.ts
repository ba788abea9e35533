import { describe, expect, test } from 'bun:test'
import type { Change } from '../../../web/data/change.ts'
import { type Difference, reviewRows, wordsOf } from '../../../web/data/review-rows.ts'

const changed = (what: string, path: string, before: string, after: string): Difference => ({
  kind: 'changed',
  ...{ what, path, before, after },
  words: `${what}: ${path.split('.').at(-1)} ${before} → ${after}`,
})
const update = (resource: string, patch: Record<string, unknown>): Change => ({
  op: 'update',
  ...{ resource, patch, etag: '"1"', base: {} },
})

test('a resource is called as the gateway calls it', () => {
  expect(wordsOf('backends/api/servers/http%3A%2F%2Fa%3A80')).toBe('server http://a:80 of backend api')
  expect(wordsOf('rules/all')).toBe('rule all')
})

describe('rows', () => {
  test('each has the differences that come of its change', () => {
    const server = update('backends/api/servers/api-1', { weight: 5 })
    const rule = update('rules/api', { backend: 'b', match: { path: '/v2' } })
    const rows = reviewRows(
      [server, rule],
      [
        changed('server api-1 of backend api', 'backends.api.servers[0].weight', '3', '5'),
        changed('rule api', 'rules[0].match.path', 'none', '/v2'),
        changed('rule api', 'rules[0].backend', 'a', 'b'),
      ],
    )
    expect(rows.map(({ change, lines }) => [change, lines.map(({ name, field }) => [name, field])])).toEqual([
      [server, [['weight', ['weight']]]],
      [
        rule,
        [
          ['path', ['match', 'path']],
          ['backend', ['backend']],
        ],
      ],
    ])
  })

  test('what is of a part of it belongs to it unless that part has a row of its own', () => {
    const backend = update('backends/api', { algorithm: 'random' })
    const server = update('backends/api/servers/b', { weight: 2 })
    const of = (name: string): Difference =>
      changed(`server ${name} of backend api`, 'backends.api.servers[0].weight', '1', '2')
    const rows = reviewRows([backend, server], [of('a'), of('b')])
    expect(rows.map(({ lines }) => lines.map(({ difference }) => difference.what))).toEqual([
      ['server a of backend api'],
      ['server b of backend api'],
    ])
  })

  test('what follows from others stands at the end', () => {
    const rows = reviewRows([], [changed('backend x', 'backends.x.algorithm', 'a', 'b')])
    expect(rows).toMatchObject([{ change: null, lines: [{ name: 'algorithm' }] }])
  })

  test('one that gets another name has what is told of both names', () => {
    const rename = update('rules/old', { name: 'new' })
    const bare = (kind: string, what: string): Difference => ({
      ...{ kind, what, path: 'rules[0]', before: null, after: null, words: `${what}: ${kind}` },
    })
    const rows = reviewRows([rename], [bare('removed', 'rule old'), bare('added', 'rule new')])
    expect(rows).toHaveLength(1)
    expect(rows[0]?.lines).toHaveLength(2)
  })
})
