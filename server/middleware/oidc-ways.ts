// The two paths of a provider that the gateway answers itself: where it sends somebody back to, and where
// somebody signs out.
import type { Answer } from '../head/answer.ts'
import type { Refusal } from './access.ts'
import { elsewhere, type Here } from './oidc-here.ts'
import type { Offered } from './oidc-remote.ts'
import { isFailed } from './remembered.ts'

type Given = Answer | undefined | Promise<Answer | undefined>

const QUERY_CHARS_MAX = 8192

const invalid = (why: string, cookies: readonly string[] = []): Refusal => ({
  code: 'sign_in_failed',
  why,
  headers: cookies.map((cookie) => ['Set-Cookie', cookie] as const),
})

/** Somebody comes back from the provider (Core §3.1.2.5, §3.1.3; RFC 9207). */
export function comeBack(here: Here): Given {
  const { x, provider, way, access, nowS } = here
  const { request, web } = x
  // 1. What it brings, each once.
  const query = new URLSearchParams(request.query.slice(0, QUERY_CHARS_MAX))
  const once = (name: string): string | null => (query.getAll(name).length === 1 ? query.get(name) : null)
  const state = once('state') ?? ''
  if (request.method !== 'GET') return access.refused(x, invalid('another method than GET'))
  // 2. This browser has begun it, not long ago.
  const begun = provider.signIns.find(request, state, way.isSecure, nowS)
  if (begun === null) {
    // By "back", or twice: whoever is signed in already has what it wanted.
    if (provider.sessions.read(request, way.isSecure, nowS) !== null) return elsewhere(`${way.origin}/`, [])
    return access.refused(x, invalid('this browser has begun no such sign-in, or too long ago'))
  }
  const gone = provider.signIns.clear(state, way.isSecure)
  // 3. It is from this provider, and says yes.
  const { issuer } = provider.options
  const said = query.get('iss')
  if (said !== null && said !== issuer) return access.refused(x, invalid('it is from another issuer', [gone]))
  const error = query.get('error')
  if (error !== null)
    return access.refused(x, {
      code: 'denied',
      why: `the provider says ${JSON.stringify(error.slice(0, 64))}`,
      headers: [['Set-Cookie', gone]],
    })
  const code = once('code')
  if (code === null || code === '') return access.refused(x, invalid('it brings no code', [gone]))
  // 4. What the provider gives for the code is for this sign-in.
  const redirectUri = way.origin + provider.options.redirect_path
  return provider.session(web, { begun, code, redirectUri, nowS }).then((session) => {
    if (isFailed(session)) {
      const why = `provider "${provider.name}": ${session.why}`
      const isHere = session.isFinal === true || provider.remote.offered.failure === null
      return access.refused(x, isHere ? invalid(why, [gone]) : { code: 'auth_unavailable', why })
    }
    if (said === null && provider.remote.offered.value?.saysWho === true)
      return access.refused(x, invalid('it does not say its issuer, which this provider does', [gone]))
    const cookies = provider.sessions.write(session, request, way.isSecure, nowS)
    if (cookies === null)
      return access.refused(
        x,
        invalid(`provider "${provider.name}": its claims are too long for cookies`, [gone]),
      )
    // 5. Back to where it wanted to go: on this host, whatever its path looks like.
    return elsewhere(way.origin + begun.to, [gone, ...cookies])
  })
}

/** Somebody signs out, here and there (RP-Initiated Logout §2). */
export function signOut(here: Here): Given {
  const { x, provider, way, access, nowS } = here
  const { request } = x
  // A picture on another site signs nobody out.
  const site = request.get('sec-fetch-site')
  if (site === 'cross-site' || (request.method !== 'GET' && request.method !== 'POST'))
    return access.refused(x, { code: 'cross_origin', why: 'another site signs nobody out' })
  const session = provider.sessions.read(request, way.isSecure, nowS)
  const cookies = provider.sessions.clear(request, way.isSecure)
  const { post_logout: to, client_id: id } = provider.options
  const back = to.startsWith('/') ? way.origin + to : to
  const go = (offered: Offered | null): Answer => {
    if (offered === null || offered.logout === null) return elsewhere(back, cookies)
    const query = new URLSearchParams({ client_id: id, post_logout_redirect_uri: back })
    if (session !== null && session.idToken !== null) query.set('id_token_hint', session.idToken)
    return elsewhere(
      `${offered.logout}${offered.logout.includes('?') ? '&' : '?'}${query.toString()}`,
      cookies,
    )
  }
  const offered = provider.remote.offered.get(x.web)
  // Where the provider cannot be asked, somebody is signed out here at least.
  return offered instanceof Promise ? offered.then((told) => go(isFailed(told) ? null : told)) : go(offered)
}
