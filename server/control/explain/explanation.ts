// One request on its way: what is answered before any rule, and what becomes of it where a rule takes it.
import type { Config } from '../../config/schema.ts'
import { type Answer, faultAnswer, renderAnswer } from '../../head/answer.ts'
import type { RequestHead } from '../../head/request-head.ts'
import type { ResponseHead } from '../../head/response-head.ts'
import { type Here, documentFor, redirected, refusedAnywhere, sentToHttps } from '../../http/at-once.ts'
import type { HttpListenerConfig } from '../../http/listener.options.ts'
import { answerFieldsOf, toHttps } from '../../http/secure-fields.ts'
import { Ranges } from '../../lib/ranges.ts'
import type { AskedBy } from '../../rules/asked.ts'
import { redirect } from '../../rules/redirect.ts'
import { respond } from '../../rules/respond.ts'
import { rewriteRequest } from '../../rules/rewriting.ts'
import type { RuleConfig } from '../../rules/rule.options.ts'
import { documentsOf } from '../../snapshot/compile-http.ts'
import { maintenanceOf } from '../../snapshot/destination.ts'
import { FAULTS, type FaultCode } from '../../tables/faults.ts'
import type { TlsFacts } from '../../tls/accept-tls.ts'
import { ruleTextsNow } from '../../lib/rule-files.ts'
import { AskedExchange } from './asked-exchange.ts'
import type { AskedRequest, UrlParts } from './asked-request.ts'
import { tlsFactsOf } from './asked-tls.ts'
import { fieldsOf, sentAs } from './told-heads.ts'
import { explainBackend, noneFault } from './explain-backend.ts'
import type { Explained, Ground } from './explained.ts'
import type { PlacedRule, RulesTrace } from './explain-rules.ts'
import { explainNearest } from './explain-nearest.ts'
import { type ExplainedSplit, explainSplit } from './explain-split.ts'
import { type ExplainedSteps, explainSteps, type RuleSteps } from './explain-steps.ts'
import type { FoundListener } from './find-listener.ts'

/** Of whom a request is said to be that names nobody. */
const THIS_MACHINE = '127.0.0.1'

/** A request that was read, and where it comes in. */
interface Given {
  readonly asked: AskedRequest
  readonly url: UrlParts
  readonly listener: FoundListener
  readonly request: RequestHead
  readonly ground: Ground
  /** When it comes: ms since 1970. */
  readonly nowMs: number
}

/** How its rule was found. */
type Found = Pick<Explained, 'trace' | 'share'>
type Taken = Pick<Explained, 'rule' | 'trace' | 'share' | 'captures' | 'middleware'>

export class Explanation {
  /** Why it cannot be explained; null: it can. */
  readonly problem: string | null
  /** Who asks. */
  readonly by: AskedBy
  readonly #ground: Ground
  readonly #nowMs: number
  readonly #listener: FoundListener
  readonly #request: RequestHead
  readonly #client: string
  readonly #scheme: 'http' | 'https'
  readonly #told: Pick<Explained, 'request' | 'listener'>

  constructor({ asked, url, listener, request, ground, nowMs }: Given) {
    const { name, why, options } = listener
    this.#ground = ground
    this.#nowMs = nowMs
    this.#listener = listener
    this.#request = request
    this.#client = asked.client ?? THIS_MACHINE
    this.#scheme = asked.scheme ?? options.protocol
    const tls = tlsOf(asked, options, request.host)
    this.problem = typeof tls === 'string' ? tls : null
    this.by = {
      address: this.#client,
      scheme: this.#scheme,
      tls: typeof tls === 'string' ? null : tls,
      tokens: asked.claims === undefined ? null : new Map(Object.entries(asked.claims)),
    }
    const { host, query } = request
    const path = request.path === '' ? url.target.replace(/\?.*$/s, '') : request.path
    this.#told = {
      request: { method: asked.method, scheme: this.#scheme, host, path, query, client: this.#client },
      listener: { name, why },
    }
  }

