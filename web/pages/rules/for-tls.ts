// Which of the two kinds of rules a form is of.
import { isMap, type JsonMap } from '../../data/merge.ts'
import { listOf, type ListenerRow } from '../../data/rule-words.ts'

/** A new rule is for HTTP wherever there is such a listener, until it says otherwise. */
export function isForTls(rule: JsonMap, listeners: readonly ListenerRow[]): boolean {
  const match = isMap(rule['match']) ? rule['match'] : {}
  const named = listeners.filter(({ name }) => listOf(match['listener']).includes(name))
  if (named.length > 0) return named.every(({ protocol }) => protocol === 'tls')
  if ('server_name' in match || 'alpn' in match || typeof rule['listener'] === 'string') return true
  return listeners.length > 0 && listeners.every(({ protocol }) => protocol === 'tls')
}
