// Where in a URL that is text with variables each of them stands: what may stand there differs.
import type { TextPart } from './template-text.ts'

export type UrlPlace = 'authority' | 'path' | 'query' | 'fragment'

/** What stands for a variable while the rest is read. */
const STANDS: Readonly<Record<string, string>> = { scheme: 's', path: '/p', query: '?q', uri: '/p?q' }
/** They begin with a slash. */
const ENDS_HOST: ReadonlySet<string> = new Set(['path', 'uri'])
const WITH_AUTHORITY = /^(?:[A-Za-z][A-Za-z0-9+.-]*:)?\/\/([^/?#]*)/

/** Of each part: where it begins. */
export function placesIn(parts: readonly TextPart[]): UrlPlace[] {
  let before = ''
  return parts.map((part) => {
    const behind = placeBehind(before)
    const place =
      behind === 'authority' && part.is === 'variable' && ENDS_HOST.has(part.name) ? 'path' : behind
    before += part.is === 'text' ? part.text : (STANDS[part.name] ?? 'v')
    return place
  })
}

function placeBehind(before: string): UrlPlace {
  if (before === '') return 'path'
  if (WITH_AUTHORITY.exec(before)?.[0].length === before.length) return 'authority'
  if (before.includes('#')) return 'fragment'
  return before.includes('?') ? 'query' : 'path'
}

/** What a target may begin with. */
export const TARGET_BEGINS = 'a path that begins with "/", or a URL with its scheme'

/**
 * What stands against such a text as the target of a redirect; null: nothing. Whoever sends a request must
 * not choose the host that it leads to.
 */
export function whyNoTarget(parts: readonly TextPart[]): string | null {
  const textBy = (stands: Readonly<Record<string, string>>): string =>
    parts.map((part) => (part.is === 'text' ? part.text : (stands[part.name] ?? '\0'))).join('')
  const text = textBy(STANDS)
  // What is written itself: a path may begin with "//", and then ends no scheme.
  const written = textBy({ scheme: 's' })
  const isElsewhere = /^(?:https?|s):|^\/\//i.test(written)
  const hasHost = /^(?:(?:https?|s):)?\/\/[^/?#]/i
  if (isElsewhere && !(hasHost.test(written) && hasHost.test(text))) return 'a scheme without "//" and a host'
  const isHere = /^(?:\/|\?|\.{1,2}\/|[A-Za-z][A-Za-z0-9+.-]*:)/.test(text)
  if (!isHere) return ELSEWHERE
  const places = placesIn(parts)
  const inside = parts.filter((_, place) => places[place] === 'authority')
  const last = inside.at(-1)
  const isChosen = inside.some((part) => part.is === 'variable' && !OF_HOST.has(part.name))
  if (!isChosen) return null
  // "{path.tenant}.example.org": whatever it is stays below that.
  const end = last?.is === 'text' ? (/^[^/?#]*/.exec(last.text)?.[0] ?? '') : ''
  return /^\.[A-Za-z0-9-]+/.test(end) ? null : HOST_CHOSEN
}

export const ELSEWHERE = 'something that begins otherwise'
export const HOST_CHOSEN = 'a host that whoever asks may choose'

const OF_HOST: ReadonlySet<string> = new Set(['host', 'port'])
