// Rules: names, destinations, steps, and which rules can never be reached.
import type { RuleConfig } from '../rules/rule.options.ts'
import { pluginsOf } from '../lib/plugins-of.ts'
import { kindOfRule, type RuleKind, ruleKindOf } from '../lib/rule-kind.ts'
import { checkMiddleware } from '../middleware/middleware.options.ts'
import { checkAsked } from './asked-backends.ts'
import { checkCachePlace } from './check-cache.ts'
import { checkCorsPlace } from './check-cors.ts'
import { checkAccessStep } from './check-auth.ts'
import { checkDestination } from './check-destination.ts'
import { checkFamily } from './check-family.ts'
import { checkGeoStep } from './check-geo.ts'
import { checkKeys, checkTarpits } from './check-keys.ts'
import { checkMatch } from './check-match.ts'
import { checkSignIn } from './check-oidc.ts'
import { checkRewrite } from './check-rewrite.ts'
import { checkRespond } from './check-respond.ts'
import { checkRuleTimeouts } from './check-retry.ts'
import { readText, strayBrace } from '../lib/template-text.ts'
import { ELSEWHERE, HOST_CHOSEN, TARGET_BEGINS, whyNoTarget } from '../lib/url-template.ts'
import { capturesOf, checkTemplate } from './check-template.ts'
import type { Checked } from './checked.ts'
import { checkTlsRule } from './check-tls-rule.ts'
import { shadowsIn } from './shadows.ts'
import { shown } from './spoken.ts'
import type { Path } from './tree.ts'
import { isStandIn } from './stand-in.ts'
import { Where } from './where.ts'

/** Checks the list of rules. */
export function checkRules(checked: Checked): void {
  const { rules, listeners } = checked.config
  const seen = new Map<string, number>()
  const ruled: Record<RuleKind, string[]> = { http: [], tls: [] }
  for (const [name, { protocol }] of Object.entries(listeners)) {
    const kind = ruleKindOf(protocol)
    if (kind !== null) ruled[kind].push(name)
  }
  const shadows = shadowsIn(checked.config)
  const hasRuled = ruled.http.length > 0 || ruled.tls.length > 0
  if (rules.length > 0 && !hasRuled && Object.keys(listeners).length > 0)
    checked.warn({
      code: 'unused',
      path: ['rules'],
      found: 'rules without an http listener',
      allowed: 'rules beside listeners that have some',
    })
  for (const [index, rule] of rules.entries()) {
    const path = ['rules', index]
    const kind = kindOfRule(rule, listeners)
    checkName(checked, path, rule, seen.get(rule.name))
    seen.set(rule.name, index)
    for (const [place, name] of rule.match.listener.entries())
      checkListener(checked, [...path, 'match', 'listener', place], name, kind)
    const named = rule.match.listener.length > 0 ? rule.match.listener : ruled[kind]
    if (kind === 'tls') checkTlsRule(checked, path, rule)
    else checkHttpRule(checked, path, rule, named)
    if (rule.backend !== undefined) {
      checked.resolve('backend', rule.backend, [...path, 'backend'])
      checkFamily(checked, [...path, 'backend'], rule.backend, named)
    }
    const captures = rule.middleware.length === 0 ? [] : capturesOf(rule.match)
    for (const [place, step] of rule.middleware.entries()) {
      checkMiddleware(step, (name) => new Where(checked, [...path, 'middleware', place, name], captures))
      checkAccessStep(checked, [...path, 'middleware', place], step)
      for (const name of pluginsOf(step)) checked.resolve('plugin', name, [...path, 'middleware', place])
      if (step.geo !== undefined) checkGeoStep(checked, [...path, 'middleware', place, 'geo'], step.geo)
    }
    const quoted = checked.quoted([...path, 'name'], rule.name)
    const shadow = shadows[kind].add(rule, quoted)
    if (shadow !== null && rule.ignore_warnings?.includes('shadowed') !== true)
      checked.warn({
        code: 'unreachable',
        path,
        found: `rule ${quoted}, which no ${kind === 'tls' ? 'connection' : 'request'} reaches`,
        allowed: 'rules in an order in which each can match',
        hint: `rule ${shadow} before it takes all that it would match`,
      })
  }
}

