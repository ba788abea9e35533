// The token that a page of ours sends with what changes something: bound to its sign-in, so that none that
// was given to somebody else is good for it. Nobody can make it without the key of the gateway.
import { isSame, type StateKey } from '../../control/store/state-key.ts'

export const CSRF_HEADER = 'X-CSRF-Token'

export const csrfTokenOf = (key: StateKey, signInId: string): string =>
  Buffer.from(key.markOf('csrf', signInId)).toString('base64url')

/** Whether a request has the token of its sign-in. */
export function hasCsrfToken(request: Request, key: StateKey, signInId: string): boolean {
  const given = request.headers.get(CSRF_HEADER) ?? ''
  return isSame(Buffer.from(given), Buffer.from(csrfTokenOf(key, signInId)))
}
