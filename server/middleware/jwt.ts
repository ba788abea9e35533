// Tokens (JWT) as bearer credentials (RFC 6750): who has one that is good is whom it names.
import { type Answer, faultAnswer } from '../head/answer.ts'
import { takeOutNamed } from '../head/same-named.ts'
import type { Exchange } from '../http/exchange.ts'
import { type Claims, claimAt, claimTest, claimTexts } from '../rules/claims.ts'
import { fieldText } from '../rules/template-escapes.ts'
import { YES } from '../rules/verdict.ts'
import type { Snapshot } from '../snapshot/snapshot.ts'
import { isRefusal, type JwtProvider, type TokenRefusal } from '../tokens/jwt-provider.ts'
import { placeOf, secretIn, takeOut } from '../tokens/secret-places.ts'
import type { VerifiedToken } from '../tokens/verified-tokens.ts'
import { Access, foreseen, identityOf, type Refusal } from './access.ts'
import type { JwtConfig } from './jwt.options.ts'
import type { Foreseen, Middleware, StepWorld } from './middleware.ts'

export function jwt(options: JwtConfig, world: StepWorld): Middleware {
  const step = new Step(options, world)
  return { name: 'jwt', request: (x) => step.request(x), explain: (x) => step.explain(x) }
}

interface ClaimTest {
  readonly name: string
  readonly test: ReturnType<typeof claimTest>
}

class Step {
  readonly #options: JwtConfig
  readonly #access: Access
  readonly #tests: readonly ClaimTest[]
  readonly #missing: Refusal
  /** That of the snapshot whose exchanges came last. */
  #snapshot: Snapshot | null = null
  #provider: JwtProvider | null = null
  /** Fields that clients cannot send, in lower case. */
  #ours: ReadonlySet<string> = new Set()

  constructor(options: JwtConfig, world: StepWorld) {
    this.#options = options
    this.#access = new Access('jwt', world)
    this.#tests = Object.entries(options.claims).map(([name, words]) => ({
      name,
      test: claimTest(name, words),
    }))
    // RFC 6750 §3.1: who has shown nothing is told no error.
    const headers = [['WWW-Authenticate', `Bearer realm="${options.realm}"`]] as const
    this.#missing = { code: 'credentials_missing', why: 'no token', headers }
  }

  request(x: Exchange): Answer | undefined | Promise<Answer | undefined> {
    const provider = this.#providerIn(x.snapshot)
    // Config check has seen that there is one.
    if (provider === null) return faultAnswer('internal')
    const found = secretIn(x.request, provider.places)
    if (this.#ours.size > 0) takeOutNamed(x.request, this.#ours)
    if (found === null)
      return this.#options.optional ? this.#access.passed() : this.#access.refused(x, this.#missing)
    if (found === 'odd') return this.#access.refused(x, this.#invalid('two tokens that differ'))
    const read = provider.read(found.text)
    return read instanceof Promise
      ? read.then((done) => this.#judge(x, provider, done))
      : this.#judge(x, provider, read)
  }

  explain(x: Exchange): Foreseen {
    const { optional, provider: name } = this.#options
    const words = x.snapshot.config.auth.jwt[name]
    const claims = x.tokens?.get(name)
    if (claims !== undefined) {
      const [said = ''] = claimTexts(claimAt(claims, words?.name_claim ?? 'sub'))
      x.identity = identityOf('jwt', said, claims)
      const lacking = this.#lackingIn(claims)
      return lacking === null
        ? { why: `a token of ${name}`, depends: false }
        : foreseen(this.#insufficient(lacking))
    }
    const found = words === undefined ? null : secretIn(x.request, words.from.map(placeOf))
    if (found === null)
      return optional ? { why: 'no token, which may be', depends: false } : foreseen(this.#missing)
    return { why: `whether the token is good is not looked at here`, depends: true }
  }

  #judge(x: Exchange, provider: JwtProvider, read: VerifiedToken | TokenRefusal): Answer | undefined {
    if (isRefusal(read)) {
      const { is, why } = read
      return this.#access.refused(
        x,
        is === 'invalid' ? this.#invalid(why) : { code: 'keys_unavailable', why },
      )
    }
    const { name, claims } = read
    x.identity = identityOf('jwt', name, claims)
    const lacking = this.#lackingIn(claims)
    if (lacking !== null) return this.#access.refused(x, this.#insufficient(lacking))
    const { pass_credentials: isPassed, user_header: field } = this.#options
    if (!isPassed) takeOut(x.request, provider.places)
    for (const [header, claim] of provider.headers) {
      const texts = claimTexts(claimAt(claims, claim))
      if (texts.length > 0) x.request.set(header, fieldText(texts.join(', ')))
    }
    if (field !== undefined && x.identity.name !== '') x.request.set(field, fieldText(x.identity.name))
    return this.#access.passed()
  }

  /** The claim that is not as it must be; null: all are. */
  #lackingIn(claims: Claims): string | null {
    for (const { name, test } of this.#tests) if (test(claims) !== YES) return name
    return null
  }

  #invalid(why: string): Refusal {
    // RFC 6750 §3: a description has neither of '"' and "\".
    const said = `error="invalid_token", error_description="${why.replaceAll(/["\\]/g, "'")}"`
    const headers = [['WWW-Authenticate', `Bearer realm="${this.#options.realm}", ${said}`]] as const
    return { code: 'token_invalid', why, headers }
  }

  #insufficient(claim: string): Refusal {
    const { realm } = this.#options
    const headers = [['WWW-Authenticate', `Bearer realm="${realm}", error="insufficient_scope"`]] as const
    return { code: 'token_insufficient', why: `its claim "${claim}" is not as it must be`, headers }
  }

  /** It may say something else in another snapshot, where this step is as it was. */
  #providerIn(snapshot: Snapshot): JwtProvider | null {
    if (snapshot === this.#snapshot) return this.#provider
    this.#snapshot = snapshot
    const { provider: name, user_header: field } = this.#options
    this.#provider = snapshot.issuers.get(name) ?? null
    const headers = this.#provider?.headers.map(([header]) => header) ?? []
    this.#ours = new Set(
      [...headers, ...(field === undefined ? [] : [field])].map((one) => one.toLowerCase()),
    )
    return this.#provider
  }
}
