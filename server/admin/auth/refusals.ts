// How the gateway says no to who asks.
import { StoreBusy, type StoreProblem } from '../../control/store/store-problem.ts'
import { isLoopback } from '../../lib/ip-address.ts'
import { BY_UNIX } from '../guard.ts'
import type { Refusal } from './authenticator.ts'
import { isSecure } from './cookies.ts'

/** RFC 6750 §3. */
export const challenge = (error?: string): Record<string, string> => ({
  'WWW-Authenticate': `Bearer realm="sluice"${error === undefined ? '' : `, error="${error}"`}`,
})

export const NOBODY: Refusal = {
  code: 'not_signed_in',
  detail: 'This needs a token, a sign-in, or the Unix socket in the data folder.',
  headers: challenge(),
}

/** Whether nobody on the way can read what is sent: by TLS, or within this machine. */
export const isUnseen = (request: Request, address: string): boolean =>
  isSecure(request) || isLoopback(address) || address === BY_UNIX

export const seenOnItsWay: Refusal = {
  code: 'tls_needed',
  detail: 'Passwords, tokens and cookies are taken by TLS only, or from this machine.',
}

export const tooMany = (waitMs: number, isRepeated = false): Refusal => ({
  code: 'too_many_attempts',
  detail: 'There were too many attempts from this address.',
  ...(isRepeated && { isRepeated }),
  headers: retryAfter(waitMs),
})

export const retryAfter = (waitMs: number): Record<string, string> => ({
  'Retry-After': String(Math.ceil(waitMs / 1000)),
})

export function notOpen(problem: StoreProblem): Refusal {
  // Where its folder is, is for the log: strangers may read this.
  const why = problem.message.replaceAll(/\/\S*\/(?=state\.(?:db|key)\b)/g, '')
  const said = { detail: `Nothing can be kept: ${why}.`, hint: problem.hint }
  return problem instanceof StoreBusy
    ? { code: 'store_busy', ...said, headers: retryAfter(HELD_MS) }
    : { code: 'store_unavailable', ...said }
}

/** After which whoever held the database has mostly done with it. */
const HELD_MS = 1000

export const sentence = (text: string): string => `${text.slice(0, 1).toUpperCase()}${text.slice(1)}.`

export const NOT_FRESH: Refusal = {
  code: 'step_up_needed',
  detail: 'This needs a password or a code that was given within the last five minutes.',
  hint: 'POST /api/v1/auth/step-up, then again',
}
