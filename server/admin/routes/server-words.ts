// What may be said of a server's state, and how it is read.
import { Type, type Static } from '@sinclair/typebox'
import type { Wanted } from '../../control/order-desk.ts'
import { REASON_MAX } from '../../control/orders/order.ts'
import { calledOf } from '../../control/store/principal.ts'
import { parseDuration } from '../../lib/durations.ts'
import { LINE } from '../plain-text.ts'
import { problem } from '../problem.ts'
import type { Asked } from '../route.ts'

export const Reason = Type.String({
  maxLength: REASON_MAX,
  pattern: LINE,
  allowed: `a line of at most ${REASON_MAX} characters`,
  description: 'Why, for whoever sees it later.',
})

/** When it ends by itself: one of the two at most. */
export const times = {
  until: Type.Optional(
    Type.String({ description: 'When it ends by itself, as RFC 3339: 2026-12-01T06:00:00Z.' }),
  ),
  for: Type.Optional(Type.String({ description: 'After how long it ends by itself: 10m, 1h30m.' })),
}

export const StateBody = Type.Object(
  {
    admin: Type.Optional(
      Type.Union(
        (['ready', 'drain', 'maintenance', 'maint'] as const).map((word) => Type.Literal(word)),
        {
          description:
            'drain: no new work, but what belongs to the server goes on; maintenance: no new work at all; ready: neither.',
        },
      ),
    ),
    weight: Type.Optional(
      Type.Union([Type.Integer({ minimum: 0, maximum: 1000 }), Type.Null()], {
        description: 'In place of that of the config; null: that one again.',
      }),
    ),
    reason: Type.Optional(Reason),
    ...times,
    end_connections: Type.Optional(
      Type.Boolean({
        description: 'End what is under way with the server at once, instead of waiting for it.',
      }),
    ),
  },
  { additionalProperties: false },
)

export const HealthBody = Type.Object(
  {
    health: Type.Union([Type.Literal('up'), Type.Literal('down'), Type.Null()], {
      description: 'How it is, whatever its checks say; null: what they say.',
    }),
    reason: Type.Optional(Reason),
    ...times,
  },
  { additionalProperties: false },
)

type Given = Static<typeof StateBody> & Partial<Static<typeof HealthBody>>

/** What a body asks for, or why it cannot be. */
export function wantedOf({ body, who }: Asked, nowMs: number): Wanted | Response {
  const { admin, weight, health, reason, until, for: lasting, end_connections } = body as Given
  const untilMs = endOf(until, lasting, nowMs)
  if (typeof untilMs === 'object' && untilMs !== null) return untilMs
  if (admin === undefined && weight === undefined && health === undefined)
    return problem('body_invalid', 'Nothing is asked for: give "admin", "weight" or both.')
  return {
    ...(admin !== undefined && { admin: admin === 'maint' ? 'maintenance' : admin }),
    ...(weight !== undefined && { weight }),
    ...(health !== undefined && { health }),
    reason: reason === undefined || reason === '' ? null : reason,
    by: calledOf(who),
    sinceMs: nowMs,
    untilMs,
    endsConnections: end_connections === true,
  }
}

/** Ms since 1970; null: it does not end by itself. */
export function endOf(
  until: string | undefined,
  lasting: string | undefined,
  nowMs: number,
): number | null | Response {
  if (until !== undefined && lasting !== undefined)
    return wrong('until', 'says when, and "for" how long: give one of them')
  if (lasting !== undefined) {
    const ms = parseDuration(lasting)
    return ms === null || ms === 0
      ? wrong('for', `found ${JSON.stringify(lasting)}, allowed is a duration such as 10m, up to 24d`)
      : nowMs + ms
  }
  if (until === undefined) return null
  const ms = /^\d{4}-\d\d-\d\d[Tt]\d\d:\d\d/.test(until) ? Date.parse(until) : Number.NaN
  if (Number.isNaN(ms))
    return wrong('until', `found ${JSON.stringify(until)}, allowed is a time such as 2026-12-01T06:00:00Z`)
  return ms <= nowMs ? wrong('until', `${until} is over already`) : ms
}

const wrong = (name: string, message: string): Response =>
  problem('body_invalid', `The body does not fit: /${name}: ${message}.`, {
    errors: [{ pointer: `/${name}`, code: 'invalid', message }],
  })
