// Listeners of HTTP, in TLS or not: their own rules, ready to match, and whom they believe.
import type { HttpListenerConfig } from '../http/listener.options.ts'
import { answerFieldsOf, toHttps } from '../http/secure-fields.ts'
import { Ranges } from '../lib/ranges.ts'
import type { Steps } from '../lib/slices.ts'
import { ruleCaptures } from '../rules/captures.ts'
import { ANYTHING, compileMatch, type Match, type MatchSource, matchSteps } from '../rules/match.ts'
import { redirect } from '../rules/redirect.ts'
import type { RuleConfig } from '../rules/rule.options.ts'
import { issuersIn } from '../rules/tests.ts'
import type { JwtProvider } from '../tokens/jwt-provider.ts'
import { shareOf } from './compile-rules.ts'
import { toBackend } from './destination.ts'
import { type ListenerSource, proxiesOf } from './listener-source.ts'
import { compileTls, tlsWordsOf } from './compile-tls.ts'
import { at, CompileProblem, stepsAt } from './compile-problem.ts'
import { splitSteps } from './rule-steps.ts'
import type { AnyListener, Listener, OwnDocument, Rule, RuleIndex, TurnListener } from './snapshot.ts'

/** `others`: all that it may lead to. */
export function* compileHttp(
  source: ListenerSource<HttpListenerConfig>,
  others: ReadonlyMap<string, AnyListener>,
): Steps<Listener> {
  const { name, path, options, ground } = source
  const trusted = at(`${path}.trusted_proxies`, () => Ranges.parse(options.trusted_proxies))
  const index = yield* stepsAt(path, indexOf(source))
  const documents = documentsOf(options.status_endpoints)
  const { admin: words } = ground.plan.config
  const admin = at('admin.trusted', () => Ranges.parse(words === false ? [] : words.trusted))
  const tls = options.protocol === 'https' ? compileTls(tlsWordsOf(options), source) : null
  const elsewhere = toHttps(options)
  const ways = { toHttps: elsewhere && redirect(elsewhere), answerFields: answerFieldsOf(options) }
  return {
    kind: 'http',
    name,
    options,
    tls,
    turn: turnOf(source, others),
    ...ways,
    trusted,
    proxies: proxiesOf(source),
    documents,
    admin,
    issuers: issuersFor(source),
    match: index === null ? compileMatch(lastResort(source)) : throughIndex(index, ground.rules.list),
    index,
  }
}

/** Those that its rules ask for before they match. */
function issuersFor({ name, ground }: ListenerSource<HttpListenerConfig>): JwtProvider[] {
  if (ground.issuers.size === 0) return []
  const asked = ground.plan.config.rules.flatMap(({ match, middleware }) => {
    if (!isOn(match, name)) return []
    const costs = middleware.flatMap(({ rate_limit: limit }) => limit?.costs ?? [])
    return [match, ...costs.map((one) => one.match)].flatMap(issuersIn)
  })
  return [...new Set(asked)].flatMap((issuer) => ground.issuers.get(issuer) ?? [])
}

function turnOf(
  { path, options }: ListenerSource<HttpListenerConfig>,
  others: ReadonlyMap<string, AnyListener>,
): TurnListener | null {
  if (options.protocol !== 'https' || options.turn === undefined) return null
  const turn = others.get(options.turn)
  if (turn?.kind !== 'turn')
    throw new CompileProblem(`${path}.turn`, `there is no turn listener "${options.turn}"`)
  return turn
}

/** Of the rules of the list that are for it; null: none is, and it names a backend instead. */
function* indexOf({ name, options, ground }: ListenerSource<HttpListenerConfig>): Steps<RuleIndex | null> {
  const { plan, rules, previous, chance } = ground
  const before = previous?.listeners.get(name)
  const hadBackend = before?.kind === 'http' && before.options.backend !== undefined
  if (rules.matchAsBefore && before?.kind === 'http' && hadBackend === (options.backend !== undefined))
    return before.index
  const own = plan.config.rules.flatMap((words, place): MatchSource<number>[] =>
    rules.list[place] && isOn(words.match, name)
      ? [{ match: words.match, filings: rules.filings[place], share: shareOf(words), rule: place }]
      : [],
  )
  return own.length === 0 && options.backend !== undefined ? null : yield* matchSteps(own, { chance })
}

/** An index is older than the rules where they have changed in other things than what they match. */
const throughIndex =
  (index: RuleIndex, rules: readonly (Rule | null)[]): Match<Rule> =>
  (request, by) => {
    const place = index(request, by)
    return typeof place === 'number' ? (rules[place] ?? null) : place
  }

/** The one rule of a listener that has none. */
function lastResort({
  name,
  path,
  options,
  ground,
}: ListenerSource<HttpListenerConfig>): MatchSource<Rule>[] {
  const { plan, rules, backends } = ground
  if (options.backend === undefined) return []
  // Rules that are no item of the list are numbered behind it.
  const index = rules.list.length + Object.keys(plan.config.listeners).indexOf(name)
  const to = toBackend(options.backend, backends, `${path}.backend`)
  const rule = {
    name: DEFAULT_RULE,
    index,
    ...splitSteps([]),
    priority: 0,
    to,
    captures: ruleCaptures(ANYTHING),
    ...{ reads: null, rewrite: null, maintenance: null, mirror: null },
  }
  return [{ match: ANYTHING, rule }]
}

/** Name of the one rule of a listener that names a backend instead of having rules. */
export const DEFAULT_RULE = 'default'

/** Whether a rule of HTTP is for a listener. */
export const isOn = ({ listener }: RuleConfig['match'], name: string): boolean =>
  listener.length === 0 || listener.includes(name)

export function documentsOf({
  health,
  metrics,
}: HttpListenerConfig['status_endpoints']): Listener['documents'] {
  const documents = new Map<string, OwnDocument>()
  if (health !== undefined) documents.set(health, 'health')
  if (metrics !== undefined) documents.set(metrics, 'metrics')
  return documents.size > 0 ? documents : null
}
