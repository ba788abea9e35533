// Which rule a connection belongs to by what its ClientHello asks for: the first in the config that matches,
// found by its name and then among those that are for any.
import { comparableHost } from '../lib/host-name.ts'

export interface TlsMatchSource<R> {
  readonly match: { readonly server_name: readonly string[]; readonly alpn: readonly string[] }
  readonly rule: R
}

/**
 * Finds the rule for a name (null: none is asked for) and the protocols that are offered; null when none
 * matches. Without protocols it finds one for whatever might be offered.
 */
export type TlsMatch<R> = (serverName: string | null, alpn: readonly string[] | null) => R | null

interface Candidate<R> {
  readonly order: number
  readonly alpn: readonly string[]
  readonly rule: R
}

/** Compiles rules, in their order. Throws a RangeError on a bad pattern. */
export function compileTlsMatch<R>(sources: readonly TlsMatchSource<R>[]): TlsMatch<R> {
  const exact = new Map<string, Candidate<R>[]>()
  /** By ".example.org" for "*.example.org". */
  const wildcards = new Map<string, Candidate<R>[]>()
  const any: Candidate<R>[] = []
  for (const [order, { match, rule }] of sources.entries()) {
    const candidate = { order, alpn: match.alpn, rule }
    if (match.server_name.length === 0) any.push(candidate)
    for (const pattern of match.server_name) {
      const name = comparableHost(pattern.replace(/^\*\./, ''))
      if (name === null || name.includes('*')) throw new RangeError(`"${pattern}" is no name of a server`)
      if (pattern.startsWith('*.')) file(wildcards, `.${name}`, candidate)
      else file(exact, name, candidate)
    }
  }
  return (serverName, alpn) => {
    let found = first(any, alpn, null)
    if (serverName === null) return found?.rule ?? null
    found = first(exact.get(serverName), alpn, found)
    if (wildcards.size > 0)
      for (let dot = serverName.indexOf('.', 1); dot > 0; dot = serverName.indexOf('.', dot + 1))
        found = first(wildcards.get(serverName.slice(dot)), alpn, found)
    return found?.rule ?? null
  }
}

function file<R>(places: Map<string, Candidate<R>[]>, name: string, candidate: Candidate<R>): void {
  const list = places.get(name)
  if (list === undefined) places.set(name, [candidate])
  else list.push(candidate)
}

/** The first that is for one of these protocols, or for any; `best` where that is before it. */
function first<R>(
  candidates: readonly Candidate<R>[] = [],
  offered: readonly string[] | null,
  best: Candidate<R> | null,
): Candidate<R> | null {
  for (const one of candidates) {
    if (best !== null && best.order <= one.order) return best
    if (one.alpn.length === 0 || offered === null) return one
    if (one.alpn.some((protocol) => offered.includes(protocol))) return one
  }
  return best
}
