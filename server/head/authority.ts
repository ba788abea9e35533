// Host and authority (RFC 9110 §7.2, RFC 3986 §3.2): validated once and remembered, as most requests name one
// of few hosts.
import { filled } from '../lib/filled.ts'
import { comparableHost } from '../lib/host-name.ts'
import { COLON, HOST, latin1 } from './bytes.ts'

/** A valid authority: its host in the one spelling by which hosts are compared, without port. */
export interface Authority {
  readonly raw: Buffer
  readonly host: string
}

const SLOTS = 1024
const known = filled<Authority | null>(SLOTS, null)
const HOST_BYTES_MAX = 255 + 6

/**
 * The authority in `bytes[start..end)`; null when it is not valid: bad characters, user information, a port
 * that is none, a host that readers could take for two.
 */
export function readAuthority(bytes: Buffer, start: number, end: number): Authority | null {
  const length = end - start
  if (length > HOST_BYTES_MAX) return null
  let hash = length
  for (let i = start; i < end; i++) hash = (Math.imul(hash, 31) + bytes[i]!) | 0
  const slot = hash & (SLOTS - 1)
  const kept = known[slot]
  if (kept && isSame(kept.raw, bytes, start, length)) return kept
  const host = parseAuthority(latin1(bytes, start, end))
  if (host === null) return null
  const made: Authority = { raw: Buffer.from(bytes.subarray(start, end)), host }
  known[slot] = made
  return made
}

function isSame(raw: Buffer, bytes: Buffer, start: number, length: number): boolean {
  if (raw.length !== length) return false
  for (let i = 0; i < length; i++) if (raw[i] !== bytes[start + i]) return false
  return true
}

function parseAuthority(text: string): string | null {
  const colon = text.startsWith('[') ? text.indexOf(':', text.indexOf(']') + 1) : text.indexOf(':')
  const host = colon === -1 ? text : text.slice(0, colon)
  if (colon !== -1 && !isPort(text.slice(colon + 1))) return null
  if (!host.startsWith('['))
    for (let i = 0; i < host.length; i++) if (HOST[host.charCodeAt(i)] !== 1) return null
  // An empty field is lawful (§7.2); ":80" and "." are no hosts.
  return text === '' ? '' : comparableHost(host)
}

/** RFC 3986 §3.2.3: digits, or nothing at all after the colon. */
function isPort(text: string): boolean {
  return /^[0-9]{0,5}$/.test(text) && Number(text) <= 65535
}

/** The port of an authority; 0 when it names none. */
export function portOf(authority: Authority): number {
  const colon = authority.raw.lastIndexOf(COLON)
  const closing = authority.raw.lastIndexOf(93) // "]"
  return colon > closing ? Number(latin1(authority.raw, colon + 1, authority.raw.length)) : 0
}
