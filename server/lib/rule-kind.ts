// Which listeners a rule is for by what it says: those of HTTP, or those that choose by what TLS asks for.

export type RuleKind = 'http' | 'tls'

/** What listeners of a protocol have rules of; null: they have none. */
export const ruleKindOf = (protocol: string): RuleKind | null =>
  protocol === 'http' || protocol === 'https' ? 'http' : protocol === 'tls' ? 'tls' : null

/** What of a rule says it. */
interface Rule {
  readonly match: {
    readonly listener: readonly string[]
    readonly server_name: readonly string[]
    readonly alpn: readonly string[]
  }
  readonly listener?: string
}

type Protocols = Readonly<Record<string, { readonly protocol: string }>>

/**
 * One that names listeners is of their kind; one that names none is of that of its words, and where it has
 * none of TLS of HTTP, if there is such a listener.
 */
export function kindOfRule({ match, listener }: Rule, listeners: Protocols): RuleKind {
  for (const name of match.listener) {
    const kind = Object.hasOwn(listeners, name) ? ruleKindOf(listeners[name]?.protocol ?? '') : null
    if (kind !== null) return kind
  }
  if (match.server_name.length > 0 || match.alpn.length > 0 || listener !== undefined) return 'tls'
  const kinds = Object.values(listeners).map(({ protocol }) => ruleKindOf(protocol))
  return kinds.includes('tls') && !kinds.includes('http') ? 'tls' : 'http'
}
