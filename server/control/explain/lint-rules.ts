// What rules of HTTP say that cannot be meant: rules that nothing reaches, or that lose some of their
// requests to one before them. Told only where it is sure.
import type { Config } from '../../config/schema.ts'
import { shadowedRules } from '../../config/shadows.ts'
import type { Path } from '../../config/tree.ts'
import { kindOfRule } from '../../lib/rule-kind.ts'
import type { Steps } from '../../lib/slices.ts'
import { covers, isNever } from '../../rules/covers.ts'
import type { Condition, MatchConfig } from '../../rules/match.options.ts'
import type { RuleConfig } from '../../rules/rule.options.ts'
import type { LintFinding } from './lint-finding.ts'
import { RulesBefore, type LintedRule } from './lint-index.ts'
import { lintMiddleware } from './lint-middleware.ts'

/** So many rules are looked at between two places where the work may pause. */
const STEP = 8

/** What is to be looked at in the rules of a config, in their order. */
export function* lint(config: Pick<Config, 'rules' | 'listeners'>): Steps<readonly LintFinding[]> {
  const { rules, listeners } = config
  const found: LintFinding[] = []
  const before = new RulesBefore()
  const told = shadowedRules(config)
  const all = Object.keys(listeners).filter((name) => isHttp(listeners[name]))
  for (const [place, rule] of rules.entries()) {
    if (place % STEP === STEP - 1) yield
    if (kindOfRule(rule, listeners) !== 'http') continue
    const own = rule.match.listener.length === 0 ? all : rule.match.listener
    const one: LintedRule = { place, rule, listeners: new Set(own) }
    // One that was told of already is not told of twice.
    const ofMatch = told.has(rule.name) ? null : ofRule(one, before, config)
    const here = [...(ofMatch === null ? [] : [ofMatch]), ...lintMiddleware(rule, ['rules', place])]
    found.push(...here.filter(({ kind }) => rule.ignore_warnings?.includes(kind) !== true))
    if (takesAll(rule) && ofMatch?.kind !== 'never') before.add(one)
  }
  return found
}

const isHttp = (listener: Config['listeners'][string] | undefined): boolean =>
  listener?.protocol === 'http' || listener?.protocol === 'https'

/** Whether it keeps all that it matches: one with a weight lets others go on. */
const takesAll = ({ weight }: RuleConfig): boolean => weight === undefined

function ofRule(one: LintedRule, before: RulesBefore, config: Pick<Config, 'listeners'>): LintFinding | null {
  return ofNothing(one, before, config) ?? shadowOf(one, before)
}

/** It asks for what cannot be. */
function ofNothing(
  { place, rule, listeners: own }: LintedRule,
  { read }: RulesBefore,
  { listeners }: Pick<Config, 'listeners'>,
): LintFinding | null {
  const { match, name } = rule
  const path: Path = ['rules', place, 'match']
  const why = isNever(match, read) ? 'what it asks for contradicts itself' : whyNowhere(match, own, listeners)
  if (why === null) return null
  return {
    kind: 'never',
    code: 'unreachable',
    path,
    found: `rule ${JSON.stringify(name)}, which no request matches`,
    allowed: 'a match that some request has',
    hint: why,
  }
}

/** What none of its listeners ever has. */
function whyNowhere(
  { scheme, tls }: MatchConfig,
  own: ReadonlySet<string>,
  listeners: Config['listeners'],
): string | null {
  const all = [...own].map((name) => listeners[name])
  const isPlain = (one: Config['listeners'][string] | undefined): boolean => one?.protocol === 'http'
  const isAlone = (one: Config['listeners'][string] | undefined): boolean =>
    one !== undefined && 'trusted_proxies' in one && one.trusted_proxies.length === 0
  if (all.length === 0) return null
  const asksTls = tls !== undefined && tls.client_certificate !== 'absent'
  if (asksTls && all.every(isPlain)) return 'TLS ends at none of its listeners: they speak http'
  if (scheme === 'https' && all.every((one) => isPlain(one) && isAlone(one)))
    return 'its listeners speak http, and trust no proxy that would speak for clients'
  if (scheme === 'http' && all.every((one) => one?.protocol === 'https' && isAlone(one)))
    return 'its listeners speak https, and trust no proxy that would speak for clients'
  return null
}

/** A rule before it takes all, or some, of what it asks for. */
function shadowOf(one: LintedRule, before: RulesBefore): LintFinding | null {
  const { rule } = one
  let whole: LintedRule | null = null
  let part: LintedRule | null = null
  for (const other of before.candidates(rule)) {
    if ((whole?.place ?? Infinity) <= other.place || !isAskedBefore(other, one)) continue
    if (covers(other.rule.match, rule.match, before.read)) whole = other
    else if (part === null && takesSomeMethods(other, rule, before)) part = other
  }
  if (whole !== null) return shadowed(one, whole)
  return part === null ? null : overlapped(one, part)
}

/** Wherever the one is asked, the other was asked before. */
const isAskedBefore = (other: LintedRule, one: LintedRule): boolean =>
  [...one.listeners].every((listener) => other.listeners.has(listener))

const shadowed = ({ place, rule }: LintedRule, other: LintedRule): LintFinding => ({
  kind: 'shadowed',
  code: 'unreachable',
  path: ['rules', place],
  found: `rule ${JSON.stringify(rule.name)}, which no request reaches`,
  allowed: 'rules in an order in which each can match',
  hint: `rule ${JSON.stringify(other.rule.name)} before it takes all that it would match`,
})

/**
 * Whether some methods of what is asked for under one path go elsewhere, to a rule for many: the one that
 * names the path alone looks as if it had them all.
 */
function takesSomeMethods({ rule: other }: LintedRule, rule: RuleConfig, before: RulesBefore): boolean {
  const { match } = rule
  const { method } = other.match
  if (method.length === 0 || match.path.length === 0 || sameDestination(other, rule)) return false
  if (!match.path.every((one) => before.read.path(one).is === 'exact')) return false
  if (other.match.path.some((one) => before.read.path(one).is === 'exact')) return false
  const isCommon = match.method.length === 0 || match.method.some((one) => method.includes(one))
  return isCommon && covers({ ...other.match, method: [] } as Condition, match, before.read)
}

const DESTINATION = ['backend', 'respond', 'redirect', 'split', 'maintenance', 'rewrite', 'nearest'] as const

const sameDestination = (one: RuleConfig, other: RuleConfig): boolean =>
  DESTINATION.every((key) =>
    Bun.deepEquals((one as Record<string, unknown>)[key], (other as Record<string, unknown>)[key]),
  ) && Bun.deepEquals(one.middleware, other.middleware)

function overlapped({ place, rule }: LintedRule, { rule: other }: LintedRule): LintFinding {
  const { method } = rule.match
  const lost = other.match.method.filter((one) => method.length === 0 || method.includes(one))
  return {
    kind: 'overlap',
    code: 'unreachable',
    path: ['rules', place],
    found: `rule ${JSON.stringify(rule.name)}, whose ${lost.join(' and ')} requests it does not get`,
    allowed: 'a rule for one path before those for many',
    hint: `rule ${JSON.stringify(other.name)} before it takes them; move this one before it, or name its methods`,
  }
}
