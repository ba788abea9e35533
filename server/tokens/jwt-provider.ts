// Whose tokens are believed, and which of them (RFC 7519, RFC 8725): signed by a key of the issuer in a way
// that the config names, for us, and in their time.
import type { errors, JWTPayload, JWTVerifyGetKey } from 'jose'
import { unixSeconds } from '../lib/clock.ts'
import { algorithmsOf, isPem, keySourceOf } from '../lib/jwt-words.ts'
import { type Claims, claimAt, claimTexts } from '../rules/claims.ts'
import type { JwtProviderConfig } from './jwt-provider.options.ts'
import { hidePlaces, placeOf, type SecretPlace } from './secret-places.ts'
import { type TokenKeys, tokenKeys } from './token-keys.ts'
import { type VerifiedToken, VerifiedTokens } from './verified-tokens.ts'

/** Why one is not taken. unavailable: that is for want of keys, and says nothing of the token. */
export interface TokenRefusal {
  readonly is: 'invalid' | 'unavailable'
  readonly why: string
}

export const isRefusal = (read: VerifiedToken | TokenRefusal): read is TokenRefusal => 'is' in read

const TRIES_MAX = 3
/** One without an end is looked at again. */
const ENDLESS_S = 300

export class JwtProvider {
  readonly name: string
  readonly options: JwtProviderConfig
  readonly algorithms: readonly string[]
  /** Where it stands in requests. */
  readonly places: readonly SecretPlace[]
  /** Fields that servers are told claims in. */
  readonly headers: readonly (readonly [field: string, claim: string])[]
  readonly #source: string | null
  readonly #keys: TokenKeys
  readonly #nowS: () => number
  readonly #verified = new VerifiedTokens()
  /** Those that are looked at. */
  readonly #under = new Map<string, Promise<VerifiedToken | TokenRefusal>>()
  /** The set that all that is remembered was found good by. */
  #text: string | null = null
  #own: JWTVerifyGetKey | null = null

  constructor(name: string, options: JwtProviderConfig, keys = tokenKeys, nowS = unixSeconds) {
    this.name = name
    this.options = options
    this.algorithms = algorithmsOf(options)
    this.places = options.from.map(placeOf)
    hidePlaces(this.places)
    this.headers = Object.entries(options.claims_to_headers)
    this.#source = keySourceOf(options)
    this.#keys = keys
    this.#nowS = nowS
  }

  /** What a token says; a promise where its signature must be checked first. */
  read(token: string): VerifiedToken | TokenRefusal | Promise<VerifiedToken | TokenRefusal> {
    if (token.length > this.options.max_size) return invalid('it is longer than max_size')
    this.#forgetOld()
    const name = VerifiedTokens.nameOf(token)
    const known = this.#verified.find(name, this.#nowS())
    if (known !== null) return known
    const why = whyNoToken(token, this.algorithms)
    if (why !== null) return invalid(why)
    const under = this.#under.get(name)
    if (under !== undefined) return under
    const reading = this.#verify(token, name).finally(() => this.#under.delete(name))
    this.#under.set(name, reading)
    return reading
  }

