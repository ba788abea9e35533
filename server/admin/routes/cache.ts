// What the caches of rules have stored, and purges.
import { type Static, Type } from '@sinclair/typebox'
import { type Purge, readPurge } from '../../cache/purge.ts'
import type { ControlFacts } from '../../control/facts.ts'
import { jsonAnswer, problem } from '../problem.ts'
import type { Asked, Route } from '../route.ts'

const count = (description: string) => Type.Integer({ description })
const silent = Type.Array(Type.Integer(), {
  description: 'Process ids of workers that did not answer in time.',
})

const CACHE = Type.Object(
  {
    memory: count('Bytes that all workers together may use: cache.memory.'),
    entries: count('Answers that are stored.'),
    bytes: count('Memory that they take.'),
    workers: Type.Array(
      Type.Object({
        worker: count('Process id.'),
        entries: count('Answers that it has stored.'),
        bytes: count('Memory that they take.'),
        stored: count('Answers that were stored since it started.'),
        evicted: count('That made room for others.'),
        purged: count('That were taken out by purges, or as requests had changed what they tell.'),
      }),
    ),
    rules: Type.Array(
      Type.Object({
        rule: Type.String(),
        requests: Type.Record(Type.String(), Type.Integer(), {
          description:
            'Since the start of the gateway, by what the cache did: hit, collapsed, stale, revalidated, miss, bypass.',
        }),
      }),
    ),
    silent,
  },
  { title: 'Cache' },
)

const NAMES_MAX = 1000

const PURGE = Type.Object(
  {
    urls: Type.Optional(
      Type.Array(Type.String({ minLength: 1, maxLength: 8192 }), {
        maxItems: NAMES_MAX,
        description:
          '"https://example.org/a?b=1", "example.org/a", or "/a" of every host; with "*" at the end all that begins so. Scheme and port name nothing.',
      }),
    ),
    tags: Type.Optional(
      Type.Array(Type.String({ minLength: 1, maxLength: 256 }), {
        maxItems: NAMES_MAX,
        description: 'Tags that servers have named in Surrogate-Key or Cache-Tag.',
      }),
    ),
    rules: Type.Optional(
      Type.Array(Type.String({ minLength: 1, maxLength: 63 }), {
        maxItems: NAMES_MAX,
        description: 'All that is stored for these rules.',
      }),
    ),
    all: Type.Optional(Type.Boolean({ description: 'All there is.' })),
  },
  { additionalProperties: false, minProperties: 1 },
)

const PURGED = Type.Object(
  { removed: count('Answers that were taken out, at all workers together.'), silent },
  { title: 'Purged' },
)

export const cacheRoutes = ({ traffic }: Pick<ControlFacts, 'traffic'>): readonly Route[] => [
  {
    ...{ method: 'GET', path: '/api/v1/cache', permission: 'view', tag: 'Cache' },
    summary: 'What the caches of rules have stored',
    answers: { 200: { description: 'As of now.', schema: CACHE } },
    answer: async () => jsonAnswer(await traffic.cache()),
  },
  {
    ...{ method: 'POST', path: '/api/v1/cache/purge', permission: 'operate', tag: 'Cache' },
    summary: 'Take answers out of all caches, so that servers are asked anew',
    body: PURGE,
    answers: {
      200: { description: 'They are out, at all workers that answered.', schema: PURGED },
      422: { description: 'Something is no URL and no path.' },
    },
    answer: (asked) => purge(asked, traffic),
  },
]

async function purge({ body }: Asked, traffic: ControlFacts['traffic']): Promise<Response> {
  const { urls = [], tags = [], rules = [], all = false } = body as Static<typeof PURGE>
  const places = urls.map((text) => ({ text, purge: readPurge(text) }))
  const wrong = places.find((one) => one.purge === null)
  if (wrong !== undefined)
    return problem(
      'body_invalid',
      `${JSON.stringify(wrong.text.slice(0, 100))} is no URL and no path: write "https://example.org/a", "example.org/a", "/a", or "/a*" for all that begins so.`,
    )
  const purges: Purge[] = [
    ...places.flatMap((one) => one.purge ?? []),
    ...tags.map((tag) => ({ is: 'tag', tag }) as const),
    ...rules.map((rule) => ({ is: 'rule', rule }) as const),
    ...(all ? ([{ is: 'all' }] as const) : []),
  ]
  return jsonAnswer(await traffic.purge(purges))
}