function checkHttpRule(checked: Checked, path: Path, rule: RuleConfig, listeners: readonly string[]): void {
  checkMatch(checked, [...path, 'match'], rule.match)
  checkAsked(checked, path, rule)
  checkKeys(checked, path, rule)
  checkTarpits(checked, path, rule)
  checkSignIn(checked, path, rule)
  checkCorsPlace(checked, path, rule)
  checkCachePlace(checked, path, rule)
  checkDestination(checked, path, rule, listeners)
  if (rule.rewrite !== undefined) checkRewrite(checked, [...path, 'rewrite'], rule.rewrite, rule)
  if (rule.respond !== undefined)
    checkRespond(checked, [...path, 'respond'], rule.respond, capturesOf(rule.match))
  if (rule.redirect !== undefined)
    checkRedirect(checked, [...path, 'redirect', 'to'], rule.redirect.to, capturesOf(rule.match))
  checkRuleTimeouts(checked, path, rule)
  for (const word of ['server_name', 'alpn'] as const)
    if (rule.match[word].length > 0)
      checked.report({
        code: 'conflict',
        path: [...path, 'match', word],
        found: `"${word}" for an http listener`,
        allowed: 'what is asked of requests: "host", "path", "method", "header" and others',
        hint: word === 'server_name' ? 'write "host"' : null,
      })
  if (rule.listener !== undefined)
    checked.report({
      code: 'conflict',
      path: [...path, 'listener'],
      found: 'a listener as the destination of requests',
      allowed: 'backend, split, respond or redirect; rules of tls listeners lead to listeners',
    })
}

function checkListener(checked: Checked, path: Path, name: string, kind: RuleKind): void {
  checked.resolve('listener', name, path)
  const { listeners } = checked.config
  const protocol = Object.hasOwn(listeners, name) ? listeners[name]?.protocol : undefined
  if (protocol === undefined || ruleKindOf(protocol) === kind) return
  checked.report({
    code: 'conflict',
    path,
    found: `${checked.said(path, name)}, a listener of protocol ${protocol}`,
    allowed:
      ruleKindOf(protocol) === null ? 'http listeners: others have no rules' : `${kind} listeners only`,
    hint: ruleKindOf(protocol) === null ? null : 'give each kind of listener rules of its own',
  })
}

function checkName(checked: Checked, path: Path, { name }: RuleConfig, earlier: number | undefined): void {
  if (earlier === undefined || isStandIn(name)) return
  checked.report({
    code: 'duplicate',
    path: [...path, 'name'],
    found: `${checked.quoted([...path, 'name'], name)} a second time`,
    allowed: 'a name of its own for each rule',
    hint: `rules[${earlier}] has it as well`,
  })
}

/** A redirect leads where whoever asks cannot choose. */
function checkRedirect(checked: Checked, path: Path, to: string, captures: readonly string[]): void {
  if (isStandIn(to)) return
  checkTemplate(checked, path, to, { from: 'request', captures })
  const isSubstituted = checked.isSubstituted(path)
  const stray = strayBrace(to)
  if (stray !== null)
    checked.report({
      code: 'wrong-value',
      path,
      found: isSubstituted ? checked.said(path, to) : shown(stray),
      allowed: 'variables in braces, such as {path}',
      hint: 'in a URL a brace is written %7B or %7D',
    })
  const why = stray === null ? whyNoTarget(readText(to)) : null
  if (why === null) return
  checked.report({
    code: 'wrong-value',
    path,
    found: why === ELSEWHERE ? checked.said(path, to) : `${checked.said(path, to)}: ${why}`,
    allowed: why === HOST_CHOSEN ? 'a host that is written out, or {host}' : TARGET_BEGINS,
    hint:
      why === HOST_CHOSEN
        ? 'what is chosen may be a name below one: "https://{path.tenant}.example.org/"'
        : !isSubstituted && /^[A-Za-z0-9-]+\./.test(to)
          ? `write "https://${to.slice(0, 80)}"`
          : null,
  })
}
