// Reads a JWT, ours or that of the issuer in the config. What reads signatures is loaded with the first one.
import type { Role } from '../../control/store/principal.ts'
import type { Store } from '../../control/store/store.ts'
import type { Issuer, IssuerConfig, IssuerRefusal } from './issuer-jwt.ts'

/** None is longer. */
const CHARS_MAX = 8192

export interface KnownJwt {
  readonly name: string
  readonly role: Role
  readonly id: string
  /** The token that it comes from, whose scopes and ranges it has; null: none. */
  readonly tokenId: string | null
  readonly source: string
  readonly isStillGood: () => boolean
}

const INVALID: IssuerRefusal = { is: 'invalid', why: 'it is none' }

export interface JwtReaderParts {
  /** `admin.jwt` as it is now; null: there is none. */
  readonly issuer: () => IssuerConfig | null
  readonly nowMs: () => number
}

export class JwtReader {
  readonly #parts: JwtReaderParts
  #issuer: Issuer | null = null

  constructor(parts: JwtReaderParts) {
    this.#parts = parts
  }

  async read(store: Store, text: string): Promise<KnownJwt | IssuerRefusal> {
    if (text.length > CHARS_MAX || text.split('.').length !== 3) return INVALID
    return issuerOf(text) === 'sluice' ? this.#own(store, text) : this.#foreign(text)
  }

  async #own(store: Store, text: string): Promise<KnownJwt | IssuerRefusal> {
    const { readOwnJwt, roleNow } = await import('./own-jwt.ts')
    const { nowMs } = this.#parts
    const jwt = await readOwnJwt(store, text, nowMs())
    const role = jwt && roleNow(store, jwt)
    if (jwt === null || role === null) return INVALID
    return {
      ...{ name: jwt.name, id: jwt.id, role, source: jwt.source },
      tokenId: jwt.source.startsWith('token:') ? jwt.source.slice('token:'.length) : null,
      isStillGood: () => jwt.expiresMs > nowMs() && roleNow(store, jwt) === role,
    }
  }

  async #foreign(text: string): Promise<KnownJwt | IssuerRefusal> {
    const { issuer, nowMs } = this.#parts
    const config = issuer()
    if (config === null) return INVALID
    const { Issuer } = await import('./issuer-jwt.ts')
    // Its keys are kept as long as the config names them.
    if (this.#issuer?.config !== config) this.#issuer = new Issuer(config, nowMs)
    const jwt = await this.#issuer.read(text)
    if ('is' in jwt) return jwt
    const { name, role, id, expiresMs } = jwt
    const isStillGood = (): boolean => expiresMs > nowMs() && issuer() === config
    return { name, role, id, tokenId: null, source: `jwt:${name}`, isStillGood }
  }
}

/** Who says to have signed it: only where it is looked up hangs on that. */
function issuerOf(text: string): unknown {
  try {
    const payload: unknown = JSON.parse(Buffer.from(text.split('.')[1] ?? '', 'base64url').toString())
    return (payload as { readonly iss?: unknown } | null)?.iss
  } catch {
    return null
  }
}
