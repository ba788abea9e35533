// What a line of the access log says of the TLS that a request or a connection came by. Most clients ask for
// few names: each text is made once, for as long as it is among those kept.
import type { TlsFacts } from '../tls/accept-tls.ts'
import { piece } from './line-writer.ts'
import { ascii } from './why-line.ts'

export type LoggedTls = Pick<TlsFacts, 'version' | 'cipher' | 'serverName' | 'protocol'>

export interface TlsWords {
  /** `,"tls":{"version":"TLSv1.3","cipher":"…","sni":"example.org","alpn":"http/1.1"}`. */
  readonly json: string
  /** ` tls=TLSv1.3 cipher=… sni=example.org alpn=http/1.1`; `-` where there is none. */
  readonly text: string
  /** The usual end of a line with it. */
  readonly end: Uint8Array
}

/** What differs among clients that ask for one name; its cipher's name says which version it is of. */
interface Known extends TlsWords {
  readonly cipher: string
  readonly alpn: string | null
}

/** In the clear. */
const NONE: TlsWords = { json: '', text: '', end: endWith('') }
/** Clients may ask for whatever name they like. */
const NAMES_MAX = 1024
/** By the name asked for: to look up a text that is there costs less than to put one together. */
const known = new Map<string | null, Known[]>()

export function tlsWords(tls: LoggedTls | null): TlsWords {
  if (tls === null) return NONE
  const { cipher, protocol: alpn, serverName } = tls
  const ofName = known.get(serverName)
  if (ofName !== undefined)
    for (const one of ofName) if (one.cipher === cipher && one.alpn === alpn) return one
  const made = wordsOf(tls)
  if (ofName !== undefined) ofName.push(made)
  else {
    if (known.size >= NAMES_MAX) known.clear()
    known.set(serverName, [made])
  }
  return made
}

function wordsOf({ version, cipher, serverName: sni, protocol: alpn }: LoggedTls): Known {
  const json = ascii(`,"tls":${JSON.stringify({ version, cipher, sni, alpn })}`)
  const text = ` tls=${version} cipher=${cipher} sni=${word(sni)} alpn=${word(alpn)}`
  return { cipher, alpn, json, text, end: endWith(json) }
}

/** Of a client's choice: what would not end where its word does is quoted. */
const word = (text: string | null): string =>
  text === null ? '-' : /^[^ "\\=]+$/.test(text) ? ascii(text) : ascii(JSON.stringify(text))

function endWith(json: string): Uint8Array {
  return piece(`,"attempts":1,"fault":null${json},"user_agent":`)
}

/** Names of which words are kept. */
export const namesKept = (): number => known.size
