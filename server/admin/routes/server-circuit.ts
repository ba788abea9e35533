// The breaker of a server, opened and closed by hand.
import { type Static, Type } from '@sinclair/typebox'
import type { CircuitWanted } from '../../control/circuit-news.ts'
import type { ServerDesk } from '../../control/facts.ts'
import type { ServerDocument } from '../../control/order-desk.ts'
import { calledOf } from '../../control/store/principal.ts'
import { noteForAudit } from '../audit-notes.ts'
import { problem } from '../problem.ts'
import type { Asked } from '../route.ts'
import { endOf, Reason, times } from './server-words.ts'

export const CircuitBody = Type.Object(
  {
    state: Type.Union(
      (['open', 'closed', 'auto'] as const).map((word) => Type.Literal(word)),
      {
        description:
          'open: it lets nothing through; closed: it does not open, whatever fails; auto: as attempts fare from now on, with nothing remembered.',
      },
    ),
    reason: Type.Optional(Reason),
    ...times,
  },
  { additionalProperties: false },
)

/** Orders it; the server as it is then. */
export async function orderCircuit(
  desk: ServerDesk,
  [backend, server]: readonly [backend: string, server: string],
  asked: Asked,
): Promise<ServerDocument | Response> {
  const wanted = circuitWanted(asked, Date.now())
  if (wanted instanceof Response) return wanted
  const before = desk.document(backend, server)?.circuit ?? null
  if (before === null)
    return problem('conflict', `Server "${server}" has no breaker.`, {
      hint: `write "circuit_breaker" beside the servers of backend "${backend}"`,
    })
  const after = await desk.orderCircuit(backend, server, wanted)
  if (after === null) return problem('not_found', 'The config names this server no more.')
  noteForAudit(asked.request, { before: shortOf(before), after: shortOf(after.circuit) })
  if (after.circuit?.mode !== 'shadow' || wanted.state !== 'open') return after
  const shadow = 'its breaker is in shadow mode: the server gets work all the same'
  return { ...after, warnings: [...(after.warnings ?? []), shadow] }
}

const shortOf = (circuit: ServerDocument['circuit']): object => ({
  state: circuit?.state ?? null,
  ordered: circuit?.ordered ?? null,
})

function circuitWanted({ body, who }: Asked, nowMs: number): CircuitWanted | Response {
  const { state, reason, until, for: lasting } = body as Static<typeof CircuitBody>
  const untilMs = endOf(until, lasting, nowMs)
  if (untilMs instanceof Response) return untilMs
  if (state === 'auto' && untilMs !== null)
    return problem('body_invalid', '"auto" is how it is without an order: it has no end.')
  return {
    state,
    reason: reason === undefined || reason === '' ? null : reason,
    by: calledOf(who),
    sinceMs: nowMs,
    untilMs,
  }
}
