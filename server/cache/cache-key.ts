// By what stored answers are found: the rule, scheme, host, path and query of a request, as the config wants
// these told apart.
import type { Authority } from '../head/authority.ts'
import { cookiesIn } from '../head/cookie.ts'
import type { RequestHead } from '../head/request-head.ts'

export interface KeyRules {
  /** Whether the query is part of it. */
  readonly query: 'all' | 'none'
  /** Parts of the query that are left out, by their names; "utm_*" for all that begin so. */
  readonly ignore_query: readonly string[]
  /** Parts of the query in another order are the same. */
  readonly sort_query: boolean
  /** Fields whose values are part of it. */
  readonly headers: readonly string[]
  readonly cookies: readonly string[]
}

/** The key of a request, and where it leads: what is purged by. */
export type KeyOf = (request: RequestHead, scheme: string) => string

/** `owner`: whose answers these are; others find none of them. */
export function keyOf(owner: string, rules: KeyRules): KeyOf {
  const prefix = `${owner}\0`
  const targetOf = targetBy(rules)
  const headers = rules.headers.map((name) => name.toLowerCase())
  const { cookies } = rules
  if (headers.length === 0 && cookies.length === 0)
    return (request, scheme) => `${prefix}${scheme}://${authorityText(request.authority)}${targetOf(request)}`
  return (request, scheme) => {
    let key = `${prefix}${scheme}://${authorityText(request.authority)}${targetOf(request)}`
    // What stands between can be in no target and no value: nobody can write another's key.
    for (const lower of headers) key += `\0${valuesOf(request, lower).join('\n')}`
    for (const name of cookies) {
      const values = valuesOf(request, 'cookie').flatMap((field) => cookiesIn(field, name))
      key += `\0${values.join('\n')}`
    }
    return key
  }
}

/** Host and target, without scheme and port: by that answers are purged. */
export const placeOf = ({ host, target }: Pick<RequestHead, 'host' | 'target'>): string => `${host}${target}`

function targetBy({
  query,
  ignore_query: ignored,
  sort_query: sorts,
}: KeyRules): (head: RequestHead) => string {
  if (query === 'none') return ({ path }) => path
  if (ignored.length === 0 && !sorts) return ({ target }) => target
  const exact = new Set(ignored.filter((name) => !name.endsWith('*')))
  const begins = ignored.filter((name) => name.endsWith('*')).map((name) => name.slice(0, -1))
  const isIgnored = (part: string): boolean => {
    const equals = part.indexOf('=')
    const name = equals < 0 ? part : part.slice(0, equals)
    return exact.has(name) || begins.some((begin) => name.startsWith(begin))
  }
  return (request) => {
    if (request.query === '') return request.path
    const parts = request.query.split('&').filter((part) => !isIgnored(part))
    if (parts.length === 0) return request.path
    return `${request.path}?${(sorts ? parts.toSorted() : parts).join('&')}`
  }
}

/** With what steps before have made of it. */
function valuesOf(request: RequestHead, lower: string): readonly string[] {
  const { edits } = request
  if (edits === null) return request.values(lower)
  const added = edits.added.filter((one) => one.lower === lower).map(({ value }) => value)
  return edits.removes(lower) ? added : [...request.values(lower), ...added]
}

/** There are few, and the same objects again and again. */
const texts = new WeakMap<Authority, string>()

function authorityText(authority: Authority): string {
  const known = texts.get(authority)
  if (known !== undefined) return known
  const made = authority.raw.latin1Slice().toLowerCase()
  texts.set(authority, made)
  return made
}
