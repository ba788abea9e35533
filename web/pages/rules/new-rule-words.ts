// What a pasted request makes of a new rule: what it matches, and what it may be called.
import type { PastedRequest } from '../../data/curl.ts'
import { at, type JsonMap } from '../../data/merge.ts'
import { listOf } from '../../data/rule-words.ts'

/** Fields that each request of a browser or a tool has, or that differ with each: no rule is made of them. */
const COMMON =
  /^(?:accept|accept-.*|authorization|cache-control|connection|content-.*|cookie|dnt|host|if-.*|origin|pragma|priority|referer|sec-.*|te|upgrade-.*|user-agent|x-requested-with)$/i

/** The `match` of a rule that takes such requests. */
export function ruleLike({ method, url, headers }: PastedRequest): JsonMap {
  const { hostname, pathname } = new URL(url)
  const named = headers.find(([name]) => name.toLowerCase() === 'host')?.[1].replace(/:\d+$/, '')
  const header = Object.fromEntries(headers.filter(([name]) => !COMMON.test(name)))
  return {
    host: named ?? hostname,
    ...(pathname !== '/' && { path: pathname }),
    ...(method !== 'GET' && { method }),
    ...(Object.keys(header).length > 0 && { header }),
  }
}

/** Of its host and path. */
export function nameFor(rule: JsonMap): string {
  const [host = ''] = listOf(at(rule, ['match', 'host']))
  const [path = ''] = listOf(at(rule, ['match', 'path']))
  const words = `${host.split('.')[0] ?? ''} ${path}`.toLowerCase().match(/[a-z0-9]+/g) ?? []
  return words.slice(0, 3).join('-') || 'rule'
}

/** The same with a number where it is taken. */
export function freeName(name: string, all: readonly { readonly id: string }[]): string {
  const taken = new Set(all.map(({ id }) => id))
  if (!taken.has(name)) return name
  const stem = name.replace(/-\d+$/, '')
  let n = 2
  while (taken.has(`${stem}-${n}`)) n++
  return `${stem}-${n}`
}
