// What the control socket answers to commands of the same user: health and metrics, changes of the config, a
// stop, and what belongs to TURN.
import { mkdirSync } from 'node:fs'
import { dirname } from 'node:path'
import type { ControlFacts } from '../control/facts.ts'
import { certificateAnswer } from './certificate-answers.ts'
import { configAnswer } from './config-answers.ts'
import { jsonAnswer, notAllowed, problemAnswer } from './problem.ts'
import { turnAnswer } from './turn-answers.ts'

/** A config file, and a little more: then the answer can say that it is too large. */
const BODY_BYTES_MAX = 17 * 1024 * 1024
/**
 * A reload may take longer than Bun waits by itself: workers have ten seconds to answer, and replacements are
 * started. In seconds.
 */
const IDLE_S = 60

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
      // The types of Bun know it for ports only.
      ...({ idleTimeout: IDLE_S } as object),
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

type Answer = (facts: ControlFacts) => Response | Promise<Response>

/** By path: the one method that it takes, and what it answers. */
const ANSWERS: Readonly<Record<string, readonly [method: string, answer: Answer]>> = {
  '/_health': ['GET', (facts) => healthAnswer(facts)],
  '/_metrics': ['GET', (facts) => jsonAnswer(facts.metrics())],
  '/api/v1/stop': ['POST', (facts) => jsonAnswer(facts.stop(), 202)],
}

async function answer(request: Request, facts: ControlFacts): Promise<Response> {
  const { pathname } = new URL(request.url)
  const [method, make] = Object.hasOwn(ANSWERS, pathname) ? (ANSWERS[pathname] ?? []) : []
  if (method !== undefined && make !== undefined)
    return request.method === method ? make(facts) : notAllowed(method)
  return (
    (await configAnswer(request, facts)) ??
    certificateAnswer(request, facts) ??
    (await turnAnswer(request, facts)) ??
    problemAnswer(404, `There is nothing at ${pathname}.`)
  )
}

function healthAnswer({ health }: ControlFacts): Response {
  const document = health()
  return jsonAnswer(document, document.healthy ? 200 : 503)
}
