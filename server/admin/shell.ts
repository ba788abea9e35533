// What stands in front of every answer of the admin API, whatever makes it: who asks, what they may, and
// whether what they send can be taken. A route that is not in the table is answered to nobody.
import type { ControlFacts } from '../control/facts.ts'
import { localPrincipal, type Principal } from '../control/store/principal.ts'
import { logEvent } from '../telemetry/log.ts'
import type { App } from './app.ts'
import type { Authenticator, Identified } from './auth/authenticator.ts'
import { untilRevoked } from './auth/until-revoked.ts'
import { readBody } from './body.ts'
import { otherSite, readForOtherSite } from './browsers.ts'
import { type Came, type Caller, Pass, urlOf } from './came.ts'
import { isOurHost, maySee } from './guard.ts'
import { IdempotencyKeys } from './idempotency.ts'
import { problem, problemOfRefusal, PROBLEM_TYPE, withInstance } from './problem.ts'
import { may, ROLE_FOR } from './roles.ts'
import type { Asked, Route } from './route.ts'
import { type FoundPath, paramsOf, RouteTable } from './route-table.ts'
import { userName } from './user-name.ts'

export interface ShellParts {
  readonly routes: readonly Route[]
  readonly facts: Pick<ControlFacts, 'trusted' | 'revision' | 'access'>
  readonly authenticator: Authenticator
  /** Each answer, once it is made: for the audit log. */
  readonly onAnswer?: (pass: Pass, status: number) => void
}

/** Longer than workers may take to answer a change. */
const ANSWER_S = 60

export class Shell {
  readonly table: RouteTable
  readonly #parts: ShellParts
  readonly #keys = new IdempotencyKeys()
  #app: Promise<App> | null = null

  constructor(parts: ShellParts) {
    this.#parts = parts
    this.table = new RouteTable(parts.routes)
  }

  /** Answers; never rejects. */
  async answer(came: Came): Promise<Response> {
    const pass = new Pass(came, this.#parts.facts.revision())
    let answer: Response
    try {
      answer = await this.#answer(pass)
    } catch (error) {
      const why = error instanceof Error ? error.stack : String(error)
      logEvent('error', 'bug', { request: pass.requestId, path: pass.url.pathname, error: why })
      answer = problem('internal', 'The gateway could not make this answer.')
    }
    return this.#finish(answer, pass)
  }

  async #answer(pass: Pass): Promise<Response> {
    const { request, caller, host } = pass.came
    // 1. It must mean us. Nobody reaches the Unix socket by a name that was made to point here.
    if (
      caller.door === 'tcp' &&
      !isOurHost(request.headers.get('host'), host, this.#parts.facts.access()?.hosts)
    )
      return problem('not_this_host', 'Ask by IP address, localhost or the name of this machine.')
    // 2. The route. What there is and what is not shows to those only who are known, or to whom it is open.
    const path = this.table.at(pass.url.pathname)
    const route = path === null ? null : routeOf(path, request)
    pass.route = route
    const isShown = this.#isShown(path, route, caller)
    // 3. Who asks.
    const stranger = isShown ? null : await this.#identify(pass)
    if (stranger !== null) return stranger
    if (path === null) return problem('path_unknown', `There is nothing at ${pass.url.pathname}.`)
    if (route === null) return wrongMethod(request.method, path)
    // 4. Whether they may, and whether it is they who ask and not a page in their browser.
    const refused = (isShown ? null : whyNot(pass, route)) ?? otherSite(request, caller.isSecure)
    return refused ?? this.#ask(pass, route, path)
  }

  /** Whether nobody has to be known for what is asked, or to be told that it takes other methods. */
  isOpen({ request, caller }: Came): boolean {
    const path = this.table.at(urlOf(request).pathname)
    return this.#isShown(path, path === null ? null : routeOf(path, request), caller)
  }

  #isShown(path: FoundPath | null, route: Route | null, { door, address }: Caller): boolean {
    const isTrusted = door === 'unix' || maySee(address, this.#parts.facts.trusted())
    const isOpen = ({ permission, isForTrusted }: Route): boolean =>
      permission === 'open' || (isForTrusted === true && isTrusted)
    return route === null ? path !== null && [...path.routes.values()].some(isOpen) : isOpen(route)
  }

  /** Finds out who asks; what stands against that. */
  async #identify(pass: Pass): Promise<Response | null> {
    const { request, caller } = pass.came
    if (caller.door === 'unix') {
      pass.known = localUser(caller.uids)
      return null
    }
    const found = await this.#parts.authenticator.whoAsks(request, caller.address)
    if ('who' in found) {
      pass.known = found
      return null
    }
    if (pass.route?.isForTrusted === true && found.code === 'not_signed_in')
      return problem('not_trusted', 'Only this machine and admin.trusted may read this.')
    return problemOfRefusal(found)
  }

