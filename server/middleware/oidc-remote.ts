// What is asked of an OpenID Connect provider: what it offers (Discovery 1.0), its keys (RFC 7517), tokens
// (RFC 6749) and what it says of somebody. Each answer is bounded in size and time.
import type { JSONWebKeySet, JWTVerifyGetKey, JWTVerifyOptions } from 'jose'
import type { AsksWeb, WebRequest } from '../http/web-words.ts'
import type { Claims } from '../rules/claims.ts'
import type { OidcProviderConfig } from './oidc-provider.options.ts'
import { type Failed, isFailed, Remembered } from './remembered.ts'

/** What it offers. */
export interface Offered {
  readonly authorization: string
  readonly token: string
  readonly keys: string
  readonly userinfo: string | null
  readonly logout: string | null
  /** It names itself when it sends somebody back (RFC 9207). */
  readonly saysWho: boolean
}

/** What it gives for a code or a refresh token. */
export interface Tokens {
  readonly id: string | null
  readonly access: string
  readonly refresh: string | null
  /** So many seconds they are good; 0: it does not say. */
  readonly forS: number
}

/** Why it gives none: `isFinal` where it said no, and will again. */
export interface Refused extends Failed {
  readonly isFinal?: boolean
}

interface Keys {
  readonly get: JWTVerifyGetKey
}

const ANSWER_BYTES_MAX = 256 * 1024
const TOKEN_CHARS_MAX = 32 * 1024
const HOUR_MS = 3_600_000
const PAUSE_MS = 5000
/** RFC 8725 §3.1: those that are made with a key that only the provider has. */
const ALGORITHMS = [
  'RS256',
  'RS384',
  'RS512',
  'PS256',
  'PS384',
  'PS512',
  'ES256',
  'ES384',
  'ES512',
  'EdDSA',
  'Ed25519',
]

const failed = (why: string): Failed => ({ is: 'failure', why })

const load = () => import('jose')
let loading: ReturnType<typeof load> | null = null
/** Loaded once somebody signs in: most workers never need it. */
const jose = (): ReturnType<typeof load> => (loading ??= load())

export class OidcRemote {
  readonly offered: Remembered<Offered>
  readonly keys: Remembered<Keys>
  readonly #options: OidcProviderConfig
  readonly #ca: readonly string[] | null

  constructor(
    options: OidcProviderConfig,
    ca: readonly string[] | null,
    how: { readonly now: () => number; readonly told: (failure: Failed | null) => void },
  ) {
    this.#options = options
    this.#ca = ca
    const asked = { freshMs: HOUR_MS, pauseMs: PAUSE_MS, ...how }
    this.offered = new Remembered({ ...asked, ask: (web) => this.#discover(web) })
    this.keys = new Remembered({ ...asked, ask: (web) => this.#readKeys(web) })
  }

  // ── what it offers ──

  async #discover(web: AsksWeb): Promise<Offered | Failed> {
    const { issuer } = this.#options
    const told = await this.#json(web, {
      url: `${issuer.replace(/\/$/, '')}/.well-known/openid-configuration`,
      method: 'GET',
      fields: [],
      body: null,
    })
    if (isFailed(told)) return told
    const { json, status } = told
    if (status !== 200) return failed(`its configuration: it answered ${status}`)
    // Discovery §4.3: else another provider's could be taken for it.
    if (json['issuer'] !== issuer)
      return failed(`it calls itself ${shown(json['issuer'])}, not ${shown(issuer)}`)
    const authorization = this.#endpoint(json, 'authorization_endpoint')
    const token = this.#endpoint(json, 'token_endpoint')
    const keys = this.#endpoint(json, 'jwks_uri')
    if (authorization === null || token === null || keys === null)
      return failed('its configuration lacks an endpoint, or one of https')
    return {
      authorization,
      token,
      keys,
      userinfo: this.#endpoint(json, 'userinfo_endpoint'),
      logout: this.#endpoint(json, 'end_session_endpoint'),
      saysWho: json['authorization_response_iss_parameter_supported'] === true,
    }
  }

  /** A provider in TLS offers nothing without it. */
  #endpoint(json: Readonly<Record<string, unknown>>, name: string): string | null {
    const url = json[name]
    if (typeof url !== 'string' || url.length > 2048) return null
    const wanted = this.#options.issuer.startsWith('https:') ? /^https:\/\/[!-~]+$/ : /^https?:\/\/[!-~]+$/
    return wanted.test(url) && !url.includes('#') ? url : null
  }

