// The key of an account at a CA, and what it signs: each request (RFC 8555 §6.2), and the answers to
// challenges.
import { createHmac } from 'node:crypto'
import { calculateJwkThumbprint, exportJWK, FlattenedSign, generateKeyPair, importJWK, type JWK } from 'jose'

/** Every CA takes it (RFC 8555 §6.2 asks for it). */
const ALGORITHM = 'ES256'

/** A JWS in the form that a CA takes. */
export interface Signed {
  readonly protected: string
  readonly payload: string
  readonly signature: string
}

/** An account that was made elsewhere, which a CA wants ours to be bound to (RFC 8555 §7.3.4). */
export interface ExternalAccount {
  readonly kid: string
  /** In base64url. */
  readonly hmac: string
}

export interface RequestHeader {
  readonly url: string
  readonly nonce: string
  /** The account's URL; null: it has none yet, and its key stands in the request. */
  readonly account: string | null
}

export class AccountKey {
  /** With its private part: this is what is kept. */
  readonly jwk: JWK
  readonly #key: Awaited<ReturnType<typeof importJWK>>
  readonly #public: JWK
  readonly #thumbprint: string

  constructor(jwk: JWK, key: Awaited<ReturnType<typeof importJWK>>, thumbprint: string) {
    const { kty, crv, x, y } = jwk as Required<JWK>
    this.jwk = jwk
    this.#key = key
    this.#public = { kty, crv, x, y }
    this.#thumbprint = thumbprint
  }

  /** A request; no payload: it only asks for what is there (POST-as-GET, RFC 8555 §6.3). */
  async sign(payload: object | null, { url, nonce, account }: RequestHeader): Promise<Signed> {
    const text = payload === null ? '' : JSON.stringify(payload)
    const who = account === null ? { jwk: this.#public } : { kid: account }
    const jws = await new FlattenedSign(new TextEncoder().encode(text))
      .setProtectedHeader({ alg: ALGORITHM, nonce, url, ...who })
      .sign(this.#key)
    return { protected: jws.protected ?? '', payload: jws.payload, signature: jws.signature }
  }

  /** That the holder of an external account knows this key (RFC 8555 §7.3.4). */
  bindTo({ kid, hmac }: ExternalAccount, url: string): Signed {
    // Keys of some CAs are shorter than libraries take for HS256: RFC 2104 knows no such bound.
    const head = base64url(JSON.stringify({ alg: 'HS256', kid, url }))
    const payload = base64url(JSON.stringify(this.#public))
    const mac = createHmac('sha256', Buffer.from(hmac, 'base64url')).update(`${head}.${payload}`)
    return { protected: head, payload, signature: mac.digest('base64url') }
  }

  /** What proves to a CA that the account's holder answers a challenge (RFC 8555 §8.1). */
  authorize(token: string): string {
    return `${token}.${this.#thumbprint}`
  }
}

/** A new one. */
export async function newAccountKey(): Promise<AccountKey> {
  const { privateKey } = await generateKeyPair(ALGORITHM, { extractable: true })
  return accountKey(await exportJWK(privateKey))
}

/** One that was kept. */
export async function accountKey(jwk: JWK): Promise<AccountKey> {
  return new AccountKey(jwk, await importJWK(jwk, ALGORITHM), await calculateJwkThumbprint(jwk))
}

const base64url = (text: string): string => Buffer.from(text).toString('base64url')
