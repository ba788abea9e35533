// Listeners of TLS that is not ended there: their rules, and where each leads.
import { Ranges } from '../lib/ranges.ts'
import { kindOfRule } from '../lib/rule-kind.ts'
import type { RuleConfig } from '../rules/rule.options.ts'
import { compileTlsMatch } from '../rules/tls-match.ts'
import type { TlsListenerConfig } from '../tls/tls-listener.options.ts'
import { at, CompileProblem } from './compile-problem.ts'
import { type ListenerSource, proxiesOf } from './listener-source.ts'
import type { AnyListener, TlsListener, TlsWay } from './snapshot.ts'

/** `others`: all that it may lead to. */
export function compileTlsListener(
  source: ListenerSource<TlsListenerConfig>,
  others: ReadonlyMap<string, AnyListener>,
): TlsListener {
  const { name, path, options, ground } = source
  const { rules, listeners } = ground.plan.config
  const sources = rules.flatMap((words, place) => {
    if (kindOfRule(words, listeners) !== 'tls') return []
    if (words.match.listener.length > 0 && !words.match.listener.includes(name)) return []
    return [{ match: words.match, rule: wayOf(words, `rules.${place}`, source, others) }]
  })
  return {
    kind: 'tls',
    name,
    options,
    proxies: proxiesOf(source),
    allowed: at(`${path}.allow`, () => Ranges.parse(options.allow)),
    denied: at(`${path}.deny`, () => Ranges.parse(options.deny)),
    ways: sources.map(({ rule }) => rule),
    match: at('rules', () => compileTlsMatch(sources)),
  }
}

function wayOf(
  { backend: to, listener: next }: RuleConfig,
  path: string,
  { name, options, ground }: ListenerSource<TlsListenerConfig>,
  others: ReadonlyMap<string, AnyListener>,
): TlsWay {
  if (to !== undefined) {
    const backend = ground.backends.get(to)
    if (backend === undefined) throw new CompileProblem(`${path}.backend`, `there is no backend "${to}"`)
    // Its rate was asked before its hello was looked at.
    const { timeouts, limits } = options
    const { rate: _, ...rest } = limits
    return { is: 'backend', way: { name, options: { timeouts, limits: rest }, backend } }
  }
  const listener = others.get(next ?? '')
  if (listener === undefined || listener.kind === 'tls' || !('tls' in listener) || listener.tls === null)
    throw new CompileProblem(
      path,
      'it leads nowhere: a rule of a tls listener needs backend, or a listener that ends TLS',
    )
  return { is: 'listener', listener }
}
