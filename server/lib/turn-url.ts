// Where a STUN or TURN server is, as browsers are told it: stun:, stuns: (RFC 7064), turn:, turns: (RFC
// 7065).
import { isIP } from 'node:net'
import { writeBind } from './bind.ts'

export type ClientTransport = 'udp' | 'tcp' | 'tls'

export interface TurnUrl {
  /** Whether it relays, or only tells addresses. */
  readonly isTurn: boolean
  /** A name or an address literal, without brackets. */
  readonly host: string
  readonly port: number
  readonly transport: ClientTransport
}

export const PORT = 3478
export const TLS_PORT = 5349

const SHAPE = /^(stuns?|turns?):(\[[^\]]*\]|[^:?[\]]*)(?::([^?]*))?(?:\?(.*))?$/i

/** Reads a URL; a text says what is wrong with it. */
export function parseTurnUrl(text: string): TurnUrl | string {
  if (/^(?:stun|turn)s?:\/\//i.test(text))
    return `"${text}": these URLs have no "//"; write "${text.replace('//', '')}"`
  const [, scheme = '', written = '', digits, query] = SHAPE.exec(text) ?? []
  if (scheme === '')
    return `"${text}" is no URL such as turn:turn.example.org, turns:turn.example.org:5349 or stun:192.0.2.1:3478`
  const host = written.replace(/^\[|\]$/g, '')
  const isLiteral = written.startsWith('[')
  if (host === '' || (isLiteral && isIP(host) !== 6) || (!isLiteral && !isName(host)))
    return `"${text}" names no host: "${written}" is neither a name nor an address (IPv6 stands in brackets)`
  const isTls = scheme.length === 5
  const port = digits === undefined ? (isTls ? TLS_PORT : PORT) : portOf(digits)
  if (port === null) return `"${text}": "${digits}" is no port (1 to 65535)`
  const isTurn = scheme.toLowerCase().startsWith('turn')
  const transport = transportOf(isTurn, isTls, query)
  return transport === null ? queryProblem(text, isTurn, query ?? '') : { isTurn, host, port, transport }
}

/** As it is shown, whole. */
export function writeTurnUrl({ isTurn, host, port, transport }: TurnUrl): string {
  const scheme = `${isTurn ? 'turn' : 'stun'}${transport === 'tls' ? 's' : ''}`
  const query = isTurn ? `?transport=${transport === 'udp' ? 'udp' : 'tcp'}` : ''
  return `${scheme}:${writeBind(host, port)}${query}`
}

/** The same server over another transport; where the port was the usual one, it stays the usual one. */
export function withTransport(url: TurnUrl, transport: ClientTransport): TurnUrl {
  const usual = (of: ClientTransport): number => (of === 'tls' ? TLS_PORT : PORT)
  const port = url.port === usual(url.transport) ? usual(transport) : url.port
  return { ...url, transport, port }
}

// RFC 7064 gives "stun:" no parameters: it is UDP, and "stuns:" TLS. RFC 7065 §3.1: "turns:" over UDP would
// be DTLS.
function transportOf(isTurn: boolean, isTls: boolean, query: string | undefined): ClientTransport | null {
  if (query === undefined) return isTls ? 'tls' : 'udp'
  const asked = /^transport=(udp|tcp)$/i.exec(query)?.[1]?.toLowerCase()
  if (!isTurn || asked === undefined || (isTls && asked === 'udp')) return null
  return isTls ? 'tls' : asked === 'udp' ? 'udp' : 'tcp'
}

function queryProblem(text: string, isTurn: boolean, query: string): string {
  if (!isTurn) return `"${text}": "stun:" and "stuns:" take no "?${query}"; use --transport`
  if (/^transport=udp$/i.test(query))
    return `"${text}": "turns:" over UDP would be DTLS, which is not spoken here; use ?transport=tcp`
  return `"${text}": "?${query}" is not "?transport=udp" or "?transport=tcp"`
}

function portOf(digits: string): number | null {
  const port = /^[0-9]{1,5}$/.test(digits) ? Number(digits) : 0
  return port >= 1 && port <= 65_535 ? port : null
}

// What looks like an IPv4 address must be one.
function isName(host: string): boolean {
  if (/^[0-9.]+$/.test(host)) return isIP(host) === 4
  return (
    host.length <= 253 &&
    /^[a-z0-9_](?:[a-z0-9_-]*[a-z0-9_])?(?:\.[a-z0-9_](?:[a-z0-9_-]*[a-z0-9_])?)*\.?$/i.test(host)
  )
}
