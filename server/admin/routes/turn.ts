// TURN: lists allocations, ends one, says why a peer is refused.
import { Type } from '@sinclair/typebox'
import type { ControlFacts } from '../../control/facts.ts'
import { parseAddress } from '../../lib/ip-address.ts'
import type { AllocationFacts, Question } from '../../turn/messages.ts'
import { jsonAnswer, problem } from '../problem.ts'
import { param, type Asked, type Route } from '../route.ts'

const ALLOCATIONS_QUERY = Type.Object(
  {
    listener: Type.Optional(Type.String({ maxLength: 64 })),
    user: Type.Optional(Type.String({ maxLength: 508, description: 'Only those whose user contains this.' })),
    address: Type.Optional(
      Type.String({
        maxLength: 64,
        description: 'Only those of which the client, a relayed address or a peer contains this.',
      }),
    ),
    limit: Type.Optional(
      Type.String({ pattern: '^[1-9][0-9]{0,5}$', allowed: 'a number from 1', description: 'The busiest.' }),
    ),
  },
  { additionalProperties: false },
)

const PEER = Type.Object({
  address: Type.String(),
  channel: Type.Union([Type.Integer(), Type.Null()]),
  expires_s: Type.Integer(),
})
const ALLOCATION = Type.Object(
  {
    id: Type.String(),
    listener: Type.String(),
    realm: Type.String(),
    user: Type.Union([Type.String(), Type.Null()], { description: 'Null: anybody.' }),
    client: Type.String(),
    transport: Type.String({ description: 'Of the client: udp, tcp or tls.' }),
    relays: Type.String({ description: 'Datagrams (udp), or TCP (tcp).' }),
    relayed: Type.Array(Type.String(), { description: 'As the client was told; one or two.' }),
    peers: Type.Array(PEER),
    bytes_to_peers: Type.Number(),
    bytes_to_client: Type.Number(),
    packets_to_peers: Type.Number(),
    packets_to_client: Type.Number(),
    dropped: Type.Number(),
    age_s: Type.Integer(),
    expires_s: Type.Integer(),
  },
  { title: 'Allocation' },
)

const VERDICT = Type.Object(
  {
    listener: Type.String(),
    peer: Type.String(),
    allowed: Type.Boolean(),
    why: Type.String({ description: 'A sentence, with what would let clients reach it.' }),
  },
  { title: 'PeerVerdict' },
)

type TurnFacts = Pick<ControlFacts, 'ask' | 'listeners'>

export function turnRoutes(facts: TurnFacts): readonly Route[] {
  const view = { method: 'GET', permission: 'view', tag: 'TURN' } as const
  const allocations = '/api/v1/turn/allocations'
  return [
    {
      ...view,
      path: allocations,
      summary: 'Allocations that there are',
      query: ALLOCATIONS_QUERY,
      answers: {
        200: { description: 'Each with its client and peers.', schema: Type.Array(ALLOCATION) },
      },
      answer: ({ query }) =>
        asked(facts, { ask: 'list' }, (found) =>
          jsonAnswer(wantedOf(found as readonly AllocationFacts[], query)),
        ),
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
        200: { description: 'What each listener says.', schema: Type.Array(VERDICT) },
        400: { description: 'It is no IP address.' },
      },
      answer: (wish) => explain(wish, facts),
    },
  ]
}

/** Of all of them those that a query names, the busiest first where not all are told. */
function wantedOf(all: readonly AllocationFacts[], query: URLSearchParams): readonly AllocationFacts[] {
  const [listener, user, address] = ['listener', 'user', 'address'].map((name) => query.get(name))
  const has = (text: string | null, part: string | null | undefined): boolean =>
    part === null || part === undefined || (text ?? '').includes(part)
  const found = all.filter(
    (one) =>
      (listener === null || one.listener === listener) &&
      has(one.user, user) &&
      (address === null ||
        [one.client, ...one.relayed, ...one.peers.map((peer) => peer.address)].some((at) =>
          has(at, address),
        )),
  )
  const limit = Number(query.get('limit') ?? Infinity)
  const bytes = (one: AllocationFacts): number => one.bytes_to_peers + one.bytes_to_client
  return found.length <= limit ? found : found.toSorted((a, b) => bytes(b) - bytes(a)).slice(0, limit)
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
