// Has people sign in with an identity provider: OpenID Connect Core 1.0, the authorization code flow with
// PKCE (RFC 7636), as RFC 9700 advises; and RP-Initiated Logout 1.0.
//
//   who is signed in   passes, with fields that say who it is; the provider is asked anew when its token ends
//   a browser's page   is sent to the provider, and comes back with a code to redirect_path
//   anything else      gets 401: a script cannot sign anybody in
import type { Answer } from '../head/answer.ts'
import { keepPrivate } from '../head/keep-private.ts'
import { KNOWN } from '../head/known-fields.ts'
import type { RequestHead } from '../head/request-head.ts'
import { takeOutNamed } from '../head/same-named.ts'
import type { Exchange } from '../http/exchange.ts'
import { unixSeconds } from '../lib/clock.ts'
import { claimTest } from '../rules/claims.ts'
import { YES } from '../rules/verdict.ts'
import { METHOD_GET } from '../tables/methods.ts'
import { Access, identityOf, type Refusal } from './access.ts'
import type { Middleware, StepWorld } from './middleware.ts'
import type { OidcConfig } from './oidc.options.ts'
import { elsewhere, type Here } from './oidc-here.ts'
import { comeBack, signOut } from './oidc-ways.ts'
import type { Session } from './oidc-session.ts'
import type { Way } from './oidc-sign-in.ts'
import { isFailed } from './remembered.ts'

interface Note {
  /** Set-Cookie beside the server's answer. */
  cookies: readonly string[]
}

type Given = Answer | undefined | Promise<Answer | undefined>

export function oidc(options: OidcConfig, world: StepWorld): Middleware<Note> {
  const step = new Step(options, world)
  return {
    name: 'oidc',
    note: () => ({ cookies: [] }),
    request: (x, note) => step.request(x, note),
    response(_, head, { cookies }) {
      if (cookies.length === 0) return
      for (const cookie of cookies) head.add('Set-Cookie', cookie)
      keepPrivate(head)
    },
    explain: () => ({ why: `signed in with "${options.provider}", or sent there`, depends: true }),
  }
}

class Step {
  readonly #options: OidcConfig
  readonly #access: Access
  readonly #tests: readonly (readonly [claim: string, test: ReturnType<typeof claimTest>])[]

  constructor(options: OidcConfig, world: StepWorld) {
    this.#options = options
    this.#access = new Access('oidc', world)
    this.#tests = Object.entries(options.claims).map(([claim, words]) => [claim, claimTest(claim, words)])
  }

  request(x: Exchange, note: Note): Given {
    const provider = x.snapshot.oidc.get(this.#options.provider)
    if (provider === undefined) return this.#access.refused(x, unavailable('there is no such provider'))
    const { request } = x
    const way = wayOf(x)
    if (way === null) return this.#access.refused(x, { code: 'host_invalid', why: 'no host' })
    const here = { x, provider, way, access: this.#access, nowS: unixSeconds() }
    if (request.path === provider.options.redirect_path) return comeBack(here)
    if (request.path === provider.options.logout_path) return signOut(here)
    if (provider.fieldNames.size > 0) takeOutNamed(request, provider.fieldNames)
    const session = provider.sessions.read(request, way.isSecure, here.nowS)
    if (session === null) return this.#stranger(here, note)
    if (provider.isDue(session, here.nowS)) return this.#renew(here, note, session)
    if (provider.sessions.isStale(session, here.nowS))
      this.#write(here, note, { ...session, seenS: here.nowS })
    return this.#pass(here, session)
  }

  #pass({ x, provider }: Here, session: Session): Answer | undefined {
    x.identity = identityOf('oidc', provider.userOf(session), session.claims)
    const failing = this.#tests.find(([, test]) => test({ ...session.claims, sub: session.sub }) !== YES)
    provider.strip(x.request)
    for (const [name, value] of provider.fieldsOf(session)) x.request.set(name, value)
    if (failing === undefined) return this.#access.passed()
    return this.#access.refused(x, {
      code: 'denied',
      why: `claim ${failing[0]} of ${provider.userOf(session)}`,
    })
  }

  #write({ x, provider, way, nowS }: Here, note: Note, session: Session): void {
    note.cookies = provider.sessions.write(session, x.request, way.isSecure, nowS) ?? []
  }

  // ── who is not signed in ──

  #stranger(here: Here, note: Note): Given {
    const { x, provider } = here
    if (this.#options.optional) {
      provider.strip(x.request)
      return this.#access.passed()
    }
    if (!isPage(x.request)) return this.#unknown(here)
    const offered = provider.remote.offered.get(x.web)
    if (!(offered instanceof Promise)) return this.#begin(here, note, offered.authorization)
    return offered.then((told) =>
      isFailed(told)
        ? this.#access.refused(x, unavailable(`provider "${provider.name}": ${told.why}`))
        : this.#begin(here, note, told.authorization),
    )
  }

  #begin({ x, provider, way, nowS }: Here, _: Note, authorization: string): Answer | undefined {
    const { location, cookies } = provider.signIns.begin(authorization, x.request, way, nowS)
    const answer = this.#access.answered(
      x,
      elsewhere(location, cookies),
      'sent_to_sign_in',
      'nobody is signed in',
    )
    if (answer === undefined) provider.strip(x.request)
    return answer
  }

  #unknown({ x, provider }: Here, cookies: readonly string[] = []): Answer | undefined {
    const headers = [
      // RFC 9110 §15.5.2 wants one; by no registered scheme can anybody sign in with a cookie.
      ['WWW-Authenticate', `Cookie realm="${provider.name}"`] as const,
      ...cookies.map((cookie) => ['Set-Cookie', cookie] as const),
    ]
    const answer = this.#access.refused(x, {
      code: 'credentials_missing',
      why: 'nobody is signed in',
      headers,
    })
    if (answer === undefined) provider.strip(x.request)
    return answer
  }

  // ── whose token is over ──

  async #renew(here: Here, note: Note, session: Session): Promise<Answer | undefined> {
    const { x, provider, way, nowS } = here
    const told = await provider.renewed(x.web, session, nowS)
    if (told === 'late') return this.#access.refused(x, unavailable(`provider "${provider.name}": no answer`))
    // Another request has its new cookie, or the provider cannot be asked: that is no reason until ttl.
    if (told === 'done' || (isFailed(told) && told.isFinal !== true)) return this.#pass(here, session)
    if (!isFailed(told)) {
      this.#write(here, note, told)
      return this.#pass(here, told)
    }
    note.cookies = provider.sessions.clear(x.request, way.isSecure)
    return this.#stranger(here, note)
  }
}

const unavailable = (why: string): Refusal => ({ code: 'auth_unavailable', why })

/** By which address the client is here; null: it does not say. */
function wayOf({ request, client }: Exchange): Way | null {
  const authority = request.authority.raw.latin1Slice().toLowerCase()
  return authority === ''
    ? null
    : { isSecure: client.scheme === 'https', origin: `${client.scheme}://${authority}` }
}

/** A page, or a frame, that a person is to see (Fetch Metadata §2.1; older browsers ask for HTML). */
function isPage(request: RequestHead): boolean {
  if (request.methodId !== METHOD_GET || request.fields.has(KNOWN.upgrade)) return false
  const mode = request.get('sec-fetch-mode')
  if (mode !== null) return mode === 'navigate'
  return request.get('x-requested-with') === null && (request.get('accept') ?? '').includes('text/html')
}
