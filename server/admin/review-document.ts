// What a change would do, as answers have it.
import { Type } from '@sinclair/typebox'
import type { Review } from '../control/change/review.ts'

const DIFFERENCE = Type.Object({
  kind: Type.String({ description: 'added, removed, changed or moved.' }),
  what: Type.String(),
  path: Type.String(),
  before: Type.Union([Type.String(), Type.Null()]),
  after: Type.Union([Type.String(), Type.Null()]),
  words: Type.String(),
})

/** Of two texts. */
export const REVIEW = Type.Object({
  diff: Type.Optional(Type.String({ description: 'Unified; for editors, as the texts may hold secrets.' })),
  diff_cut: Type.Boolean({ description: 'It is longer than what is shown.' }),
  lines: Type.Object({ removed: Type.Integer(), added: Type.Integer() }),
  changes: Type.Array(DIFFERENCE),
  changes_left_out: Type.Integer(),
  impact: Type.Unknown({ description: 'Addresses, servers, affinity, workers and the admin listener.' }),
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
      replay: Type.Optional(
        Type.Unknown({ description: 'Of the last requests those that would go elsewhere.' }),
      ),
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