  #answer(given: Partial<Explained> & Pick<Explained, 'outcome'>): Explained {
    return {
      ...{ status: null, fault: null, detail: null, rule: null, trace: null, location: null, backend: null },
      sent: null,
      ...{ middleware: [], captures: {}, headers: [], share: null, split: null, nearest: null, mirror: null },
      ...this.#told,
      ...given,
    }
  }

  refused(fault: FaultCode, detail: string | null = null, trace: RulesTrace | null = null): Explained {
    const headers = fieldsOf(this.#rendered(faultAnswer(fault)))
    return this.#answer({ outcome: 'refused', status: FAULTS[fault].status, fault, detail, trace, headers })
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
    const x = this.#exchange()
    const elsewhere = sentToHttps({ ...x, listener: { ...x.listener, ...here.listener } })
    if (elsewhere === null) return null
    if (elsewhere.fault !== null) return this.refused(elsewhere.fault)
    return this.#answer({
      outcome: 'redirect',
      ...this.#said(elsewhere, null),
      detail: 'redirect_https of the listener',
    })
  }

  /** A rule takes it; `steps`: null: it is that of a listener without rules. */
  taken(rule: PlacedRule, found: Found, steps: RuleSteps | null): Explained {
    if (steps === null)
      return this.#answer({
        ...{ rule, ...found, ...this.#sent(this.#listener.options.backend ?? '') },
        sent: sentAs(this.#request),
      })
    const words = steps.rule
    const x = this.#exchange()
    const { leases = null, counts = null } = this.#ground.states
    const part = this.#partOf(words)
    const done = explainSteps(steps, x, { leases, counts })
    const captures = x.rule?.captures(this.#request.path) ?? {}
    const known = { rule, ...found, captures, middleware: done.steps }
    if (done.answer !== null) return this.#own(done.answer, known, done)
    const declared = Number(this.#request.get('content-length') ?? 0)
    if (declared > x.bodyLimit) return this.#own(faultAnswer('body_too_large'), known, done)
    const closed = maintenanceOf(words, '', () => this.#nowMs / 1000)?.answerTo(this.#client) ?? null
    if (closed !== null) return { ...this.#own(closed, known, done), detail: maintenanceText(words) }
    if (words.respond !== undefined) {
      const texts = ruleTextsNow(words)
      const answer = respond(words.respond, (path) => texts[path] ?? '').answer(x)
      return { ...this.#own(answer, known, done), outcome: 'respond' }
    }
    if (words.redirect === undefined) {
      const { rewrite = null } = x.rule ?? {}
      if (rewrite !== null && !rewriteRequest(x, rewrite))
        return this.#own(faultAnswer('rewrite_failed'), known, done)
      const { backend = '', mirror, nearest: regions } = words
      const who = { request: this.#request, client: this.#client }
      const nearest = regions === undefined ? null : explainNearest(regions, this.#ground, who)
      const copies = mirror === undefined ? null : { backend: mirror.backend, percent: mirror.percent }
      const leads = part?.backend ?? nearest?.backend ?? backend
      return { ...this.#forwarded(leads, known, done), split: part, nearest, mirror: copies }
    }
    const elsewhere = redirected(x, redirect(words.redirect))
    if (elsewhere === null) return { ...this.refused('host_invalid'), ...known }
    return { ...this.#own(elsewhere, known, done), outcome: 'redirect' }
  }

  /** An answer of ours, with what the steps that were reached do to it. */
  #own(answer: Answer, known: Taken, { edit }: ExplainedSteps): Explained {
    const { fault } = answer
    return this.#answer({
      ...known,
      outcome: fault === null ? 'answered' : 'refused',
      fault,
      ...this.#said(answer, edit),
    })
  }

  /** Of a split: chosen by what the client has sent. */
  #partOf({ split }: RuleConfig): ExplainedSplit | null {
    const who = { request: this.#request, client: this.#client }
    return split === undefined ? null : explainSplit(split, this.#ground, who)
  }

  #forwarded(backend: string, known: Taken, { edit }: ExplainedSteps): Explained {
    const sent = this.#sent(backend)
    if (sent.fault) return this.#answer({ ...known, ...sent, ...this.#said(faultAnswer(sent.fault), edit) })
    // Of a server's answer nothing is known but what the steps add to it.
    const bare = this.#rendered(BARE)
    const before = new Set(fieldsOf(bare).map(([name]) => name.toLowerCase()))
    this.#begin(bare)
    const head = edit(bare, (answer) => this.#rendered(answer))
    const headers = fieldsOf(head).filter(([name]) => !before.has(name.toLowerCase()))
    return this.#answer({ ...known, ...sent, headers, sent: sentAs(this.#request) })
  }

  #rendered(answer: Answer): ResponseHead {
    const reader = { accept: this.#request.get('accept') ?? '', requestId: '', gateway: 'sluice' }
    return renderAnswer(answer, reader).head
  }

  #said(
    answer: Answer,
    edit: ExplainedSteps['edit'] | null,
  ): Pick<Explained, 'status' | 'location' | 'headers'> {
    const own = this.#rendered(answer)
    this.#begin(own)
    const head = edit?.(own, (other) => this.#rendered(other)) ?? own
    return { status: head.status, location: head.get('location'), headers: fieldsOf(head) }
  }

  /** Gives it what the listener says in each answer. */
  #begin(head: ResponseHead): void {
    for (const [name, value] of answerFieldsOf(this.#listener.options) ?? []) head.set(name, value)
  }

  #exchange(): AskedExchange {
    const { tls, tokens = null } = this.by
    const client = {
      ...{ address: this.#client, socketAddress: this.#client, port: 0, trusted: false },
      ...{ scheme: this.#scheme, whose: tls?.client?.whose ?? null, tls },
    }
    const { config } = this.#ground
    return new AskedExchange({ request: this.#request, client, listener: this.#listener, config, tokens })
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

const maintenanceText = ({ maintenance }: RuleConfig): string =>
  typeof maintenance === 'object' && maintenance.until !== undefined
    ? `maintenance of the rule until ${maintenance.until}`
    : 'maintenance of the rule'

const BARE: Answer = { status: 200, headers: [], body: '', fault: null }

const failing = (fault: FaultCode): Pick<Explained, 'fault' | 'status'> => ({
  fault,
  status: FAULTS[fault].status,
})

/** Or why it cannot be. Nothing is known of the TLS of who has not come: what is usual is taken. */
function tlsOf(
  asked: AskedRequest,
  { protocol }: HttpListenerConfig,
  host: string,
): TlsFacts | null | string {
  if (protocol !== 'https') return asked.tls === undefined ? null : 'TLS does not end at this listener'
  try {
    return tlsFactsOf(asked.tls ?? {}, host)
  } catch (error) {
    return error instanceof Error ? error.message : String(error)
  }
}

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
