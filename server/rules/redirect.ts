// Where a redirect leads: text with {host}, {path}, {query} and {scheme} in it, cut into parts once.
import type { Redirect } from './match.ts'
import type { RuleConfig } from './rule.options.ts'

const WORDS = ['scheme', 'host', 'path', 'query'] as const
type Word = (typeof WORDS)[number]
type Part = { readonly is: 'text'; readonly text: string } | { readonly is: Word }

/** Compiles a redirect; throws a RangeError when a word in braces is not known. */
export function redirect({ to, status }: NonNullable<RuleConfig['redirect']>): Redirect {
  const parts = partsOf(to.toWellFormed())
  const needsHost = parts.some((part) => part.is === 'host')
  const staysHere = to.startsWith('{path}') || /^\/(?!\/)/.test(to)
  return {
    status,
    location(request, scheme) {
      if (needsHost && request.host === '') return null // "http:///a" would be read as the host "a"
      let location = ''
      for (const part of parts) {
        if (part.is === 'text') location += part.text
        else if (part.is === 'scheme') location += scheme
        else if (part.is === 'host') location += request.host
        else if (part.is === 'path') location += request.path === '*' ? '/' : request.path
        else if (request.query !== '') location += `?${request.query}`
      }
      const safe = location.replace(UNPRINTABLE, encodeURIComponent)
      // "//other.example/x" would lead to another host (RFC 3986 §4.2); browsers read "/\" so too.
      return staysHere ? safe.replace(/^[/\\]+/, '/') : safe
    },
  }
}

/** What must not stand in a header field or a URL, whatever the request brought. */
const UNPRINTABLE = /[^!-~]+/gu

function partsOf(to: string): Part[] {
  const parts: Part[] = []
  for (const piece of to.split(/(\{[^{}]*\})/)) {
    const word = WORDS.find((known) => piece === `{${known}}`)
    if (word !== undefined) parts.push({ is: word })
    else if (piece.startsWith('{'))
      throw new RangeError(`${piece} is not known: {host}, {path}, {query} and {scheme} are`)
    else if (piece !== '') parts.push({ is: 'text', text: piece })
  }
  return parts
}
