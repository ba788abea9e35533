// An issuer of tokens with a real server of its keys (JWKS), which can rotate them, and be away.
import { exportJWK, generateKeyPair, type JWK, SignJWT } from 'jose'

type Key = Awaited<ReturnType<typeof generateKeyPair>>['privateKey']

interface Kept {
  readonly kid: string
  readonly alg: string
  readonly key: Key
  readonly jwk: JWK
}

export interface TokenWords {
  readonly header?: Readonly<Record<string, unknown>>
  /** Seconds from now; null: it has none. */
  readonly exp?: number | null
  readonly [claim: string]: unknown
}

export class Issuer implements AsyncDisposable {
  /** How often its keys were fetched. */
  fetched = 0
  /** What is answered in place of keys; null: those. */
  answers: (() => Response) | null = null
  #keys: Kept[] = []
  #count = 0
  readonly #server = Bun.serve({
    port: 0,
    hostname: '127.0.0.1',
    fetch: () => {
      this.fetched++
      return this.answers?.() ?? Response.json(this.jwks)
    },
  })

  static async start(alg = 'ES256'): Promise<Issuer> {
    const issuer = new Issuer()
    await issuer.rotate(alg)
    return issuer
  }

  get url(): string {
    return `http://127.0.0.1:${this.#server.port}/jwks.json`
  }

  get jwks(): { keys: JWK[] } {
    return { keys: this.#keys.map(({ jwk, kid, alg }) => ({ ...jwk, kid, alg, use: 'sig' })) }
  }

  /** Signs by another key from here on; the one of before goes. */
  async rotate(alg = 'ES256'): Promise<void> {
    const { privateKey, publicKey } = await generateKeyPair(alg, { extractable: true })
    this.#keys = [{ kid: `key-${++this.#count}`, alg, key: privateKey, jwk: await exportJWK(publicKey) }]
  }

  /** A token for "app", of anna, good for five minutes, with these claims. */
  async token({ header = {}, exp = 300, ...claims }: TokenWords = {}): Promise<string> {
    const [one] = this.#keys
    if (one === undefined) throw new Error('it has no key')
    const now = Math.floor(Date.now() / 1000)
    const said = { iss: 'https://issuer.test', aud: 'app', sub: 'anna', iat: now, ...claims }
    return await new SignJWT(exp === null ? said : { ...said, exp: now + exp })
      .setProtectedHeader({ alg: one.alg, kid: one.kid, ...header })
      .sign(one.key, { crit: { 'x-must': true } })
  }

  /** The server is away; what asks it is refused. */
  async stop(): Promise<void> {
    await this.#server.stop(true)
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.stop()
  }
}
