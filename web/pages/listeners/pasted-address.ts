// An address as somebody has it at hand: `8080`, `:8080`, `host:port`, a URL.
import type { Protocol } from './listener-fields.ts'

export interface Pasted {
  /** As the file has it: `0.0.0.0:8080`. */
  readonly bind: string
  /** What the scheme of a URL says; null: nothing. */
  readonly protocol: Protocol | null
}

const SCHEMES: Readonly<Record<string, readonly [Protocol, number | null]>> = {
  ...{ http: ['http', 80], https: ['https', 443], ws: ['http', 80], wss: ['https', 443] },
  ...{ tcp: ['tcp', null], tls: ['tls', null], udp: ['udp', null] },
  ...{ turn: ['turn', 3478], stun: ['turn', 3478], turns: ['turn', 5349] },
}

/** Null: no address can be read from it. */
export function readAddress(text: string): Pasted | null {
  const trimmed = text.trim()
  if (/^unix:\/./.test(trimmed)) return { bind: trimmed, protocol: null }
  const [, scheme, rest = trimmed] = /^([a-z]+):(?:\/\/)?(.+)$/i.exec(trimmed) ?? []
  const known =
    scheme === undefined || scheme.toLowerCase() === 'localhost' ? undefined : SCHEMES[scheme.toLowerCase()]
  if (known === undefined) {
    const bind = bindOf(trimmed, null)
    return bind === null ? null : { bind, protocol: null }
  }
  const bind = bindOf(rest.replace(/^[^@/]*@/, '').replace(/[/?#].*$/, ''), known[1])
  return bind === null ? null : { bind, protocol: known[0] }
}

const PORT = /^[0-9]{1,5}(?:-[0-9]{1,5})?$/

/** `preset`: the port where none is written. */
function bindOf(text: string, preset: number | null): string | null {
  if (PORT.test(text)) return `0.0.0.0:${text}`
  const [, host = '', port = ''] = /^(.*):([0-9-]+)$/.exec(text) ?? []
  const isBareV6 = host.includes(':') && !host.startsWith('[')
  if (PORT.test(port) && !isBareV6) return `${hostOf(host)}:${port}`
  if (preset === null || text === '' || /\s/.test(text)) return null
  return text.includes(':') && !text.startsWith('[') ? `[${text}]:${preset}` : `${hostOf(text)}:${preset}`
}

/** A machine opens addresses, not names. */
const hostOf = (host: string): string =>
  host === '' || host === '*' ? '0.0.0.0' : host.toLowerCase() === 'localhost' ? '127.0.0.1' : host