  async #ask(pass: Pass, route: Route, path: FoundPath): Promise<Response> {
    const { request, server, caller } = pass.came
    if (caller.door === 'tcp' && pass.known !== null) server.timeout(request, ANSWER_S)
    // 5. What was sent: its type, its size.
    const sent = await readBody(request, route)
    if ('refused' in sent) return sent.refused
    const asked: Asked = {
      ...{ request, server, requestId: pass.requestId, body: sent.body },
      params: paramsOf(route, path.params),
      query: pass.url.searchParams,
      who: pass.who ?? nobody(caller),
      isStepUpDue: (pass.known?.whyNoStepUp() ?? null) !== null,
    }
    // 6. What monitoring reads works with nothing else loaded.
    if (!route.path.startsWith('/api/')) return route.answer(asked)
    this.#app ??= import('./app.ts').then(({ makeApp }) => makeApp(this.table.routes))
    const app = await this.#app
    // A key is of somebody: what is answered to nobody who is known, as a sign-in, is kept for nobody.
    if (pass.known === null) return app.answer(route, asked)
    return this.#keys.answer(route, asked, () => app.answer(route, asked))
  }

  /** 7. Whatever made the answer: a refusal is a problem that names the request; nothing is cached. */
  #finish(made: Response, pass: Pass): Response {
    const { facts, onAnswer } = this.#parts
    const isProblem = made.headers.get('content-type') === PROBLEM_TYPE
    const isMeant = made.status < 400 || isProblem || pass.route?.answers[made.status]?.schema !== undefined
    const answer = isMeant ? made : problem('internal', `The answer ${made.status} came without its reason.`)
    const whole = withInstance(answer, pass.requestId) ?? answer
    const { headers } = whole
    headers.set('Sluice-Config-Revision', String(facts.revision()))
    headers.set('X-Content-Type-Options', 'nosniff')
    headers.set('Cross-Origin-Resource-Policy', 'same-origin')
    if (!headers.has('cache-control')) headers.set('Cache-Control', 'no-store')
    onAnswer?.(pass, whole.status)
    return headers.get('content-type')?.startsWith('text/event-stream') === true
      ? goingOn(whole, pass)
      : whole
  }
}

/** What goes on ends with the sign-in behind it; to HEAD it does not begin. */
function goingOn(answer: Response, { came, known }: Pass): Response {
  if (came.request.method !== 'HEAD') return known === null ? answer : untilRevoked(answer, known)
  void answer.body?.cancel()
  return new Response(null, { status: answer.status, headers: answer.headers })
}

/** Why somebody who is known may not; null: they may. */
function whyNot({ came, known, isReading }: Pass, route: Route): Response | null {
  const role = ROLE_FOR[route.permission]
  if (known === null || !may(known.who.role, route.permission)) {
    const detail = `This is for the role ${role}${known === null ? '' : `; ${known.who.name} is ${known.who.role}`}.`
    return problem('forbidden', detail, { members: { required_role: role } })
  }
  const elsewhere = isReading && known.who.kind === 'user' ? readForOtherSite(came.request) : null
  if (elsewhere !== null) return elsewhere
  const refusal =
    (isReading ? null : known.whyNoChange()) ?? (route.needsStepUp === true ? known.whyNoStepUp() : null)
  return refusal === null ? null : problemOfRefusal(refusal)
}

const routeOf = ({ routes }: FoundPath, { method }: Request): Route | null =>
  routes.get(method === 'HEAD' ? 'GET' : method) ?? null

function wrongMethod(method: string, { routes }: FoundPath): Response {
  const allowed = [...routes.keys()].flatMap((name) => (name === 'GET' ? ['GET', 'HEAD'] : [name])).join(', ')
  return problem('method_not_allowed', `${method} is not served here, but ${allowed}.`, {
    headers: { Allow: allowed },
  })
}

/**
 * Whoever comes by the Unix socket, which is for the gateway's own user and root. Where both are connected
 * just now, both are named: which of them asked is not known.
 */
const localUser = (uids: readonly number[]): Identified => ({
  who: localPrincipal(uids.map(userName).join(' or '), `uid ${uids.join(' or ')}`),
  whyNoChange: () => null,
  whyNoStepUp: () => null,
  isStillGood: () => true,
})

/** Who asks an open route: nobody is known, and nobody may be given anything for it. */
const nobody = ({ address }: Caller): Principal => {
  return { kind: 'user', name: '', role: 'viewer', from: address, id: '' }
}
