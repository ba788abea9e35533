// What the control socket answers: lists allocations of TURN, ends one, says why a peer is refused.
import { mkdirSync } from 'node:fs'
import { dirname } from 'node:path'
import type { ControlFacts } from '../control/control-socket.ts'
import { parseAddress } from '../lib/ranges.ts'
import type { Question } from '../turn/messages.ts'
import { problemAnswer } from './problem.ts'

/** These requests have no body. */
const BODY_BYTES_MAX = 1024

export interface ControlSocketOptions extends ControlFacts {
  /** A Unix socket that is not there yet. */
  readonly path: string
}

/** Opens the control socket, for this user alone. Throws when it cannot. */
export function startControlSocket(options: ControlSocketOptions): { stop(): void } {
  mkdirSync(dirname(options.path), { recursive: true, mode: 0o700 })
  const mask = process.umask(0o177)
  try {
    const server = Bun.serve({
      unix: options.path,
      maxRequestBodySize: BODY_BYTES_MAX,
      development: false,
      fetch: (request) => answer(request, options),
      error: () => problemAnswer(500, 'The gateway could not make this answer.'),
    })
    return { stop: () => void server.stop(true) }
  } finally {
    process.umask(mask)
  }
}

const ALLOCATIONS = '/api/v1/turn/allocations'
const PEERS = '/api/v1/turn/peers/'

async function answer(request: Request, facts: ControlFacts): Promise<Response> {
  const { pathname, searchParams } = new URL(request.url)
  const { method } = request
  if (pathname === ALLOCATIONS) return method === 'GET' ? list(facts) : notAllowed('GET')
  const id = behind(`${ALLOCATIONS}/`, pathname)
  if (id !== null) return method === 'DELETE' ? end(id, facts) : notAllowed('DELETE')
  const peer = behind(PEERS, pathname)
  if (peer !== null)
    return method === 'GET' ? explain(peer, searchParams.get('listener'), facts) : notAllowed('GET')
  return problemAnswer(404, `There is nothing at ${pathname}.`)
}

async function list(facts: ControlFacts): Promise<Response> {
  return asked(facts, { ask: 'list' }, (allocations) => json(allocations))
}

async function end(allocation: string, facts: ControlFacts): Promise<Response> {
  return asked(facts, { ask: 'end', allocation }, (wasThere) =>
    wasThere === true
      ? new Response(null, { status: 204 })
      : problemAnswer(404, `There is no allocation ${allocation}.`),
  )
}

async function explain(peer: string, listener: string | null, facts: ControlFacts): Promise<Response> {
  if (!parseAddress(hostOf(peer))) return problemAnswer(400, `${peer} is not an IP address.`)
  const known = facts.listeners()
  if (listener !== null && !known.includes(listener))
    return problemAnswer(404, `There is no turn listener ${listener}; there are: ${known.join(', ')}.`)
  return asked(facts, { ask: 'explain', listener, peer }, (verdicts) => json(verdicts))
}

async function asked(
  { ask }: ControlFacts,
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

const notAllowed = (allowed: string): Response =>
  problemAnswer(405, `Only ${allowed} is served here.`, { Allow: allowed })

const json = (document: unknown): Response =>
  new Response(`${JSON.stringify(document)}\n`, {
    headers: { 'Content-Type': 'application/json', 'Cache-Control': 'no-store' },
  })