  async #readKeys(web: AsksWeb): Promise<Keys | Failed> {
    const offered = await this.offered.get(web)
    if (isFailed(offered)) return offered
    const told = await this.#json(web, { url: offered.keys, method: 'GET', fields: [], body: null })
    if (isFailed(told)) return told
    if (told.status !== 200) return failed(`its keys: it answered ${told.status}`)
    const { createLocalJWKSet } = await jose()
    return { get: createLocalJWKSet(told.json as unknown as JSONWebKeySet) }
  }

  // ── tokens ──

  /** For the code of somebody who comes back. */
  exchange(
    web: AsksWeb,
    { code, verifier, redirectUri }: { code: string; verifier: string; redirectUri: string },
  ): Promise<Tokens | Refused> {
    return this.#askTokens(web, {
      grant_type: 'authorization_code',
      code,
      redirect_uri: redirectUri,
      code_verifier: verifier,
    })
  }

  renew(web: AsksWeb, refresh: string): Promise<Tokens | Refused> {
    return this.#askTokens(web, { grant_type: 'refresh_token', refresh_token: refresh })
  }

  async #askTokens(web: AsksWeb, words: Readonly<Record<string, string>>): Promise<Tokens | Refused> {
    const offered = await this.offered.get(web)
    if (isFailed(offered)) return offered
    const { client_id: id, client_secret: secret, client_auth: how } = this.#options
    const form = new URLSearchParams(words)
    const fields: (readonly [string, string])[] = [['Content-Type', 'application/x-www-form-urlencoded']]
    if (secret !== undefined && how === 'basic') {
      // RFC 6749 §2.3.1: each is encoded as in a form first.
      const pair = [id, secret].map((text) => new URLSearchParams({ a: text }).toString().slice(2)).join(':')
      fields.push(['Authorization', `Basic ${Buffer.from(pair).toString('base64')}`])
    } else {
      form.set('client_id', id)
      if (secret !== undefined) form.set('client_secret', secret)
    }
    const told = await this.#json(web, { url: offered.token, method: 'POST', fields, body: form.toString() })
    if (isFailed(told)) return told
    const { status, json } = told
    if (status >= 400 && status < 500 && typeof json['error'] === 'string')
      return { ...failed(`it gives no tokens: ${shown(json['error'])}`), isFinal: FINAL.has(json['error']) }
    if (status !== 200) return failed(`tokens: it answered ${status}`)
    return tokensOf(json)
  }

  // ── what it says of somebody ──

  /**
   * The claims of an ID token, found good (OpenID Connect Core §3.1.3.7); `nonce` null: it was given for a
   * refresh token, where none is said (§12.2).
   */
  async claimsOf(web: AsksWeb, token: string, nonce: string | null): Promise<Claims | Failed> {
    const keys = await this.keys.get(web)
    if (isFailed(keys)) return keys
    const first = await this.#verified(token, keys)
    if (first !== 'no_key') return isFailed(first) ? first : this.#fitting(first, nonce)
    // Its keys have changed.
    const renewed = await this.keys.again(web)
    if (isFailed(renewed)) return renewed
    const second = await this.#verified(token, renewed)
    if (second === 'no_key') return failed('its ID token is signed by none of its keys')
    return isFailed(second) ? second : this.#fitting(second, nonce)
  }

  async #verified(token: string, keys: Keys): Promise<Claims | Failed | 'no_key'> {
    const { issuer, client_id: audience, clock_skew: skewMs } = this.#options
    const { jwtVerify, errors } = await jose()
    const wanted: JWTVerifyOptions = {
      issuer,
      audience,
      algorithms: ALGORITHMS,
      clockTolerance: skewMs / 1000,
      requiredClaims: ['sub', 'iat', 'exp'],
    }
    try {
      return (await jwtVerify(token, keys.get, wanted)).payload as Claims
    } catch (error) {
      if (error instanceof errors.JWKSNoMatchingKey) return 'no_key'
      return failed(`its ID token is not good: ${shown(error instanceof Error ? error.message : error)}`)
    }
  }

  #fitting(claims: Claims, nonce: string | null): Claims | Failed {
    const { azp, aud, sub } = claims
    const { client_id: id } = this.#options
    if (typeof sub !== 'string' || sub === '' || sub.length > 255) return failed('its ID token names nobody')
    if (nonce !== null && claims['nonce'] !== nonce)
      return failed('its ID token is for another sign-in (nonce)')
    if (azp === undefined ? Array.isArray(aud) && aud.length > 1 : azp !== id)
      return failed('its ID token is for somebody else (azp)')
    return claims
  }

  /** What else it says of whom an access token is for. */
  async userinfo(web: AsksWeb, access: string, sub: unknown): Promise<Claims | Failed> {
    const offered = await this.offered.get(web)
    if (isFailed(offered)) return offered
    if (offered.userinfo === null) return failed('it has no userinfo endpoint')
    const fields = [['Authorization', `Bearer ${access}`]] as const
    const told = await this.#json(web, { url: offered.userinfo, method: 'GET', fields, body: null })
    if (isFailed(told)) return told
    if (told.status !== 200) return failed(`userinfo: it answered ${told.status}`)
    // Core §5.3.2: else a token of somebody else would do.
    return told.json['sub'] === sub ? told.json : failed('userinfo is of somebody else')
  }

  // ── how it is asked ──

  async #json(
    web: AsksWeb,
    request: Pick<WebRequest, 'url' | 'method' | 'fields' | 'body'>,
  ): Promise<{ status: number; json: Claims } | Failed> {
    const answer = await web.ask({
      ...request,
      fields: [['Accept', 'application/json'], ...request.fields],
      totalMs: this.#options.timeout,
      bodyBytes: ANSWER_BYTES_MAX,
      ca: this.#ca,
    })
    if (answer.is === 'failure') return failed(`it cannot be asked: ${answer.why}`)
    const json = jsonOf(answer.body)
    if (json === null && answer.status < 400)
      return failed(`it answered ${answer.status} with something that is no JSON`)
    return { status: answer.status, json: json ?? {} }
  }
}

