// The exchange of a request that nobody has sent, as far as steps look at one.
import type { Config } from '../../config/schema.ts'
import type { Exchange, Client, Identity } from '../../http/exchange.ts'
import type { RequestHead } from '../../head/request-head.ts'
import { nowMs } from '../../lib/clock.ts'
import { Ranges } from '../../lib/ranges.ts'
import { splitSteps } from '../../snapshot/rule-steps.ts'
import type { Destination, Listener, Rule, Snapshot } from '../../snapshot/snapshot.ts'
import type { Middleware } from '../../middleware/middleware.ts'
import { ruleCaptures } from '../../rules/captures.ts'
import type { Tokens } from '../../rules/claims.ts'
import { rewrite, type Rewritten } from '../../rules/rewrite.ts'
import type { RuleConfig } from '../../rules/rule.options.ts'
import type { FoundListener } from './find-listener.ts'

/** Of it what steps look at before anything was sent. */
export class AskedExchange implements Partial<Exchange> {
  readonly id = '00000000000000000000000000000000'
  readonly listener: Listener
  readonly snapshot: Snapshot
  readonly request: RequestHead
  readonly client: Client
  rule: Rule | null = null
  readonly server = null
  readonly attempts = 0
  readonly fault = null
  detail: string | null = null
  shadow: string | null = null
  identity: Identity | null = null
  readonly tokens: Tokens | null
  rewritten: Rewritten | null = null
  readonly status = 0
  readonly startedMs = nowMs
  readonly bytesIn = 0
  bodyLimit: number

  constructor({ request, client, listener, config, tokens = null }: AskedExchangeParts) {
    this.request = request
    this.client = client
    this.tokens = tokens
    this.listener = listenerOf(listener)
    // Nobody serves it: what is asked of one here is its words.
    this.snapshot = { number: 0, config } as Snapshot
    this.bodyLimit = listener.options.limits.body
  }
}

/** For those who take any: nothing of an exchange that they may look at here is missing. */
export const asExchange = (x: AskedExchange): Exchange => x as unknown as Exchange

interface AskedExchangeParts {
  readonly request: RequestHead
  readonly client: Client
  readonly listener: FoundListener
  readonly config: Config
  /** What good tokens say that come with it. */
  readonly tokens?: Tokens | null
}

const listenerOf = ({ name, options }: FoundListener): Listener => ({
  kind: 'http',
  ...{ name, options, tls: null, turn: null, toHttps: null, answerFields: null, proxies: null },
  trusted: Ranges.parse(options.trusted_proxies),
  ...{ documents: null, admin: Ranges.parse([]), match: () => null, index: null, issuers: [] },
})

/** As steps and variables know the rule that they are of. */
export const askedRule = (
  { name, match, rewrite: words, priority = 0, backend }: RuleConfig,
  index: number,
  steps: readonly Middleware<unknown>[],
): Rule => ({
  ...{ name, index, priority, ...splitSteps(steps) },
  captures: ruleCaptures(match),
  reads: null,
  rewrite: words === undefined ? null : rewrite(words),
  to: backend === undefined ? NOWHERE : toBackend(backend),
  maintenance: null,
  mirror: null,
})

const NOTHING = { status: 200, headers: [], body: '', fault: null } as const
const NOWHERE: Destination = { is: 'respond', respond: { status: 200, answer: () => NOTHING } }

/** Nothing is asked of it but its name. */
const toBackend = (name: string): Destination => ({ is: 'backend', backend: { name } }) as Destination
