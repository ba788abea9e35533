// What a change of the config would do to requests that were served: each is matched by the old rules and the
// new, by the matcher that serves, and those are told that would go elsewhere or pass other middleware.
import type { Config } from '../../config/schema.ts'
import { RequestHead } from '../../head/request-head.ts'
import type { Steps } from '../../lib/slices.ts'
import { redirect } from '../../rules/redirect.ts'
import { toldOf } from '../../rules/told.ts'
import type { Told } from '../../rules/variables.ts'
import type { RuleConfig } from '../../rules/rule.options.ts'
import { shownTarget } from '../../telemetry/shown-target.ts'
import type { ToldRequest } from '../../telemetry/told-request.ts'
import { listenerRules, type ListenerRules } from '../explain/explain-rules.ts'

/** Where a request goes. */
export interface Way {
  /** Null: no rule takes it. */
  readonly rule: string | null
  /** "backend api", "respond 204", "redirect 308 to https://…", "404 no_rule", "400 match_ambiguous". */
  readonly to: string
  /** Names of its steps; those that are off are left out. */
  readonly middleware: readonly string[]
}

export interface Difference {
  readonly method: string
  readonly host: string
  readonly path: string
  readonly listener: string
  readonly client: string | null
  /** So many requests of the same method, host, path and ways. */
  readonly requests: number
  readonly changes: readonly ('rule' | 'destination' | 'middleware')[]
  readonly before: Way
  readonly after: Way
}

export interface Differences {
  /** That were looked at. */
  readonly requests: number
  /** That change. */
  readonly changed: number
  /** Those that could not be: their listener has gone, or their head is not kept whole. */
  readonly skipped: number
  readonly differences: readonly Difference[]
  readonly left_out: number
}

const DIFFERENCES_MAX = 50
const STEP = 32
const LIMITS = { headBytes: 65_536, targetBytes: 65_536, fields: 1000 }

/** `requests`: with all that is in their heads. */
export function* differencesOf(
  requests: readonly ToldRequest[],
  before: Config,
  after: Config,
): Steps<Differences> {
  const old = new Ways(before)
  const next = new Ways(after, old)
  const found = new Map<string, { difference: Difference; count: number }>()
  let changed = 0
  let skipped = 0
  for (const [place, one] of requests.entries()) {
    if (place % STEP === STEP - 1) yield
    const head = headOf(one)
    const ways = head === null ? null : [yield* old.wayOf(one, head), yield* next.wayOf(one, head)]
    const [was, is] = ways ?? [null, null]
    if (!was || !is) {
      skipped++
      continue
    }
    const changes = changesOf(was, is)
    if (changes.length === 0) continue
    changed++
    const { method, host, listener, client } = one
    const path = shownTarget(one.path)
    const key = JSON.stringify([method, host, path, listener, was.way, is.way])
    const known = found.get(key)
    if (known !== undefined) known.count++
    else {
      const difference = {
        method,
        host,
        path,
        listener,
        client,
        requests: 1,
        changes,
        before: was.way,
        after: is.way,
      }
      found.set(key, { difference, count: 1 })
    }
  }
  const all = [...found.values()].map(({ difference, count }) => ({ ...difference, requests: count }))
  const sorted = all.toSorted((a, b) => b.requests - a.requests)
  return {
    ...{ requests: requests.length, changed, skipped },
    differences: sorted.slice(0, DIFFERENCES_MAX),
    left_out: Math.max(0, sorted.length - DIFFERENCES_MAX),
  }
}

/** Null: it is not kept whole, or was refused before any rule was asked. */
function headOf({
  method,
  host,
  path,
  protocol,
  headers,
  headers_cut,
  unseen,
}: ToldRequest): RequestHead | null {
  if (headers_cut || headers.length === 0) return null
  // Where its target had a host, that went before the field.
  const fields = headers
    .map(([name, value]) => `${name}: ${/^host$/i.test(name) ? host : value}\r\n`)
    .join('')
  const bytes = Buffer.from(`${method} ${path} ${protocol}\r\n${fields}\r\n`, 'latin1')
  const head = new RequestHead()
  if (head.scan(bytes, 0, bytes.length, LIMITS) !== bytes.length) return null
  head.fields.hidden = unseen
  return head
}

interface KnownWay {
  readonly way: Way
  /** All that its middleware says. */
  readonly steps: RuleConfig['middleware']
}

/** The ways of requests by one config; rules are made ready for the listeners that requests came by. */
class Ways {
  readonly #config: Config
  /** Those of a config that may have the same rules. */
  readonly #like: Ways | null
  readonly #rules = new Map<string, ListenerRules | null>()

  constructor(config: Config, like: Ways | null = null) {
    this.#config = config
    this.#like = like
  }

  /** Null: there is no such listener. */
  *wayOf({ listener, scheme, client }: ToldRequest, head: RequestHead): Steps<KnownWay | null> {
    let rules = this.#rules.get(listener)
    if (rules === undefined) {
      rules = yield* this.#rulesOf(listener)
      this.#rules.set(listener, rules)
    }
    if (rules === null) return null
    // What was its TLS is not kept.
    const by = { address: client, scheme, tls: null }
    const found = rules.match(head, by)
    if (found === 'ambiguous') return nowhere('400 match_ambiguous')
    if (found === null) return nowhere('404 no_rule')
    const words = found.place === null ? null : (this.#config.rules[found.place] ?? null)
    const to =
      words === null
        ? `backend ${this.#backendOf(listener)}`
        : destinationOf(words, toldOf({ request: head, by, listener, rule: words }))
    const steps = words?.middleware.filter((step) => !isOff(step)) ?? []
    return { way: { rule: found.name, to, middleware: steps.flatMap((step) => Object.keys(step)) }, steps }
  }

  *#rulesOf(name: string): Steps<ListenerRules | null> {
    const { listeners } = this.#config
    const options = Object.hasOwn(listeners, name) ? listeners[name] : undefined
    if (options?.protocol !== 'http' && options?.protocol !== 'https') return null
    const like = this.#like === null ? null : this.#like.#rules.get(name)
    return yield* listenerRules(this.#config, name, options, { like })
  }

  #backendOf(name: string): string {
    const options = this.#config.listeners[name]
    return options !== undefined && 'backend' in options ? String(options.backend) : '-'
  }
}

const nowhere = (to: string): KnownWay => ({ way: { rule: null, to, middleware: [] }, steps: [] })

const isOff = (step: RuleConfig['middleware'][number]): boolean =>
  Object.values(step).some((one) => typeof one === 'object' && 'mode' in one && one.mode === 'off')

function destinationOf(words: RuleConfig, told: Told): string {
  if (words.redirect !== undefined) {
    const location = redirect(words.redirect).location(told)
    return `redirect ${words.redirect.status} to ${shownTarget(location ?? '-')}`
  }
  if (words.split !== undefined) return `split ${words.split.to.map(({ backend }) => backend).join(', ')}`
  if (words.backend !== undefined) return `backend ${words.backend}`
  return words.respond === undefined ? 'maintenance' : `respond ${words.respond.status}`
}

function changesOf(was: KnownWay, is: KnownWay): Difference['changes'] {
  return [
    ...(was.way.rule === is.way.rule ? [] : (['rule'] as const)),
    ...(was.way.to === is.way.to ? [] : (['destination'] as const)),
    ...(Bun.deepEquals(was.steps, is.steps, true) ? [] : (['middleware'] as const)),
  ]
}