/** RFC 6749 §5.2: asked again it would say the same. */
const FINAL: ReadonlySet<string> = new Set(['invalid_grant', 'unauthorized_client', 'invalid_scope'])

function tokensOf(json: Claims): Tokens | Failed {
  const { id_token: id, access_token: access, refresh_token: refresh, expires_in: forS } = json
  if (typeof access !== 'string') return failed('it gives no access token')
  for (const one of [id, access, refresh])
    if (typeof one === 'string' && one.length > TOKEN_CHARS_MAX) return failed('a token of it is too long')
  const seconds = typeof forS === 'string' ? Number(forS) : forS
  return {
    id: typeof id === 'string' ? id : null,
    access,
    refresh: typeof refresh === 'string' ? refresh : null,
    forS: typeof seconds === 'number' && seconds > 0 && seconds < 1e9 ? Math.floor(seconds) : 0,
  }
}

function jsonOf(body: Buffer): Claims | null {
  try {
    const json: unknown = JSON.parse(body.toString('utf8'))
    return typeof json === 'object' && json !== null && !Array.isArray(json) ? (json as Claims) : null
  } catch {
    return null
  }
}

/** For the log: whoever has sent it may have written anything. */
const shown = (text: unknown): string => JSON.stringify(String(text).slice(0, 200))
