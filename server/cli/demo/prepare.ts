// What a gateway that has run for a while has, and a new one lacks: somebody who may sign in, orders of
// servers with their reasons, a change in the history.
import { randomWord } from '../../control/store/secrets.ts'
import { linkPath } from '../../control/store/sign-in-links.ts'
import { askGateway, findGateway } from '../gateway.ts'
import type { Io } from '../io.ts'

export const DEMO_USER = 'demo'
const PASSWORD_CHARS = 16

/** How somebody gets in. */
export interface WayIn {
  /** Behind the address of the admin listener. */
  readonly linkPath: string
  readonly password: string
}

interface Step {
  readonly method: string
  readonly path: string
  readonly body: object
}

const ORDERS: readonly Step[] = [
  {
    ...{ method: 'PUT', path: 'backends/live/servers/live-2/state' },
    body: { admin: 'drain', reason: 'moves to another rack', for: '4h' },
  },
  {
    ...{ method: 'PUT', path: 'backends/shop/servers/shop-4/state' },
    body: { admin: 'maintenance', reason: 'kernel update', for: '2h' },
  },
  {
    ...{ method: 'PATCH', path: 'backends/shop/servers/shop-1?message=shop-1%20has%20twice%20the%20cores' },
    body: { weight: 2 },
  },
]

/** By the control socket of the gateway, which asks for no token. Throws what went wrong, in words. */
export async function prepare(file: string, io: Io): Promise<WayIn> {
  const password = randomWord(PASSWORD_CHARS)
  const ask = askerOf(file, io)
  await ask({ method: 'POST', path: 'users', body: { name: DEMO_USER, role: 'admin', password } })
  for (const step of ORDERS) await ask(step)
  const link = await ask({ method: 'POST', path: 'auth/links', body: { user: DEMO_USER, lasts: '24h' } })
  return { linkPath: linkPath(String((link as { token?: unknown }).token)), password }
}

function askerOf(file: string, io: Io): (step: Step) => Promise<unknown> {
  const found = findGateway('demo', file, io)
  const gateway = { ...found, ways: found.ways.filter((way) => 'unix' in way) }
  return async ({ method, path, body }) => {
    const type = method === 'PATCH' ? 'application/merge-patch+json' : 'application/json'
    const headers = { 'Content-Type': type, 'If-Match': '*' }
    const bytes = new TextEncoder().encode(JSON.stringify(body))
    const answer = await askGateway(
      gateway,
      { method, path: `/api/v1/${path}`, headers, body: bytes, timeoutMs: 15_000 },
      io,
    )
    if (answer === null || answer.status >= 300)
      throw new Error(
        `${method} ${path} was answered ${answer?.status ?? 'by nobody'}: ${answer?.text ?? ''}`,
      )
    return answer.body
  }
}
