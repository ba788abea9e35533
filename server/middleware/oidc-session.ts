// Who is signed in: a sealed cookie that the browser keeps, in several where it is long. Nothing is kept
// here: all workers, and machines with the same secret, read it alike.
import { cookiesIn } from '../head/cookie.ts'
import type { RequestHead } from '../head/request-head.ts'
import { Seal } from '../lib/seal.ts'
import type { Claims } from '../rules/claims.ts'
import type { OidcProviderConfig } from './oidc-provider.options.ts'
import { valuesOf } from './vary.ts'

/** Times in seconds since 1970. */
export interface Session {
  readonly sinceS: number
  readonly seenS: number
  /** Until then the provider stands by it; 0: it does not say. */
  readonly untilS: number
  readonly sub: string
  readonly claims: Claims
  readonly refresh: string | null
  readonly idToken: string | null
}

/**
 * RFC 6265 §6.1: browsers keep 4,096 bytes of a cookie with its name and attributes. Several of them must
 * leave room in a head for all else.
 */
const PIECE_CHARS = 3600
const PIECES_MAX = 3
/** Cookies of one name that are looked at: pages below other names of a domain can set some. */
const LOOKS_MAX = 4

export const HOST_PREFIX = '__Host-'

export class OidcSessions {
  /** Without what stands before it by https. */
  readonly cookie: string
  readonly #seal: Seal
  readonly #options: OidcProviderConfig

  constructor(name: string, options: OidcProviderConfig, secrets: readonly string[]) {
    this.cookie = options.session.cookie ?? `sluice_oidc_${name}`
    this.#options = options
    // Whoever signs in elsewhere, or as another client, is somebody else.
    this.#seal = new Seal(
      secrets,
      `oidc session ${JSON.stringify([name, options.issuer, options.client_id])}`,
    )
  }

  nameBy(isSecure: boolean): string {
    return isSecure ? HOST_PREFIX + this.cookie : this.cookie
  }

  /** What a request shows; null: nothing that is good now. */
  read(request: RequestHead, isSecure: boolean, nowS: number): Session | null {
    const name = this.nameBy(isSecure)
    const field = valuesOf(request, 'cookie').join('; ')
    if (!field.includes(name)) return null
    for (const first of cookiesIn(field, name).slice(0, LOOKS_MAX)) {
      const sealed = joined(first, field, name)
      const text = sealed === null ? null : this.#seal.open(sealed)
      const session = text === null ? null : sessionOf(text)
      if (session !== null && this.#isGood(session, nowS)) return session
    }
    return null
  }

  #isGood({ sinceS, seenS }: Session, nowS: number): boolean {
    const { ttl, idle } = this.#options.session
    const skewS = this.#options.clock_skew / 1000
    if (nowS - sinceS > ttl / 1000 || sinceS - nowS > skewS) return false
    return idle === 0 || nowS - seenS <= idle / 1000
  }

  /** Its time must be written anew, or it would be taken for idle. */
  isStale({ seenS }: Session, nowS: number): boolean {
    const { idle } = this.#options.session
    return idle > 0 && nowS - seenS > idle / 10_000
  }

  /** Set-Cookie for a session; null: it is too long for cookies. Pieces that the request has beyond go. */
  write(session: Session, request: RequestHead, isSecure: boolean, nowS: number): string[] | null {
    const pieces = this.#pieces(session) ?? this.#pieces({ ...session, idToken: null })
    if (pieces === null) return null
    const { ttl, same_site: sameSite } = this.#options.session
    const leftS = Math.max(1, Math.floor(ttl / 1000) - (nowS - session.sinceS))
    const name = this.nameBy(isSecure)
    const tail = attributes(isSecure, sameSite, leftS)
    return [
      ...pieces.map((piece, i) => `${pieceName(name, i)}=${piece}${tail}`),
      ...this.clear(request, isSecure, pieces.length),
    ]
  }

  #pieces(session: Session): string[] | null {
    const sealed = this.#seal.seal(JSON.stringify(session))
    const count = Math.ceil((sealed.length + 2) / PIECE_CHARS)
    if (count > PIECES_MAX) return null
    const text = `${count}.${sealed}`
    return Array.from({ length: count }, (_, i) => text.slice(i * PIECE_CHARS, (i + 1) * PIECE_CHARS))
  }

  /** Set-Cookie that takes away what the request has of it, from a piece on. */
  clear(request: RequestHead, isSecure: boolean, from = 0): string[] {
    const name = this.nameBy(isSecure)
    const field = valuesOf(request, 'cookie').join('; ')
    const gone: string[] = []
    for (let i = from; i < PIECES_MAX; i++)
      if (cookiesIn(field, pieceName(name, i)).length > 0)
        gone.push(`${pieceName(name, i)}=${attributes(isSecure, this.#options.session.same_site, 0)}`)
    return gone
  }
}

const pieceName = (name: string, place: number): string => (place === 0 ? name : `${name}.${place}`)

/** The pieces in a row; null: one is missing. */
function joined(first: string, field: string, name: string): string | null {
  const count = Number(/^([1-9])\./.exec(first)?.[1] ?? 0)
  if (count === 0 || count > PIECES_MAX) return null
  let text = first.slice(2)
  for (let i = 1; i < count; i++) {
    const [piece] = cookiesIn(field, pieceName(name, i))
    if (piece === undefined) return null
    text += piece
  }
  return text
}

/** RFC 6265 §4.1.2; "__Host-" wants Secure, Path=/ and no Domain. */
export function attributes(isSecure: boolean, sameSite: 'lax' | 'none', maxAgeS: number): string {
  const site = { lax: 'Lax', none: 'None' }[sameSite]
  return `; Path=/; Max-Age=${maxAgeS}; HttpOnly; SameSite=${site}${isSecure ? '; Secure' : ''}`
}

/** What was sealed by us is what we wrote, unless that was another version. */
function sessionOf(text: string): Session | null {
  const { sinceS, seenS, untilS, sub, claims, refresh, idToken } = JSON.parse(text) as Partial<Session>
  if (typeof sinceS !== 'number' || typeof seenS !== 'number' || typeof untilS !== 'number') return null
  if (typeof sub !== 'string' || typeof claims !== 'object' || claims === null) return null
  return { sinceS, seenS, untilS, sub, claims, refresh: refresh ?? null, idToken: idToken ?? null }
}
