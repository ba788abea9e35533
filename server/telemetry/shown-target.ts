// A path without what its query has of secrets, for logs and for whoever looks at requests.

export const HIDDEN = '(hidden)'
/** Names in a query whose values are as good as a password. */
const SECRET_PARAMETER =
  /token|secret|passw|api[-_]?key|credential|session|signature|jwt|(?:^|\?)(?:key|sig|code|auth|pwd)$/i
/** Most queries have nothing of these: then nothing is taken apart. */
const MAY_HAVE_SECRET = /token|secret|passw|key|credential|session|signature|jwt|sig|code|auth|pwd|%/i

/** Names that a config says are of credentials, in lower case: of parts of queries, and of fields. */
const further = { query: new Set<string>(), header: new Set<string>() }
/** None is taken out again, and a config has few: what is beyond this is no config any more. */
const FURTHER_MAX = 10_000

/** From here on values under this name are hidden, too. */
export function hideToo(kind: 'query' | 'header', name: string): void {
  if (further[kind].size < FURTHER_MAX) further[kind].add(name.toLowerCase())
}

export const isHiddenField = (name: string): boolean => further.header.has(name.toLowerCase())

const isSecretName = (before: string): boolean =>
  SECRET_PARAMETER.test(before) ||
  (further.query.size > 0 &&
    further.query.has(
      before
        .slice(before.lastIndexOf('?') + 1)
        .replaceAll('+', ' ')
        .toLowerCase(),
    ))

/**
 * Clients choose it, and a worker serves nobody meanwhile: each character is looked at a few times, whatever
 * they are.
 */
export const shownTarget = (target: string): string =>
  /[?;&]/.test(target) && (further.query.size > 0 || MAY_HAVE_SECRET.test(target))
    ? target.replace(/([?&;])([^&;#]*)/g, (_, mark: string, pair: string) => mark + shownPair(pair))
    : target

/** Behind a further "?" may be another name. */
function shownPair(pair: string): string {
  for (let from = 0; ;) {
    const equals = pair.indexOf('=', from)
    if (equals < 0 || equals === pair.length - 1) break
    if (isSecretName(decoded(pair.slice(from, equals)))) return `${pair.slice(0, equals + 1)}${HIDDEN}`
    from = pair.indexOf('?', equals) + 1
    if (from === 0) break
  }
  return hasSecretWithin(pair) ? `${pair.slice(0, pair.indexOf('=') + 1)}${HIDDEN}` : pair
}

/** An address within a value, as `next=https%3A%2F%2Fa%2F%3Ftoken%3Dx`, may have a query of its own. */
function hasSecretWithin(pair: string): boolean {
  if (!/%3d/i.test(pair)) return false
  return decoded(pair)
    .split(/[?&;#]/)
    .some((one) => /^[^=]*=./.test(one) && isSecretName(one.slice(0, one.indexOf('='))))
}

/** As servers read it (RFC 3986 §2.1), once; what is no such sequence stays. */
export const decoded = (text: string): string =>
  text.includes('%')
    ? text.replaceAll(/%([0-9a-f]{2})/gi, (_, digits: string) => String.fromCharCode(parseInt(digits, 16)))
    : text
