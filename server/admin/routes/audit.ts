// The audit: who changed what, from where, and who tried to.
import { Type } from '@sinclair/typebox'
import type { ControlFacts } from '../../control/facts.ts'
import { withStore } from '../auth/with-store.ts'
import { jsonAnswer, problem } from '../problem.ts'
import type { Route } from '../route.ts'
import { AUDITED } from './request-schemas.ts'

const LIMIT_MAX = 500
const LIMIT = 100
const text = (description: string) => Type.Optional(Type.String({ description }))
const Query = Type.Object(
  {
    limit: text(`Entries of a page, at most ${LIMIT_MAX}; default ${LIMIT}.`),
    cursor: text('`next_cursor` of the page before.'),
    since: text('From this time on (RFC 3339).'),
    until: text('Before this time.'),
    actor: text('The name of who did it.'),
    action: text('As users.create, or users for all of them.'),
    resource: text('As backends/api, with what is below it.'),
  },
  { additionalProperties: false },
)
const Page = Type.Object({
  items: Type.Array(AUDITED),
  next_cursor: Type.Union([Type.String(), Type.Null()]),
})

export const auditRoutes = (facts: Pick<ControlFacts, 'store'>): readonly Route[] => [
  {
    ...{ method: 'GET', path: '/api/v1/audit', permission: 'administer', tag: 'Access', query: Query },
    summary: 'What was changed, by whom and from where; failed sign-ins as well',
    answers: { 200: { description: 'A page, the newest first.', schema: Page } },
    answer: ({ query }) =>
      withStore(facts, ({ audit }) => {
        const [limit, before] = [numberIn(query, 'limit') ?? LIMIT, numberIn(query, 'cursor')]
        const [sinceMs, untilMs] = [timeIn(query, 'since'), timeIn(query, 'until')]
        if (Number.isNaN(limit) || limit < 1 || limit > LIMIT_MAX)
          return odd('limit', `a number from 1 to ${LIMIT_MAX}`)
        if (Number.isNaN(before)) return odd('cursor', 'what a page gave as next_cursor')
        if (Number.isNaN(sinceMs)) return odd('since', 'a time as 2026-01-02T03:04:05Z')
        if (Number.isNaN(untilMs)) return odd('until', 'a time as 2026-01-02T03:04:05Z')
        const words = {
          actor: query.get('actor'),
          action: query.get('action'),
          resource: query.get('resource'),
        }
        // One more tells whether there is another page.
        const found = audit.list({ ...words, before, limit: limit + 1, sinceMs, untilMs })
        const items = found.slice(0, limit)
        const last = found.length > limit ? items.at(-1) : undefined
        return jsonAnswer({ items, next_cursor: last === undefined ? null : String(last.id) })
      }),
  },
]

/** Null: it is not there; NaN: it is no whole number. */
function numberIn(query: URLSearchParams, name: string): number | null {
  const word = query.get(name)
  return word === null ? null : /^[0-9]{1,15}$/.test(word) ? Number(word) : Number.NaN
}

function timeIn(query: URLSearchParams, name: string): number | null {
  const word = query.get(name)
  return word === null ? null : Date.parse(word)
}

const odd = (parameter: string, allowed: string): Response =>
  problem('query_invalid', `${parameter} is not understood: allowed is ${allowed}.`, {
    errors: [{ parameter, code: 'invalid', message: `allowed is ${allowed}` }],
  })
