// What becomes of a request, and why: the listener where it comes in, the rule that takes it and those that
// do not, the steps that act, where it goes. Everything is asked of the code that serves; nothing is sent,
// and nothing is counted.
import type { Config } from '../../config/schema.ts'
import { type Here, documentFor, redirected, refusedAnywhere, sentToHttps } from '../../http/at-once.ts'
import { UNBELIEVED } from '../../http/client.ts'
import { toHttps } from '../../http/secure-fields.ts'
import { fieldsThatDiffer } from '../../http/why.ts'
import type { HttpListenerConfig } from '../../http/listener.options.ts'
import type { RequestHead } from '../../head/request-head.ts'
import { Ranges } from '../../lib/ranges.ts'
import type { Steps } from '../../lib/slices.ts'
import type { AskedBy } from '../../rules/asked.ts'
import { capturesOf } from '../../rules/captures.ts'
import { redirect } from '../../rules/redirect.ts'
import { whyAmbiguous } from '../../rules/why-ambiguous.ts'
import { documentsOf } from '../../snapshot/compile-http.ts'
import { FAULTS, type FaultCode } from '../../tables/faults.ts'
import { type AskedRequest, readRequest, type UrlParts, urlParts } from './asked-request.ts'
import { type ExplainedBackend, explainBackend, type ServerStates, noneFault } from './explain-backend.ts'
import { listenerRules, type PlacedRule, type RulesTrace, traceRules } from './explain-rules.ts'
import { type ExplainedStep, explainSteps } from './explain-steps.ts'
import { findListener, type FoundListener, type PortsOf } from './find-listener.ts'

/** What is explained from. */
export interface Ground {
  readonly config: Config
  readonly states: ServerStates
  readonly portsOf: PortsOf
}

export interface Explained {
  readonly request: {
    readonly method: string
    readonly scheme: string
    readonly host: string
    readonly path: string
    readonly query: string
    readonly client: string
  }
  readonly listener: { readonly name: string; readonly why: string }
  /** What becomes of it. */
  readonly outcome: 'refused' | 'no_rule' | 'own_document' | 'redirect' | 'respond' | 'backend'
  /** Of an answer of ours; null: a server's. */
  readonly status: number | null
  readonly fault: FaultCode | null
  readonly detail: string | null
  /** Null: no rule was asked, or none takes it. */
  readonly rule: PlacedRule | null
  readonly trace: RulesTrace | null
  /** What parameters of the rule's path stand for, by their names. */
  readonly captures: Readonly<Record<string, string>>
  readonly middleware: readonly ExplainedStep[]
  /** Of a redirect. */
  readonly location: string | null
  readonly backend: ExplainedBackend | null
}

/** Of whom a request is said to be that names nobody. */
const THIS_MACHINE = '127.0.0.1'
export const CANDIDATES_MAX = 20

/** Explains a request; `problem`: why that cannot be. */
export function* explain(
  asked: AskedRequest,
  ground: Ground,
  candidatesMax = CANDIDATES_MAX,
): Steps<Explained | { readonly problem: string }> {
  const url = urlParts(asked.url)
  const listener = findListener(ground.config, asked, url, ground.portsOf)
  if ('problem' in listener) return listener
  const { head: headBytes, target: targetBytes, fields } = listener.options.limits
  const { request, fault } = readRequest(asked, url, { headBytes, targetBytes, fields })
  request.fields.hidden |= UNBELIEVED
  const one = new Explanation({ asked, url, listener, request, ground })
  if (fault !== null) return one.refused(fault)
  const early = one.atOnce()
  if (early !== null) return early
  const rules = yield* listenerRules(ground.config, listener.name, listener.options)
  const { found, trace } = yield* traceRules(rules, { request, by: one.by }, candidatesMax)
  if (found === 'ambiguous')
    return one.refused('match_ambiguous', whyAmbiguous(request, fieldsThatDiffer(request)), trace)
  if (found === null) return { ...one.refused('no_rule', null, trace), outcome: 'no_rule' }
  return one.taken(found, trace)
}

/** A request that was read, and where it comes in. */
interface Given {
  readonly asked: AskedRequest
  readonly url: UrlParts
  readonly listener: FoundListener
  readonly request: RequestHead
  readonly ground: Ground
}

const USUAL_TLS = {
  ...{ version: 'TLSv1.3', cipher: 'TLS_AES_128_GCM_SHA256', protocol: null, isResumed: false, client: null },
}

class Explanation {
  readonly #ground: Ground
  readonly #listener: FoundListener
  readonly #request: RequestHead
  readonly #client: string
  readonly #scheme: 'http' | 'https'
  readonly #told: Pick<Explained, 'request' | 'listener'>

