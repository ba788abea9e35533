// What listeners of https add to every answer, and listeners of http say of them.
import type { HttpListenerConfig } from './listener.options.ts'

/** Fields of every answer: name and value. */
export type AnswerFields = readonly (readonly [name: string, value: string])[]

/** Null: none. RFC 6797 §7.2: not where HTTP is spoken in the clear. */
export function answerFieldsOf(options: HttpListenerConfig): AnswerFields | null {
  if (options.protocol !== 'https') return null
  const { hsts, alt_svc } = options
  const fields: (readonly [string, string])[] = []
  if (hsts !== undefined && hsts !== false)
    fields.push(['Strict-Transport-Security', hstsValue(hsts === true ? YEAR : hsts)])
  if (alt_svc !== undefined) fields.push(['Alt-Svc', alt_svc])
  return fields.length > 0 ? fields : null
}

type HstsConfig = Exclude<Extract<HttpListenerConfig, { protocol: 'https' }>['hsts'], boolean | undefined>

const YEAR: HstsConfig = { max_age: 31_536_000, include_subdomains: false, preload: false }

/** RFC 6797 §6.1. */
function hstsValue({ max_age, include_subdomains, preload }: HstsConfig): string {
  return `max-age=${max_age}${include_subdomains ? '; includeSubDomains' : ''}${preload ? '; preload' : ''}`
}

/** Where a listener of http sends its clients; null: nowhere. */
export function toHttps(
  options: HttpListenerConfig,
): { readonly to: string; readonly status: number } | null {
  const { redirect_https } = options.protocol === 'http' ? options : { redirect_https: undefined }
  if (redirect_https === undefined || redirect_https === false) return null
  const { port, status } = redirect_https === true ? { port: 443, status: 308 } : redirect_https
  return { to: `https://{host}${port === 443 ? '' : `:${port}`}{path}{query}`, status }
}
