// Finds out who sends a request by TCP: by a token, a JWT or the cookie of a sign-in, as the store is now.
import type { Principal } from '../../control/store/principal.ts'
import type { SignIn } from '../../control/store/sign-ins.ts'
import type { Store } from '../../control/store/store.ts'
import type { StoreKeeper } from '../../control/store/store-keeper.ts'
import { storeProblemOf } from '../../control/store/store-problem.ts'
import { isWithin, type Token, Tokens } from '../../control/store/tokens.ts'
import { Ranges } from '../../lib/ranges.ts'
import { urlOf } from '../came.ts'
import type { Authenticator, Identified, Refusal } from './authenticator.ts'
import { cookieOf, hasCookie } from './cookies.ts'
import { hasCsrfToken } from './csrf.ts'
import { JwtReader, type JwtReaderParts } from './jwt-reader.ts'
import { challenge, isUnseen, NOBODY, NOT_FRESH, notOpen, seenOnItsWay, sentence } from './refusals.ts'

export interface AuthenticatorParts extends JwtReaderParts {
  readonly store: Pick<StoreKeeper, 'open'>
}

/** What everybody may ask who is known, whatever else their token is for. */
const OF_THEMSELVES = new Set(['auth/me', 'auth/jwt'])

export class GatewayAuthenticator implements Authenticator {
  readonly #parts: AuthenticatorParts
  readonly #jwts: JwtReader

  constructor(parts: AuthenticatorParts) {
    this.#parts = parts
    this.#jwts = new JwtReader(parts)
  }

  async whoAsks(request: Request, address: string): Promise<Identified | Refusal> {
    // 1. What is shown. A browser sends its cookie unasked: what is shown on purpose goes before it.
    const bearer = bearerOf(request)
    if (bearer === null && !hasCookie(request)) return NOBODY
    // 2. Not where others can read it on its way.
    if (!isUnseen(request, address)) return seenOnItsWay
    try {
      const store = await this.#parts.store.open()
      // 3. Whose it is.
      const asking = { store, request, address }
      if (bearer === null) return this.#byCookie(asking)
      return Tokens.isOne(bearer) ? this.#byToken(asking, bearer) : await this.#byJwt(asking, bearer)
    } catch (error) {
      const problem = storeProblemOf(error)
      if (problem === null) throw error
      return notOpen(problem)
    }
  }

  #byCookie({ store, request, address }: Asking): Identified | Refusal {
    const secret = cookieOf(request, store.key)
    if (secret === null) return NOBODY
    const found = store.signIns.find(secret)
    if (found === null) return { ...NOBODY, detail: 'The sign-in has ended.' }
    return {
      who: userPrincipal(found, address),
      whyNoChange: () => whyNoChange(request, store, found),
      whyNoStepUp: () => (store.signIns.isProved(found) ? null : NOT_FRESH),
      isStillGood: () => isGood(() => store.signIns.isGood(found.id)),
    }
  }

  #byToken({ store, request, address }: Asking, text: string): Identified | Refusal {
    const token = store.tokens.find(text)
    if (token === null) return UNKNOWN
    if (store.tokens.isExpired(token))
      return {
        code: 'token_expired',
        detail: `The token ${token.name} has expired.`,
        headers: challenge('invalid_token'),
      }
    const refusal = whyNotThere(token, request, address)
    if (refusal !== null) return refusal
    store.tokens.used(token, address)
    const { name, role, id } = token
    const who: Principal = { kind: 'token', name, role, from: address, id, isScoped: isScoped(token) }
    return plain(who, () => store.tokens.isGood(token.id))
  }

  async #byJwt({ store, request, address }: Asking, text: string): Promise<Identified | Refusal> {
    const found = await this.#jwts.read(store, text)
    if ('is' in found) {
      if (found.is === 'unavailable') return { code: 'issuer_unavailable', detail: sentence(found.why) }
      if (found.is === 'unfit')
        return { code: 'token_invalid', detail: `The token is one of its issuer, but ${found.why}.` }
      return UNKNOWN
    }
    const token = found.tokenId === null ? null : store.tokens.get(found.tokenId)
    const refusal = token && whyNotThere(token, request, address)
    if (refusal) return refusal
    const { name, role, id, source } = found
    const ofToken = { source, isScoped: token !== null && isScoped(token) }
    const who: Principal = { kind: 'jwt', name, role, from: address, id, ...ofToken }
    return plain(who, found.isStillGood)
  }
}

/** Tokens are too long to be guessed: trying costs those who try more than us. */
const UNKNOWN: Refusal = {
  code: 'token_invalid',
  detail: 'The token is not one of this gateway, or was revoked.',
  headers: challenge('invalid_token'),
}

interface Asking {
  readonly store: Store
  readonly request: Request
  readonly address: string
}

/** A program that shows what it has on purpose: no browser sends that for another page. */
const plain = (who: Principal, isStillGood: () => boolean): Identified => ({
  who,
  whyNoChange: () => null,
  whyNoStepUp: () => null,
  isStillGood: () => isGood(isStillGood),
})

/** A store that cannot be asked says nothing good of anybody. */
function isGood(ask: () => boolean): boolean {
  try {
    return ask()
  } catch {
    return false
  }
}

export const userPrincipal = (signIn: SignIn, from: string): Principal => {
  return { kind: 'user', name: signIn.user, role: signIn.role, from, id: signIn.id }
}

/** RFC 6750 §2.1; null: there is none. */
function bearerOf(request: Request): string | null {
  const field = request.headers.get('authorization')
  return field === null ? null : (/^Bearer +([^\s,]+) *$/i.exec(field)?.[1] ?? '')
}

/** Whether a page of ours sends it, as far as only our own pages can say so. */
function whyNoChange(request: Request, store: Pick<Store, 'key'>, { id }: SignIn): Refusal | null {
  // A browser that says neither where a change comes from is none of today.
  if (request.headers.get('sec-fetch-site') === null && request.headers.get('origin') === null)
    return {
      code: 'cross_site',
      detail: 'A change with a cookie says where it comes from: Origin or Sec-Fetch-Site.',
    }
  return hasCsrfToken(request, store.key, id)
    ? null
    : { code: 'csrf_missing', detail: 'The header X-CSRF-Token has not the token of this sign-in.' }
}

const isScoped = ({ scopes }: Token): boolean => scopes.length > 0 && !scopes.includes('*')

/** Why a token is not good for this request; null: it is. */
function whyNotThere({ name, ranges, scopes }: Token, request: Request, address: string): Refusal | null {
  if (ranges.length > 0 && !Ranges.parse(ranges).has(address))
    return { code: 'outside_source_ranges', detail: `The token ${name} is for other addresses.` }
  // As it is written: a name that is spelled otherwise is within no scope.
  const resource = urlOf(request).pathname.replace(/^\/(?:api\/v1\/)?/, '')
  return isWithin(scopes, resource) || OF_THEMSELVES.has(resource)
    ? null
    : { code: 'outside_scope', detail: `The token ${name} is for ${scopes.join(', ')}, not for ${resource}.` }
}
