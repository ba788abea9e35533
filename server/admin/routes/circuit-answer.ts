// The breaker of a server, as OpenAPI describes it.
import { Type } from '@sinclair/typebox'

const Text = Type.Union([Type.String(), Type.Null()])
const Time = Type.String({ format: 'date-time' })

const Counts = { requests: Type.Integer(), failed: Type.Integer(), slow: Type.Integer() }

export const Circuit = Type.Object(
  {
    state: Type.String({ description: 'closed, open or half_open.' }),
    mode: Type.String({ description: 'enforce, or shadow: then everybody passes.' }),
    since: Type.Union([Time, Type.Null()], { description: 'null: it was never open.' }),
    reason: Type.Union([Type.String(), Type.Null()], { description: 'Why it is not closed.' }),
    half_open_at: Type.Union([Time, Type.Null()], {
      description: 'When it will be half-open; null: it is not open, or a person keeps it so.',
    }),
    window: Type.Object(Counts, { description: 'Attempts that it looks at now.' }),
    failed_in_a_row: Type.Integer({ description: 'Counted where "failures" is configured.' }),
    let_through: Type.Integer({ description: 'Attempts under way that it let through while half-open.' }),
    half_open_requests: Type.Integer({ description: 'How many those may be at once.' }),
    went_well: Type.Integer({ description: 'Of those that it let through, since it is half-open.' }),
    half_open_successes: Type.Integer({ description: 'How many close it.' }),
    opening: Type.Union(
      [
        Type.Object({
          reason: Type.String({
            description: 'failure_ratio, failures_in_a_row, slow, half_open, manual or unknown.',
          }),
          ...Counts,
          failed_in_a_row: Type.Integer(),
          open_ms: Type.Integer({ description: 'How long it stays open.' }),
          times: Type.Integer({ description: 'How often it opened since it was closed for long.' }),
        }),
        Type.Null(),
      ],
      { description: 'The last one, with the figures of that moment; null: none yet.' },
    ),
    openings: Type.Integer({ description: 'Ever.' }),
    held_back: Type.Integer({
      description: 'How often it stayed closed as too many servers were out (max_out).',
    }),
    ordered: Type.Union(
      [
        Type.Object({
          state: Type.String({ description: 'open or closed.' }),
          by: Type.String(),
          reason: Text,
          since: Time,
          until: Type.Union([Time, Type.Null()]),
        }),
        Type.Null(),
      ],
      { description: 'By hand; null: nothing.' },
    ),
  },
  { title: 'Circuit' },
)
