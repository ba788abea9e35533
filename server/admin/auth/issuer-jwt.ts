// Tokens of another issuer, such as an identity provider or a CI system, by the keys that it publishes
// (JWKS, RFC 7517).
import {
  createLocalJWKSet,
  createRemoteJWKSet,
  errors,
  type JSONWebKeySet,
  jwtVerify,
  type JWTPayload,
} from 'jose'
import { type Role, isRole, ROLES } from '../../control/store/principal.ts'
import { readBounded } from '../../lib/read-bounded.ts'
import { plainName } from '../plain-text.ts'

/** `admin.jwt` of the config. */
export interface IssuerConfig {
  readonly issuer: string
  readonly audience: readonly string[]
  readonly jwks_url?: string
  readonly jwks_file?: string
  readonly role_claim: string
  readonly name_claim: string
  readonly roles: Readonly<Record<string, Role>>
}

/** Signatures only that nobody can make who knows the key that checks them: none by a shared secret. */
const ALGORITHMS = [
  ...['RS256', 'RS384', 'RS512', 'PS256', 'PS384', 'PS512'],
  ...['ES256', 'ES384', 'ES512', 'EdDSA', 'Ed25519'],
]
/** How far clocks may be apart. */
const LEEWAY_S = 30
const ANSWER_MS_MAX = 5000
/** Keys are asked for again no oftener, whatever ids of keys are sent to us. */
const COOL_DOWN_MS = 30_000
const KEEP_MS = 10 * 60_000
const FILE_BYTES_MAX = 1_048_576

export interface IssuerJwt {
  readonly name: string
  readonly role: Role
  readonly id: string
  readonly expiresMs: number
}

/** Why one is not taken. */
export interface IssuerRefusal {
  /** unfit: its issuer has signed it, and it is for something else, or no more: whoever has it may know. */
  readonly is: 'invalid' | 'unfit' | 'unavailable'
  readonly why: string
}

type Keys = ReturnType<typeof createRemoteJWKSet> | ReturnType<typeof createLocalJWKSet>

export class Issuer {
  readonly config: IssuerConfig
  readonly #nowMs: () => number
  #remote: Keys | null = null

  constructor(config: IssuerConfig, nowMs: () => number) {
    this.config = config
    this.#nowMs = nowMs
  }

  /** What one says, if it is of this issuer, for us and in its time. */
  async read(text: string): Promise<IssuerJwt | IssuerRefusal> {
    const { issuer, audience } = this.config
    let keys: Keys
    try {
      keys = this.#keys()
    } catch (error) {
      return { is: 'unavailable', why: `the keys of ${issuer} cannot be read: ${textOf(error)}` }
    }
    try {
      const { payload } = await jwtVerify(text, keys as ReturnType<typeof createLocalJWKSet>, {
        algorithms: ALGORITHMS,
        issuer,
        audience: [...audience],
        requiredClaims: ['exp'],
        clockTolerance: LEEWAY_S,
        currentDate: new Date(this.#nowMs()),
      })
      return this.#principalOf(payload)
    } catch (error) {
      return isOfKeys(error)
        ? { is: 'unavailable', why: `the keys of ${issuer} cannot be had: ${textOf(error)}` }
        : whyUnfit(error)
    }
  }

  #keys(): Keys {
    const { jwks_url: url, jwks_file: file } = this.config
    if (file !== undefined)
      return createLocalJWKSet(
        JSON.parse(new TextDecoder().decode(readBounded(file, FILE_BYTES_MAX))) as JSONWebKeySet,
      )
    this.#remote ??= createRemoteJWKSet(new URL(url ?? ''), {
      timeoutDuration: ANSWER_MS_MAX,
      cooldownDuration: COOL_DOWN_MS,
      cacheMaxAge: KEEP_MS,
    })
    return this.#remote
  }

  #principalOf(payload: JWTPayload): IssuerJwt | IssuerRefusal {
    const { role_claim: roleClaim, name_claim: nameClaim, roles } = this.config
    const named = claimOf(payload, nameClaim)
    const name = typeof named === 'string' && named !== '' ? named : null
    if (name === null) return { is: 'unfit', why: `it has no claim "${nameClaim}"` }
    const claimed = claimOf(payload, roleClaim)
    // A text has words as a scope has (RFC 8693 §4.2); items of a list are names, perhaps with spaces.
    const words = typeof claimed === 'string' ? claimed.split(' ') : [claimed].flat()
    const hasMap = Object.keys(roles).length > 0
    const known = words.flatMap((word) => {
      if (typeof word !== 'string') return []
      if (hasMap) return Object.hasOwn(roles, word) ? [roles[word]] : []
      return isRole(word) ? [word] : []
    })
    const role = ROLES.findLast((one) => known.includes(one))
    if (role === undefined)
      return { is: 'unfit', why: `its claim "${roleClaim}" names no role that is known` }
    const id = payload.jti ?? payload.sub ?? name
    return {
      name: plainName(name.slice(0, 200)),
      role,
      id: id.slice(0, 200),
      expiresMs: (payload.exp ?? 0) * 1000,
    }
  }
}

/** Claims are looked at once the signature was found to be good. */
function whyUnfit(error: unknown): IssuerRefusal {
  if (error instanceof errors.JWTExpired) {
    const { exp } = error.payload
    const at = typeof exp === 'number' ? ` at ${new Date(exp * 1000).toISOString()}` : ''
    return { is: 'unfit', why: `it has expired${at}` }
  }
  if (!(error instanceof errors.JWTClaimValidationFailed)) return { is: 'invalid', why: textOf(error) }
  const { claim, reason } = error
  const why = reason === 'missing' ? `it has no claim "${claim}"` : (WHY_NOT[claim] ?? textOf(error))
  return { is: 'unfit', why }
}

const WHY_NOT: Readonly<Record<string, string>> = {
  aud: 'it is for somebody else: its claim "aud" has nothing of admin.jwt.audience',
  iss: 'its claim "iss" is not admin.jwt.issuer',
  nbf: 'it is not good yet: its claim "nbf" is still to come',
}

/** A claim by its name, or by its place within others, as `realm_access.roles`. */
function claimOf(payload: JWTPayload, name: string): unknown {
  if (Object.hasOwn(payload, name)) return payload[name]
  return name.split('.').reduce<unknown>((value, key) => {
    if (typeof value !== 'object' || value === null || !Object.hasOwn(value, key)) return undefined
    return (value as Readonly<Record<string, unknown>>)[key]
  }, payload)
}

/** Whether it is the keys that failed, and not the token. */
const isOfKeys = (error: unknown): boolean =>
  error instanceof errors.JWKSTimeout ||
  error instanceof errors.JWKSInvalid ||
  !(error instanceof errors.JOSEError) ||
  (error.code === 'ERR_JOSE_GENERIC' && error.message.includes('JSON Web Key Set'))

const textOf = (error: unknown): string => (error instanceof Error ? error.message : String(error))
