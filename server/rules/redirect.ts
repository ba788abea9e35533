// Where a redirect leads: text with variables, cut into parts once.
import { readText } from '../lib/template-text.ts'
import { whyNoTarget } from '../lib/url-template.ts'
import type { Redirect } from './match.ts'
import type { RuleConfig } from './rule.options.ts'
import { urlTemplate } from './template.ts'

/**
 * Compiles a redirect; throws a RangeError on a variable that is not known, and where whoever asks could
 * choose the host.
 */
export function redirect({ to, status }: NonNullable<RuleConfig['redirect']>): Redirect {
  const parts = readText(to)
  const why = whyNoTarget(parts)
  if (why !== null) throw new RangeError(`it leads to ${why}`)
  const target = urlTemplate(to)
  const needsHost = parts.some((part) => part.is === 'variable' && part.name === 'host')
  const staysHere = !/^(?:\/\/|[A-Za-z][A-Za-z0-9+.-]*:)/.test(to) && !to.startsWith('{scheme}')
  return {
    status,
    location(x) {
      if (needsHost && x.request.host === '') return null // "http:///a" would be read as the host "a"
      const location = target.url(x)
      // "//other.example/x" would lead to another host (RFC 3986 §4.2); browsers read "/\" so too.
      return staysHere && location !== null ? location.replace(/^[/\\]+/, '/') : location
    },
  }
}
