// An identity provider of auth.oidc in a worker: what it offers, who is signed in with it, and what of that
// servers are told. A reload that changes nothing of it keeps it, with all that it has learned.
import { createHash } from 'node:crypto'
import type { RequestHead } from '../head/request-head.ts'
import type { AsksWeb } from '../http/web-words.ts'
import { machineMs } from '../lib/clock.ts'
import { claimAt, type Claims, claimTexts } from '../rules/claims.ts'
import type { Scoreboard } from '../scoreboard/scoreboard.ts'
import { logEvent } from '../telemetry/log.ts'
import type { OidcProviderConfig } from './oidc-provider.options.ts'
import { OidcRemote, type Refused, type Tokens } from './oidc-remote.ts'
import { OidcSessions, type Session } from './oidc-session.ts'
import { type Begun, SignIns } from './oidc-sign-in.ts'
import { type Elsewhere, OnceOverWorkers } from './once-over-workers.ts'
import { type Failed, isFailed } from './remembered.ts'
import { valuesOf } from './vary.ts'

export interface ProviderParts {
  readonly name: string
  readonly options: OidcProviderConfig
  /** The one that the gateway has made, for where config has none. */
  readonly secret: string | undefined
  /** As PEM; null: those of the system are trusted. */
  readonly ca: readonly string[] | null
  readonly board: Scoreboard
}

function tell(provider: string, failure: Failed | null): void {
  if (failure === null) logEvent('info', 'oidc_provider_recovered', { provider })
  else logEvent('warn', 'oidc_provider_failing', { provider, why: failure.why })
}

/** What somebody brings from the provider. */
interface CameBack {
  readonly begun: Begun
  readonly code: string
  /** As it was sent there. */
  readonly redirectUri: string
  readonly nowS: number
}

/** Its token is asked for anew so long before it is over. */
const AHEAD_S = 20
/** A provider that says nothing of how long its token is good is asked again after so long. */
const UNSAID_S = 3600
const HEADER_CHARS_MAX = 4096

/** What a token says of itself, and nobody asks of a person. */
const OF_TOKENS: ReadonlySet<string> = new Set([
  ...['iss', 'aud', 'exp', 'iat', 'nbf', 'jti', 'nonce', 'azp', 'at_hash', 'c_hash', 's_hash'],
])

export class OidcProvider {
  readonly name: string
  readonly options: OidcProviderConfig
  readonly remote: OidcRemote
  readonly sessions: OidcSessions
  readonly signIns: SignIns
  /** In lower case: fields that clients cannot send. */
  readonly fieldNames: ReadonlySet<string>
  readonly #fields: readonly (readonly [name: string, claim: string])[]
  readonly #parts: ProviderParts
  /** Made with the first of them. */
  #renewals: OnceOverWorkers<Session | Refused> | null = null

  constructor(parts: ProviderParts) {
    const { name, options, secret, ca } = parts
    const { secret: own, secrets: several } = options.session
    const secrets = several ?? [own ?? secret ?? ''].filter((one) => one !== '')
    if (secrets.length === 0) throw new Error(`provider "${name}" has no secret for its cookies`)
    this.#parts = parts
    this.name = name
    this.options = options
    this.remote = new OidcRemote(options, ca, { now: machineMs, told: (failure) => tell(name, failure) })
    this.sessions = new OidcSessions(name, options, secrets)
    this.signIns = new SignIns(name, this.sessions.cookie, options, secrets)
    this.#fields = Object.entries(options.claims_to_headers)
    this.fieldNames = new Set(this.#fields.map(([field]) => field.toLowerCase()))
  }

  /** Whether another one of these parts would be the same. */
  isOf({ name, options, secret, ca, board }: ProviderParts): boolean {
    const own = this.#parts
    return (
      name === own.name &&
      secret === own.secret &&
      board === own.board &&
      Bun.deepEquals(options, own.options, true) &&
      Bun.deepEquals(ca, own.ca, true)
    )
  }

  // ── who comes back from it ──

  /** The session of somebody who has come back with a code. */
  async session(web: AsksWeb, { begun, code, redirectUri, nowS }: CameBack): Promise<Session | Refused> {
    const tokens = await this.remote.exchange(web, { code, verifier: begun.verifier, redirectUri })
    if (isFailed(tokens)) return tokens
    if (tokens.id === null) return { is: 'failure', why: 'it gives no ID token' }
    const claims = await this.#claims(web, tokens, tokens.id, begun.nonce)
    if (isFailed(claims)) return claims
    return this.#sessionOf(tokens, claims, { sinceS: nowS, nowS, idToken: tokens.id })
  }

  async #claims(
    web: AsksWeb,
    { access }: Tokens,
    id: string,
    nonce: string | null,
  ): Promise<Claims | Failed> {
    const claims = await this.remote.claimsOf(web, id, nonce)
    if (isFailed(claims) || !this.options.userinfo) return claims
    const more = await this.remote.userinfo(web, access, claims['sub'])
    return isFailed(more) ? more : { ...more, ...claims }
  }

