// One question to DNS: the addresses of one family of one name.
import { Resolver as Dns, type RecordWithTtl } from 'node:dns'
import { constants } from 'node:os'
import { socketError } from './native.ts'
import { closeFds, duplicateFd } from './pass-fds.ts'
import type { ResolverConfig } from './resolver.options.ts'

/**
 * What one query brought. `gone`: no such address, or no such name: the resolver says ENOTFOUND to both.
 * `mayTryOthers`: the trouble is with this name, not with the DNS server.
 */
export type DnsAnswer = { readonly family: 4 | 6 } & (
  | { readonly is: 'found'; readonly records: readonly RecordWithTtl[] }
  | { readonly is: 'gone' }
  | { readonly is: 'failed'; readonly why: string; readonly mayTryOthers: boolean }
)

export interface Query {
  readonly family: 4 | 6
  readonly name: string
  readonly options: ResolverConfig
  /** At least; each of the DNS servers has its turn, up to `SERVERS_MAX`. */
  readonly tries: number
}

/** As the C library does (MAXNS). */
const SERVERS_MAX = 3
/** When to look whether a DNS server is there at all. */
const LOOKS_MS = [5, 50, 250]

/** Asks for one family, the next server when no answer came in time; calls `take` exactly once. */
export function ask(query: Query, take: (answer: DnsAnswer) => void, turn = 0): void {
  const { family, name, options } = query
  let isOver = false
  let dns: Dns | null = null
  let triesMax = query.tries
  const timers: Timer[] = []
  const finish = (error: Error | null, records: readonly RecordWithTtl[]): void => {
    if (isOver) return
    isOver = true
    for (const timer of timers) clearTimeout(timer)
    if (error === TIMED_OUT || error === REFUSED) dns?.cancel() // its socket is of no use any more
    const code = error === null ? null : codeOf(error)
    const isNobody = code === 'ETIMEOUT' || code === 'ECONNREFUSED'
    if (isNobody && turn + 1 < triesMax) ask(query, take, turn + 1)
    else if (code === 'ENOTFOUND' || code === 'ENODATA' || (code === null && records.length === 0))
      take({ family, is: 'gone' })
    else if (code === null) take({ family, is: 'found', records })
    else take({ family, is: 'failed', why: whyOf(code, name), mayTryOthers: code === 'ESERVFAIL' })
  }
  // The resolver looks at its own timeouts only about once a second.
  timers.push(setTimeout(() => finish(TIMED_OUT, []), options.timeout))
  try {
    dns = dnsOf(options, turn)
    triesMax = Math.max(triesMax, Math.min(dns.getServers().length, SERVERS_MAX))
    const fd = process.platform === 'linux' ? nextFd() : -1
    if (family === 4) dns.resolve4(name, { ttl: true }, (error, records) => finish(error, records ?? []))
    else dns.resolve6(name, { ttl: true }, (error, records) => finish(error, records ?? []))
    const look = (): void => {
      if (!isOver && socketError(fd) === ECONNREFUSED) finish(REFUSED, [])
    }
    // Bun's loop spins on a socket that was refused, and the resolver hears of it only when the time is over.
    if (fd >= 0) for (const ms of LOOKS_MS) if (ms < options.timeout) timers.push(setTimeout(look, ms))
  } catch (error) {
    finish(error instanceof Error ? error : new Error(String(error)), [])
  }
}

/** The descriptor that is given out next: the resolver opens its socket at once. */
function nextFd(): number {
  try {
    const fd = duplicateFd(2)
    closeFds([fd])
    return fd
  } catch {
    return -1 // there is none to be had
  }
}

const { ECONNREFUSED } = constants.errno
const REFUSED = Object.assign(new Error('refused'), { code: 'ECONNREFUSED' })
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

/**
 * One for each query, at 50 µs: c-ares keeps answers in each resolver, which would hide a refresh before the
 * TTL is over. `turn`: which server is asked first.
 */
function dnsOf({ timeout, servers: named }: ResolverConfig, turn: number): Dns {
  const dns = new Dns({ timeout, tries: 1 })
  const servers = named.length > 0 ? named : turn > 0 ? dns.getServers() : []
  const first = servers.length > 0 ? turn % servers.length : 0
  if (servers.length > 0) dns.setServers([...servers.slice(first), ...servers.slice(0, first)])
  return dns
}