  constructor({ asked, url, listener, request, ground }: Given) {
    const { name, why, options } = listener
    this.#ground = ground
    this.#listener = listener
    this.#request = request
    this.#client = asked.client ?? THIS_MACHINE
    this.#scheme = options.protocol
    const { host, query } = request
    const path = request.path === '' ? url.target.replace(/\?.*$/s, '') : request.path
    this.#told = {
      request: { method: asked.method, scheme: this.#scheme, host, path, query, client: this.#client },
      listener: { name, why },
    }
  }

  /** Who asks. Nothing is known of the TLS of who has not come: what is usual is taken. */
  get by(): AskedBy {
    return {
      address: this.#client,
      scheme: this.#scheme,
      tls: this.#scheme === 'https' ? { ...USUAL_TLS, serverName: this.#request.host } : null,
    }
  }

  #answer(given: Partial<Explained> & Pick<Explained, 'outcome'>): Explained {
    return {
      ...{ status: null, fault: null, detail: null, rule: null, trace: null, location: null, backend: null },
      middleware: [],
      captures: {},
      ...this.#told,
      ...given,
    }
  }

  refused(fault: FaultCode, detail: string | null = null, trace: RulesTrace | null = null): Explained {
    return this.#answer({ outcome: 'refused', status: FAULTS[fault].status, fault, detail, trace })
  }

  /** What is answered before any rule is asked; null: the rules are. */
  atOnce(): Explained | null {
    const refused = refusedAnywhere(this.#request)
    if (refused !== null) return this.refused(refused)
    const here = hereOf(this.#listener.options, this.#ground.config, {
      request: this.#request,
      client: { address: this.#client, trusted: false, scheme: this.#scheme },
    })
    if (documentFor(here) !== null) return this.#answer({ outcome: 'own_document', status: 200 })
    const elsewhere = sentToHttps(here)
    if (elsewhere === null) return null
    const { status, fault, headers } = elsewhere
    if (fault !== null) return this.refused(fault)
    const location = headers[0]?.[1] ?? null
    return this.#answer({ outcome: 'redirect', status, location, detail: 'redirect_https of the listener' })
  }

  /** A rule takes it. */
  taken(rule: PlacedRule, trace: RulesTrace): Explained {
    const { config } = this.#ground
    const words = rule.place === null ? undefined : config.rules[rule.place]
    const limit = this.#listener.options.limits.body
    const who = { request: this.#request, client: this.#client }
    const { leases = null } = this.#ground.states
    const steps = words === undefined ? null : explainSteps(words, who, { bodyLimit: limit, leases })
    const captures = words === undefined ? {} : capturesOf(words.match.path)(this.#request.path)
    const known = { rule, trace, captures, middleware: steps?.steps ?? [] }
    if (steps !== null && steps.refusal !== null)
      return this.#answer({ ...known, outcome: 'refused', ...steps.refusal })
    const declared = Number(this.#request.get('content-length') ?? 0)
    if (declared > (steps?.bodyLimit ?? limit)) return { ...this.refused('body_too_large'), ...known }
    if (words?.respond !== undefined)
      return this.#answer({ ...known, outcome: 'respond', status: words.respond.status })
    if (words?.redirect !== undefined) {
      const client = { scheme: this.#scheme }
      const elsewhere = redirected({ request: this.#request, client }, redirect(words.redirect))
      if (elsewhere === null) return { ...this.refused('host_invalid'), ...known }
      const { status, headers } = elsewhere
      return this.#answer({ ...known, outcome: 'redirect', status, location: headers[0]?.[1] ?? null })
    }
    return this.#answer({ ...known, ...this.#sent(words?.backend ?? this.#listener.options.backend ?? '') })
  }

  #sent(name: string): Pick<Explained, 'outcome'> & Partial<Explained> {
    const { config, states } = this.#ground
    const options = config.backends[name]
    if (options === undefined) return { outcome: 'refused', ...failing('no_server') }
    const who = { request: this.#request, client: this.#client }
    const backend = explainBackend(name, options, states, who)
    if (backend.servers_with_work > 0) return { outcome: 'backend', backend }
    const isFull = backend.servers.some(({ why }) => why?.startsWith('full') === true)
    if (isFull && options.queue.size > 0)
      return { outcome: 'backend', backend, detail: 'all servers are full: it waits in the queue' }
    return {
      outcome: 'backend',
      backend,
      ...failing(isFull ? 'queue_full' : noneFault(name, options, states)),
    }
  }
}

const failing = (fault: FaultCode): Pick<Explained, 'fault' | 'status'> => ({
  fault,
  status: FAULTS[fault].status,
})

function hereOf(
  options: HttpListenerConfig,
  { admin }: Config,
  rest: Pick<Here, 'request' | 'client'>,
): Here {
  const elsewhere = toHttps(options)
  const listener = {
    documents: documentsOf(options.status_endpoints),
    admin: Ranges.parse(admin === false ? [] : admin.trusted),
    toHttps: elsewhere && redirect(elsewhere),
  }
  return { ...rest, listener }
}
