// The header fields by which browsers protect a site.
import type { Exchange } from '../http/exchange.ts'
import type { ResponseHead } from '../head/response-head.ts'
import type { Middleware } from './middleware.ts'
import type { SecurityHeadersConfig } from './security-headers.options.ts'

interface Field {
  readonly name: string
  readonly lower: string
  readonly value: string
}

/** Sets what is wanted where a server has not said it itself, unless ours take its place. */
export function securityHeaders(options: SecurityHeadersConfig): Middleware {
  const { replace } = options
  const always = fieldsOf(options)
  const hsts = options.hsts === false ? null : fieldOf('Strict-Transport-Security', hstsOf(options.hsts))
  const removed = options.remove.map((name) => name.toLowerCase())
  const put = (head: ResponseHead, { name, lower, value }: Field): void => {
    if (replace || head.get(lower) === null) head.set(name, value)
  }
  return {
    name: 'security_headers',
    isPure: true,
    response(x, head) {
      for (const lower of removed) if (head.get(lower) !== null) head.remove(lower)
      for (const field of always) put(head, field)
      if (hsts !== null) secure(x, head, hsts)
    },
  }

  /** RFC 6797 §7.2: it must not be sent by http; what a server says of it there is of no use either. */
  function secure({ client }: Exchange, head: ResponseHead, field: Field): void {
    if (client.scheme === 'https') put(head, field)
  }
}

const fieldOf = (name: string, value: string): Field => ({ name, lower: name.toLowerCase(), value })

function fieldsOf(options: SecurityHeadersConfig): Field[] {
  const { csp, csp_report_only, frame, nosniff, referrer, permissions, coop, coep, corp } = options
  const words: readonly (readonly [string, string | undefined])[] = [
    ['Content-Security-Policy', csp],
    ['Content-Security-Policy-Report-Only', csp_report_only],
    ['X-Frame-Options', frame === 'off' ? undefined : frame.toUpperCase()],
    ['X-Content-Type-Options', nosniff ? 'nosniff' : undefined],
    ['Referrer-Policy', unlessOff(referrer)],
    ['Permissions-Policy', permissions],
    ['Cross-Origin-Opener-Policy', unlessOff(coop)],
    ['Cross-Origin-Embedder-Policy', unlessOff(coep)],
    ['Cross-Origin-Resource-Policy', unlessOff(corp)],
  ]
  return words.flatMap(([name, value]) => (value === undefined ? [] : [fieldOf(name, value)]))
}

const unlessOff = (word: string): string | undefined => (word === 'off' ? undefined : word)

function hstsOf(hsts: Exclude<SecurityHeadersConfig['hsts'], false>): string {
  const { max_age, subdomains, preload } = hsts
  const seconds = Math.floor(max_age / 1000)
  return `max-age=${seconds}${subdomains ? '; includeSubDomains' : ''}${preload ? '; preload' : ''}`
}
