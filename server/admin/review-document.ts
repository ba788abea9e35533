// What a change would do, as answers have it.
import { type TSchema, Type } from '@sinclair/typebox'
import type { Review } from '../control/change/review.ts'
import { UNWRITTEN } from './refused-text.ts'

const DIFFERENCE = Type.Object({
  kind: Type.String({ description: 'added, removed, changed or moved.' }),
  what: Type.String(),
  path: Type.String(),
  before: Type.Union([Type.String(), Type.Null()]),
  after: Type.Union([Type.String(), Type.Null()]),
  words: Type.String(),
})

const nullable = <T extends TSchema>(schema: T) => Type.Union([schema, Type.Null()])
const words = (...all: readonly string[]) => Type.Union(all.map((word) => Type.Literal(word)))

const IMPACT = Type.Object(
  {
    listeners: Type.Array(
      Type.Object({
        listener: Type.String(),
        what: words('opens', 'moves', 'closes', 'takes_over'),
        opened: Type.Array(Type.String()),
        closed: Type.Array(Type.String()),
        taken_over: Type.Array(Type.Object({ address: Type.String(), from: Type.String() })),
      }),
    ),
    servers: Type.Array(
      Type.Object({
        backend: Type.String(),
        server: Type.String(),
        what: words('added', 'removed'),
        in_flight: Type.Integer({ description: 'That goes on to its end.' }),
      }),
    ),
    affinity: Type.Array(Type.String(), {
      description: 'Backends whose clients may meet another server than before.',
    }),
    workers: nullable(Type.Object({ before: Type.Integer(), after: Type.Integer() })),
    admin: nullable(Type.Object({ before: nullable(Type.String()), after: nullable(Type.String()) })),
    words: Type.Array(Type.String(), { description: 'The same for people, a line each.' }),
  },
  { title: 'Impact' },
)

const WAY = Type.Object(
  {
    rule: nullable(Type.String()),
    to: Type.String({ description: '"backend api", "respond 204", "404 no_rule".' }),
    middleware: Type.Array(Type.String()),
  },
  { title: 'Way' },
)

/** What becomes of requests that were served. */
const REPLAY = Type.Object(
  {
    requests: Type.Integer({ description: 'That were looked at.' }),
    changed: Type.Integer({ description: 'Of those, that would go elsewhere or pass other middleware.' }),
    skipped: Type.Integer({ description: 'That could not be looked at.' }),
    differences: Type.Array(
      Type.Object({
        method: Type.String(),
        host: Type.String(),
        path: Type.String(),
        listener: Type.String(),
        client: nullable(Type.String()),
        requests: Type.Integer({ description: 'So many are alike.' }),
        changes: Type.Array(words('rule', 'destination', 'middleware')),
        before: WAY,
        after: WAY,
      }),
    ),
    left_out: Type.Integer(),
  },
  { title: 'Replayed' },
)

/** Of two texts. */
export const REVIEW = Type.Object({
  diff: Type.Optional(Type.String({ description: 'Unified; for editors, as the texts may hold secrets.' })),
  diff_cut: Type.Boolean({ description: 'It is longer than what is shown.' }),
  lines: Type.Object({ removed: Type.Integer(), added: Type.Integer() }),
  changes: Type.Array(DIFFERENCE),
  changes_left_out: Type.Integer(),
  impact: nullable(IMPACT),
})
/** What a dry run tells. */
export const TRIED = Type.Composite(
  [
    Type.Object({
      dry_run: Type.Literal(true),
      changed: Type.Optional(Type.Boolean({ description: 'The text would be another one.' })),
      text: Type.Optional(
        Type.String({ description: 'That the file would have; for editors, as it may hold secrets.' }),
      ),
      hash: Type.String({ description: 'Of that text.' }),
      base: Type.Object(
        { revision: Type.Optional(Type.Integer()), hash: Type.Optional(Type.String()) },
        { description: 'What is served: If-Match with this hash makes the change of nothing else.' },
      ),
      reformatted: Type.Optional(
        Type.Boolean({ description: 'A part of the file is written anew as a whole, with its comments.' }),
      ),
      warnings: Type.Array(Type.String()),
      not_writable: Type.Optional(UNWRITTEN),
      replay: Type.Optional(REPLAY),
    }),
    Type.Partial(REVIEW),
  ],
  { title: 'Tried' },
)

/** A review as documents have it. */
export function reviewDocument(review: Review, hasTexts: boolean): object {
  const { diff, isDiffCut, lines, changes, leftOut, impact } = review
  return {
    ...(hasTexts && { diff }),
    diff_cut: isDiffCut,
    lines: { removed: lines.went, added: lines.came },
    changes,
    changes_left_out: leftOut,
    impact,
  }
}
