// One question to DNS: the addresses of one family of one name.
import { Resolver as Dns, type RecordWithTtl } from 'node:dns'
import type { Config } from '../config/schema.ts'

export type DnsOptions = Config['resolver']

/**
 * What one query brought. `gone`: no such address, or no such name: the resolver says ENOTFOUND to both. `mayTryOthers`: the
 * trouble is with this name, not with the DNS server.
 */
export type Answer = { readonly family: 4 | 6 } & (
  | { readonly is: 'found'; readonly records: readonly RecordWithTtl[] }
  | { readonly is: 'gone' }
  | { readonly is: 'failed'; readonly why: string; readonly mayTryOthers: boolean }
)

export interface Query {
  readonly family: 4 | 6
  readonly name: string
  readonly options: DnsOptions
  readonly tries: number
}

/** Asks for one family, once more when no answer came in time; calls `take` exactly once. */
export function ask({ family, name, options, tries }: Query, take: (answer: Answer) => void): void {
  let isOver = false
  const finish = (error: Error | null, records: readonly RecordWithTtl[]): void => {
    if (isOver) return
    isOver = true
    clearTimeout(timer)
    const code = error === null ? null : codeOf(error)
    if (code === 'ETIMEOUT' && tries > 1) ask({ family, name, options, tries: tries - 1 }, take)
    else if (code === 'ENOTFOUND' || code === 'ENODATA' || (code === null && records.length === 0))
      take({ family, is: 'gone' })
    else if (code === null) take({ family, is: 'found', records })
    else take({ family, is: 'failed', why: whyOf(code, name), mayTryOthers: code === 'ESERVFAIL' })
  }
  // The resolver looks at its own timeouts only about once a second.
  const timer = setTimeout(() => finish(TIMED_OUT, []), options.timeout)
  try {
    const dns = dnsOf(options)
    if (family === 4) dns.resolve4(name, { ttl: true }, (error, records) => finish(error, records ?? []))
    else dns.resolve6(name, { ttl: true }, (error, records) => finish(error, records ?? []))
  } catch (error) {
    finish(error instanceof Error ? error : new Error(String(error)), [])
  }
}

const TIMED_OUT = Object.assign(new Error('timeout'), { code: 'ETIMEOUT' })

const codeOf = (error: Error): string =>
  'code' in error && typeof error.code === 'string' ? error.code.replace(/^DNS_/, '') : error.message

function whyOf(code: string, name: string): string {
  const reason = REASONS[code]
  return reason === undefined ? `DNS failed for ${name}: ${code}` : `${reason} ${name}`
}

const REASONS: Readonly<Record<string, string>> = {
  ESERVFAIL: 'the DNS server failed for',
  ETIMEOUT: 'DNS did not answer in time for',
  ECONNREFUSED: 'the DNS server refused the connection for',
  EREFUSED: 'the DNS server refused to answer for',
}

/** One for each query, at 50 µs: c-ares keeps answers in each resolver, which would hide a refresh before the TTL is over. */
function dnsOf(options: DnsOptions): Dns {
  const dns = new Dns({ timeout: options.timeout, tries: 1 })
  if (options.servers.length > 0) dns.setServers(options.servers)
  return dns
}