  /** What was signed by a key that is gone is good no more. */
  #forgetOld(): void {
    if (this.#source === null) return
    const text = this.#keys.of(this.#source)?.text ?? null
    if (text === this.#text) return
    this.#text = text
    this.#verified.clear()
  }

  async #verify(token: string, name: string): Promise<VerifiedToken | TokenRefusal> {
    const source = this.#source
    let tries = 0
    for (;;) {
      const set = source === null ? null : this.#keys.of(source)
      const find = source === null ? await this.#ownKey() : await set?.find()
      const read = find === undefined ? UNAVAILABLE : await this.#verifyBy(find, token)
      const isKeyMissing = read === UNAVAILABLE || read === KEY_UNKNOWN
      if (isKeyMissing && source !== null && ++tries < TRIES_MAX) {
        // Others may have come meanwhile, or are asked for.
        if (this.#keys.of(source) !== set || (tries === 1 && (await this.#newer(source)))) continue
      }
      this.#forgetOld()
      if (!isRefusal(read) && (set?.text ?? null) === this.#text)
        this.#verified.keep(name, read, token.length)
      return read
    }
  }

  /** Waits for newer keys; false: nobody asks for them now. */
  #newer(source: string): Promise<boolean> {
    return new Promise((resolve) => {
      if (!this.#keys.want(source, () => resolve(true))) resolve(false)
    })
  }

  async #ownKey(): Promise<JWTVerifyGetKey> {
    return (this.#own ??= await ownKey(this.options.key ?? ''))
  }

  async #verifyBy(find: JWTVerifyGetKey, token: string): Promise<VerifiedToken | TokenRefusal> {
    const { jwtVerify, errors } = await import('jose')
    const { issuer, audience, clock_skew: skew, required_claims: required } = this.options
    const options = {
      algorithms: [...this.algorithms],
      issuer,
      ...(audience.length > 0 && { audience: [...audience] }),
      requiredClaims: [...required],
      clockTolerance: skew / 1000,
      currentDate: new Date(this.#nowS() * 1000),
    }
    try {
      return this.#said((await jwtVerify(token, find, options)).payload)
    } catch (error) {
      if (error instanceof errors.JWKSNoMatchingKey) return KEY_UNKNOWN
      if (error instanceof errors.JWKSInvalid) return UNAVAILABLE
      if (!(error instanceof errors.JWKSMultipleMatchingKeys)) return whyInvalid(error, errors)
      // It names none of several that fit: each is tried.
      for await (const key of error) {
        try {
          return this.#said((await jwtVerify(token, key, options)).payload)
        } catch (other) {
          if (!(other instanceof errors.JWSSignatureVerificationFailed)) return whyInvalid(other, errors)
        }
      }
      return invalid('its signature is of no key of the issuer')
    }
  }

  #said(claims: JWTPayload): VerifiedToken {
    const { clock_skew: skew, name_claim: nameClaim } = this.options
    const nowS = this.#nowS()
    const [name = ''] = claimTexts(claimAt(claims as Claims, nameClaim))
    const untilS = claims.exp === undefined ? nowS + ENDLESS_S : claims.exp + skew / 1000
    return { name, claims: claims as Claims, untilS }
  }
}

const invalid = (why: string): TokenRefusal => ({ is: 'invalid', why })
const UNAVAILABLE: TokenRefusal = { is: 'unavailable', why: 'no keys of the issuer have come yet' }
const KEY_UNKNOWN: TokenRefusal = invalid('it names a key that the issuer does not have')

/** What is seen before any crypto: most junk goes no further. */
function whyNoToken(token: string, algorithms: readonly string[]): string | null {
  if (!/^[\w-]+\.[\w-]+\.[\w-]+$/.test(token)) return 'it is none'
  let header: unknown
  try {
    header = JSON.parse(Buffer.from(token.slice(0, token.indexOf('.')), 'base64url').toString())
  } catch {
    return 'its header cannot be read'
  }
  const alg = typeof header === 'object' && header !== null && Object.hasOwn(header, 'alg') ? header : null
  const word = (alg as { readonly alg?: unknown } | null)?.alg
  return typeof word === 'string' && algorithms.includes(word)
    ? null
    : 'it is signed in a way that is not taken'
}

/** By a key in the config: whichever way of those that are taken. */
async function ownKey(key: string): Promise<JWTVerifyGetKey> {
  const { importSPKI, importX509 } = await import('jose')
  if (!isPem(key)) {
    const secret = new TextEncoder().encode(key)
    return () => secret
  }
  const read = key.includes('-----BEGIN CERTIFICATE') ? importX509 : importSPKI
  const known = new Map<string, ReturnType<typeof importSPKI>>()
  return ({ alg }) => known.getOrInsertComputed(alg, () => read(key, alg))
}

type JoseErrors = typeof errors

function whyInvalid(error: unknown, errors: JoseErrors): TokenRefusal {
  if (error instanceof errors.JWTExpired) return invalid('it has expired')
  if (error instanceof errors.JWTClaimValidationFailed) {
    const { claim, reason } = error
    if (reason === 'missing') return invalid(`it has no claim "${claim}"`)
    return invalid(WHY_NOT[claim] ?? `its claim "${claim}" cannot be taken`)
  }
  if (error instanceof errors.JWSSignatureVerificationFailed)
    return invalid('its signature is of no key of the issuer')
  return invalid('it cannot be read')
}

const WHY_NOT: Readonly<Record<string, string>> = {
  aud: 'it is for somebody else: its claim "aud" has nothing of audience',
  iss: 'its claim "iss" is not issuer',
  nbf: 'it is not good yet: its claim "nbf" is still to come',
}
