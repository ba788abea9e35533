// Who stood before the other end of a socket, in the words of X-Forwarded-For, Forwarded (RFC 7239) and
// X-Real-IP. Whether the words are believed is for others to say; here they become addresses, or nobody.
import { canonicalAddress } from '../lib/ip-address.ts'
import { type Authority, readAuthority } from './authority.ts'

/** One element: whom a proxy had before it. */
export interface Hop {
  /** In canonical form; null: hidden (RFC 7239 §6), missing, or not to be read. */
  readonly address: string | null
  /** The scheme and the host that were asked for, as far as they are told. */
  readonly proto: string | null
  readonly host: Authority | null
}

export const NOBODY: Hop = { address: null, proto: null, host: null }

/** More hops than this are not read: what lies beyond is nobody. */
const HOPS_MAX = 64

const nearest = (elements: readonly string[], read: (element: string) => Hop): Hop[] =>
  elements.length <= HOPS_MAX
    ? elements.map(read)
    : [NOBODY, ...elements.slice(1 - HOPS_MAX).map((element) => read(element))]

/**
 * The hops of X-Forwarded-For, the nearest last; none without the field. An empty element is a proxy that did
 * not know: nobody.
 */
export function hopsOfList(values: readonly string[]): Hop[] {
  if (values.length === 0) return []
  return nearest(values.join(',').split(','), (element) => hopAt(element.trim()))
}

/** X-Real-IP: one address. A second one that differs would be believed by some readers. */
export function hopOfRealIp(values: readonly string[]): Hop[] {
  const [first] = values
  if (first === undefined) return []
  return values.every((value) => value === first) ? [hopAt(first)] : [NOBODY]
}

/** The hops of Forwarded (RFC 7239 §4), the nearest last. One open quote leaves no element certain. */
export function hopsOfForwarded(values: readonly string[]): Hop[] {
  if (values.length === 0) return []
  const elements = elementsOf(values.join(','))
  return elements === null ? [NOBODY] : nearest(elements, hopOfElement)
}

const hopAt = (node: string): Hop => ({ address: addressOf(node), proto: null, host: null })

/** RFC 7239 §6: an address with or without a port, IPv6 in brackets; bare IPv6 as X-Forwarded-For has it. */
function addressOf(node: string): string | null {
  const [, v6, v4] = NODE.exec(node) ?? []
  if (v6 !== undefined) return v6.includes(':') ? canonicalAddress(v6) : null
  return canonicalAddress(v4 ?? node)
}
const NODE = /^(?:\[([0-9A-Fa-f:.]{2,45})\]|([0-9.]{7,15})(?=:))(?::(?:[0-9]{1,5}|_[\w.-]{1,64}))?$/

const QUOTE = 34
const COMMA = 44
const BACKSLASH = 92

/** Cut at the commas outside of quotes; null when a quote stays open. */
function elementsOf(text: string): string[] | null {
  const elements: string[] = []
  let from = 0
  let isQuoted = false
  for (let i = 0; i < text.length; i++) {
    const code = text.charCodeAt(i)
    if (isQuoted && code === BACKSLASH) i++
    else if (code === QUOTE) isQuoted = !isQuoted
    else if (code === COMMA && !isQuoted) {
      elements.push(text.slice(from, i))
      from = i + 1
    }
  }
  if (isQuoted) return null
  elements.push(text.slice(from))
  return elements
}

/** forwarded-element = [ forwarded-pair ] *( ";" [ forwarded-pair ] ), each parameter at most once (§4). */
function hopOfElement(element: string): Hop {
  const pairs = new Map<string, string>()
  for (let at = 0; ; at = PAIR.lastIndex) {
    PAIR.lastIndex = at
    const match = PAIR.exec(element)
    if (match === null) return NOBODY
    const [whole, name, value = ''] = match
    if (name !== undefined) {
      if (pairs.has(name.toLowerCase())) return NOBODY
      pairs.set(name.toLowerCase(), unquoted(value))
    }
    if (!whole.endsWith(';')) break
  }
  return {
    address: addressOf(pairs.get('for') ?? ''),
    proto: knownProto(pairs.get('proto') ?? ''),
    host: knownHost(pairs.get('host') ?? ''),
  }
}
const PAIR = /[ \t]*(?:([\w!#$%&'*+.^`|~-]+)=("(?:[^"\\]|\\.)*"|[^\s;,"\\]*))?[ \t]*(?:;|$)/y

/** No address, scheme or host needs an escape: what has one stays unreadable. */
const unquoted = (value: string): string => (value.startsWith('"') ? value.slice(1, -1) : value)

/** A scheme as a proxy may name it, WebSocket's too; null for anything else. */
export function knownProto(text: string): string | null {
  const lower = text.toLowerCase()
  return PROTOS.has(lower) ? lower : null
}
const PROTOS = new Set(['http', 'https', 'ws', 'wss'])

/** A host with or without a port, valid as in Host; null for anything else. */
export function knownHost(text: string): Authority | null {
  const bytes = Buffer.from(text, 'latin1')
  const authority = readAuthority(bytes, 0, bytes.length)
  return authority === null || authority.host === '' ? null : authority
}
