// TURN: lists allocations, ends one, says why a peer is refused.
import { Type } from '@sinclair/typebox'
import type { ControlFacts } from '../../control/facts.ts'
import { parseAddress } from '../../lib/ip-address.ts'
import type { Question } from '../../turn/messages.ts'
import { jsonAnswer, problem } from '../problem.ts'
import { param, type Asked, type Route } from '../route.ts'

type TurnFacts = Pick<ControlFacts, 'ask' | 'listeners'>

export function turnRoutes(facts: TurnFacts): readonly Route[] {
  const view = { method: 'GET', permission: 'view', tag: 'TURN' } as const
  const allocations = '/api/v1/turn/allocations'
  return [
    {
      ...view,
      path: allocations,
      summary: 'Allocations that there are',
      answers: {
        200: { description: 'Each with its client and peers.', schema: Type.Array(Type.Unknown()) },
      },
      answer: () => asked(facts, { ask: 'list' }, (found) => jsonAnswer(found)),
    },
    {
      ...view,
      method: 'DELETE',
      path: `${allocations}/{allocation}`,
      permission: 'operate',
      summary: 'End an allocation',
      answers: { 204: { description: 'It has ended.' }, 404: { description: 'There is none of that id.' } },
      answer: (wish) => end(param(wish, 'allocation'), facts),
    },
    {
      ...view,
      path: '/api/v1/turn/peers/{peer}',
      summary: 'Whether a peer may be relayed to, and why not',
      query: Type.Object({ listener: Type.Optional(Type.String()) }, { additionalProperties: false }),
      answers: {
        200: { description: 'What each listener says.', schema: Type.Array(Type.Unknown()) },
        400: { description: 'It is no IP address.' },
      },
      answer: (wish) => explain(wish, facts),
    },
  ]
}

const end = (allocation: string, facts: TurnFacts): Promise<Response> =>
  asked(facts, { ask: 'end', allocation }, (wasThere) =>
    wasThere === true
      ? new Response(null, { status: 204 })
      : problem('not_found', `There is no allocation ${allocation}.`),
  )

async function explain(wish: Asked, facts: TurnFacts): Promise<Response> {
  const [peer, listener] = [param(wish, 'peer'), wish.query.get('listener')]
  const known = facts.listeners()
  if (known.length === 0) return noListener()
  if (!parseAddress(hostOf(peer))) return problem('bad_request', `${peer} is not an IP address.`)
  if (listener !== null && !known.includes(listener))
    return problem('not_found', `There is no turn listener ${listener}; there are: ${known.join(', ')}.`)
  return asked(facts, { ask: 'explain', listener, peer }, (verdicts) => jsonAnswer(verdicts))
}

const noListener = (): Response => problem('not_found', 'This gateway has no turn listener.')

async function asked(
  { ask, listeners }: TurnFacts,
  question: Question,
  answer: (found: unknown) => Response,
): Promise<Response> {
  if (listeners().length === 0) return noListener()
  try {
    return answer(await ask(question))
  } catch (error) {
    return problem('relay_unavailable', error instanceof Error ? error.message : String(error))
  }
}

/** Of `192.0.2.1:80` and `[2001:db8::1]:80`; an address without a port is itself. */
function hostOf(peer: string): string {
  return /^\[(.*)\](?::\d+)?$/.exec(peer)?.[1] ?? /^([^:]*):\d+$/.exec(peer)?.[1] ?? peer
}
