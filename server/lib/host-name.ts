// Hosts as they are compared: one spelling for each, so that a rule about a host holds for every way to write
// it.
import { canonicalAddress, parseAddress } from './ip-address.ts'

/**
 * The one spelling of a host without port: lower case, without the dot at the end, IPv6 in brackets as RFC
 * 5952 writes it. Null for what two readers could take for different hosts: an empty label (some drop it,
 * some do not), a number that is an IPv4 address only to some ("127.1", "0x7f000001", "010.0.0.1").
 */
export function comparableHost(host: string): string | null {
  if (host.startsWith('[')) return comparableLiteral(host)
  const lower = (host.endsWith('.') ? host.slice(0, -1) : host).toLowerCase()
  if (lower === '' || lower.startsWith('.') || lower.endsWith('.') || lower.includes('..')) return null
  return ENDS_IN_NUMBER.test(lower) && parseAddress(lower) === null ? null : lower
}

/** WHATWG URL: a host whose last label is a number is an IPv4 address, or nothing. */
const ENDS_IN_NUMBER = /(?:^|\.)(?:[0-9]+|0x[0-9a-f]*)$/

/** RFC 3986 §3.2.2 IP-literal: an IPv6 address; no zone, no future version. */
function comparableLiteral(host: string): string | null {
  if (!host.endsWith(']')) return null
  const inside = host.slice(1, -1)
  const address = inside.includes(':') ? canonicalAddress(inside) : null
  if (address === null) return null
  return address.includes(':') ? `[${address}]` : `[::ffff:${address}]`
}
