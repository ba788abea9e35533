// What the control socket answers of TURN: lists allocations, ends one, says why a peer is refused.
import type { ControlFacts } from '../control/facts.ts'
import { parseAddress } from '../lib/ip-address.ts'
import type { Question } from '../turn/messages.ts'
import { jsonAnswer, notAllowed, problemAnswer } from './problem.ts'

const TURN = '/api/v1/turn/'
const ALLOCATIONS = `${TURN}allocations`
const PEERS = `${TURN}peers/`

type TurnFacts = Pick<ControlFacts, 'ask' | 'listeners'>

/** Answers a question about TURN; null: it is none. */
export async function turnAnswer(request: Request, facts: TurnFacts): Promise<Response | null> {
  const { pathname, searchParams } = new URL(request.url)
  const { method } = request
  if (!pathname.startsWith(TURN)) return null
  if (facts.listeners().length === 0) return problemAnswer(404, 'This gateway has no turn listener.')
  if (pathname === ALLOCATIONS) return method === 'GET' ? list(facts) : notAllowed('GET')
  const id = behind(`${ALLOCATIONS}/`, pathname)
  if (id !== null) return method === 'DELETE' ? end(id, facts) : notAllowed('DELETE')
  const peer = behind(PEERS, pathname)
  if (peer !== null)
    return method === 'GET' ? explain(peer, searchParams.get('listener'), facts) : notAllowed('GET')
  return null
}

async function list(facts: TurnFacts): Promise<Response> {
  return asked(facts, { ask: 'list' }, (allocations) => jsonAnswer(allocations))
}

async function end(allocation: string, facts: TurnFacts): Promise<Response> {
  return asked(facts, { ask: 'end', allocation }, (wasThere) =>
    wasThere === true
      ? new Response(null, { status: 204 })
      : problemAnswer(404, `There is no allocation ${allocation}.`),
  )
}

async function explain(peer: string, listener: string | null, facts: TurnFacts): Promise<Response> {
  if (!parseAddress(hostOf(peer))) return problemAnswer(400, `${peer} is not an IP address.`)
  const known = facts.listeners()
  if (listener !== null && !known.includes(listener))
    return problemAnswer(404, `There is no turn listener ${listener}; there are: ${known.join(', ')}.`)
  return asked(facts, { ask: 'explain', listener, peer }, (verdicts) => jsonAnswer(verdicts))
}

async function asked(
  { ask }: TurnFacts,
  question: Question,
  answer: (found: unknown) => Response,
): Promise<Response> {
  try {
    return answer(await ask(question))
  } catch (error) {
    return problemAnswer(503, error instanceof Error ? error.message : String(error))
  }
}

/** What stands behind a prefix; null: that is not how the path begins, or nothing does. */
function behind(prefix: string, path: string): string | null {
  if (!path.startsWith(prefix) || path.length === prefix.length) return null
  try {
    return decodeURIComponent(path.slice(prefix.length))
  } catch {
    return null
  }
}

/** Of `192.0.2.1:80` and `[2001:db8::1]:80`; an address without a port is itself. */
function hostOf(peer: string): string {
  return /^\[(.*)\](?::\d+)?$/.exec(peer)?.[1] ?? /^([^:]*):\d+$/.exec(peer)?.[1] ?? peer
}
