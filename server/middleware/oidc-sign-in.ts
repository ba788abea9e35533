// A sign-in that is under way: what the browser that began it must bring back (state, nonce, the verifier of
// PKCE, where it wanted to go), in a sealed cookie of a few minutes. So nobody is signed in as somebody else
// by a link, and no code is of use to whoever has seen it.
import { createHash, randomBytes, timingSafeEqual } from 'node:crypto'
import { cookiesIn } from '../head/cookie.ts'
import type { RequestHead } from '../head/request-head.ts'
import { Seal } from '../lib/seal.ts'
import { attributes, HOST_PREFIX } from './oidc-session.ts'
import type { OidcProviderConfig } from './oidc-provider.options.ts'
import { valuesOf } from './vary.ts'

export interface Begun {
  readonly state: string
  readonly nonce: string
  readonly verifier: string
  /** Path and query, where it wanted to go. */
  readonly to: string
  /** The host that it was asked for: another one is not meant. */
  readonly host: string
  readonly atS: number
}

/** So long somebody may take for it. */
const BEGUN_S = 900
/** Tabs of one browser that may sign in at once: cookies of more are taken away. */
const AT_ONCE_MAX = 8
const TO_CHARS_MAX = 1024
const MARK_CHARS = 8

/** Where the provider sends somebody back to, and how. */
export interface Way {
  readonly isSecure: boolean
  /** `https://host:port` */
  readonly origin: string
}

export class SignIns {
  readonly #cookie: string
  readonly #seal: Seal
  readonly #options: OidcProviderConfig

  constructor(name: string, cookie: string, options: OidcProviderConfig, secrets: readonly string[]) {
    this.#cookie = `${cookie}-at-`
    this.#options = options
    this.#seal = new Seal(
      secrets,
      `oidc sign-in ${JSON.stringify([name, options.issuer, options.client_id])}`,
    )
  }

  /** What names of its cookies begin with. */
  prefixBy(isSecure: boolean): string {
    return isSecure ? HOST_PREFIX + this.#cookie : this.#cookie
  }

  /** Sends somebody to the provider: where to, and the cookies for that. */
  begin(
    authorization: string,
    request: RequestHead,
    { isSecure, origin }: Way,
    nowS: number,
  ): { location: string; cookies: string[] } {
    const { client_id, scopes, redirect_path, params } = this.#options
    const begun: Begun = {
      state: random(16),
      nonce: random(16),
      verifier: random(32),
      to: request.target.length <= TO_CHARS_MAX ? request.target : '/',
      host: request.host,
      atS: nowS,
    }
    const query = new URLSearchParams({
      ...params,
      response_type: 'code',
      client_id,
      redirect_uri: origin + redirect_path,
      scope: scopes.join(' '),
      state: begun.state,
      nonce: begun.nonce,
      code_challenge: createHash('sha256').update(begun.verifier).digest('base64url'),
      code_challenge_method: 'S256',
    })
    const location = `${authorization}${authorization.includes('?') ? '&' : '?'}${query.toString()}`
    const cookie = `${this.#nameOf(begun.state, isSecure)}=${this.#seal.seal(JSON.stringify(begun))}`
    // The provider sends it back from another site: with Strict the cookie would stay away.
    const set = `${cookie}${attributes(isSecure, 'lax', BEGUN_S)}`
    return { location, cookies: [...this.#clearMany(request, isSecure), set] }
  }

  /** That of somebody who comes back with this state; null: this browser has begun none such. */
  find(request: RequestHead, state: string, isSecure: boolean, nowS: number): Begun | null {
    if (!/^[\w-]{22}$/.test(state)) return null
    const field = valuesOf(request, 'cookie').join('; ')
    for (const sealed of cookiesIn(field, this.#nameOf(state, isSecure)).slice(0, 4)) {
      const text = this.#seal.open(sealed)
      if (text === null) continue
      const begun = JSON.parse(text) as Begun
      const isOver = nowS - begun.atS > BEGUN_S || begun.host !== request.host
      if (!isOver && isSame(begun.state, state)) return begun
    }
    return null
  }

  clear(state: string, isSecure: boolean): string {
    return `${this.#nameOf(state.slice(0, 64).replaceAll(/[^\w-]/g, ''), isSecure)}=${attributes(isSecure, 'lax', 0)}`
  }

  #nameOf(state: string, isSecure: boolean): string {
    return this.prefixBy(isSecure) + state.slice(0, MARK_CHARS)
  }

  /** Of a browser that begins again and again, and never comes back. */
  #clearMany(request: RequestHead, isSecure: boolean): string[] {
    const prefix = this.prefixBy(isSecure)
    const names = valuesOf(request, 'cookie')
      .flatMap((field) => field.split(';'))
      .map((pair) => pair.split('=', 1)[0]?.trim() ?? '')
      .filter((name) => name.startsWith(prefix) && /^[\w.-]+$/.test(name.slice(prefix.length)))
    if (names.length < AT_ONCE_MAX) return []
    return [...new Set(names)].slice(0, 50).map((name) => `${name}=${attributes(isSecure, 'lax', 0)}`)
  }
}

const random = (bytes: number): string => randomBytes(bytes).toString('base64url')

const isSame = (one: string, other: string): boolean =>
  one.length === other.length && timingSafeEqual(Buffer.from(one), Buffer.from(other))
