// The protocols of Upgrade fields (RFC 9110 §7.8): what a request asks for, and whether an answer grants no
// other.
import type { ResponseHead } from './response-head.ts'

/** The protocols of Upgrade fields, in lower case. */
export function protocolsOf(values: readonly string[]): string[] {
  const protocols = values.join(',').toLowerCase().split(',')
  return protocols.map((protocol) => protocol.trim()).filter((protocol) => protocol !== '')
}

/** Whether a 101 switches, and only to protocols that were asked for. */
export function grants(head: ResponseHead, asked: readonly string[]): boolean {
  const given = protocolsOf(head.values('upgrade'))
  return head.version !== 10 && given.length > 0 && given.every((protocol) => asked.includes(protocol))
}

/** Why a 101 does not switch. */
export function whyNotGranted(head: ResponseHead, asked: readonly string[], isRequestWhole: boolean): string {
  if (!isRequestWhole) return '101 before the request was whole'
  const given = protocolsOf(head.values('upgrade'))
  const wanted = asked.length === 0 ? 'nobody asked for one' : `${asked.join(', ')} was asked for`
  return `101 that switches to ${given.length === 0 ? 'no protocol' : given.join(', ')}, where ${wanted}`
}