  #sessionOf(
    { refresh, forS }: Tokens,
    claims: Claims,
    { sinceS, nowS, idToken }: { sinceS: number; nowS: number; idToken: string | null },
  ): Session {
    const mayRenew = this.options.refresh && refresh !== null
    return {
      sinceS,
      seenS: nowS,
      untilS: mayRenew ? nowS + (forS === 0 ? UNSAID_S : forS) : 0,
      sub: String(claims['sub']),
      claims: Object.fromEntries(Object.entries(claims).filter(([claim]) => !OF_TOKENS.has(claim))),
      refresh: mayRenew ? refresh : null,
      // Of use only where somebody is signed out there.
      idToken: (this.remote.offered.value?.logout ?? null) === null ? null : idToken,
    }
  }

  // ── who stays ──

  isDue({ untilS, refresh }: Session, nowS: number): boolean {
    return refresh !== null && untilS !== 0 && nowS >= untilS - AHEAD_S
  }

  /** Asks it whether it still stands by a session. Once, however many requests show that, at all workers. */
  renewed(web: AsksWeb, session: Session, nowS: number): Promise<Session | Refused | Elsewhere> {
    const refresh = session.refresh ?? ''
    const key = createHash('sha256').update(refresh).digest('base64url')
    this.#renewals ??= new OnceOverWorkers(`oidc\0${this.name}`, this.#parts.board.leases, machineMs)
    return this.#renewals.run(
      key,
      () => this.#renew(web, session, refresh, nowS),
      // Where it cannot be asked nobody else asks either, for a while.
      (given) => !isFailed(given) || (given as Refused).isFinal !== true,
      this.options.timeout,
    )
  }

  async #renew(web: AsksWeb, session: Session, refresh: string, nowS: number): Promise<Session | Refused> {
    const tokens = await this.remote.renew(web, refresh)
    if (isFailed(tokens)) return tokens
    const next = { ...tokens, refresh: tokens.refresh ?? refresh }
    const kept = { sinceS: session.sinceS, nowS, idToken: tokens.id ?? session.idToken }
    if (tokens.id === null) return this.#sessionOf(next, { ...session.claims, sub: session.sub }, kept)
    const claims = await this.#claims(web, tokens, tokens.id, null)
    if (isFailed(claims)) return claims
    // Core §12.2.
    if (claims['sub'] !== session.sub) return { is: 'failure', why: 'it renews somebody else', isFinal: true }
    return this.#sessionOf(next, claims, kept)
  }

  // ── what is told of somebody ──

  userOf({ claims, sub }: Session): string {
    const { user_claim: named } = this.options
    for (const claim of named === undefined ? ['email', 'preferred_username'] : [named]) {
      const [text] = claimTexts(claimAt(claims, claim))
      if (text !== undefined && text !== '') return text
    }
    return sub
  }

  /** Fields for servers; a claim that is not there has none. */
  fieldsOf({ claims, sub }: Session): (readonly [string, string])[] {
    return this.#fields.flatMap(([field, claim]) => {
      const text = claimTexts(claimAt({ ...claims, sub }, claim)).join(', ')
      return text === '' || text.length > HEADER_CHARS_MAX ? [] : [[field, text] as const]
    })
  }

  /** Takes its cookies out of what servers get. */
  strip(request: RequestHead): void {
    const fields = valuesOf(request, 'cookie')
    const { cookie } = this.sessions
    if (!fields.some((field) => field.includes(cookie))) return
    const isOurs = (pair: string): boolean => {
      const name = (pair.split('=', 1)[0] ?? '').trim().replace(/^__Host-/, '')
      return (
        name === cookie ||
        /^(?:\.[0-9]|-at-.*)$/.test(name.startsWith(cookie) ? name.slice(cookie.length) : '')
      )
    }
    const left = fields
      .flatMap((field) => field.split(';'))
      .filter((pair) => !isOurs(pair))
      .map((pair) => pair.trim())
      .filter((pair) => pair !== '')
    request.remove('cookie')
    if (left.length > 0) request.add('Cookie', left.join('; '))
  }
}
