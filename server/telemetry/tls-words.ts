// What a line of the access log says of the TLS that a request came by. There are few such texts, and each is
// made once.
import type { TlsFacts } from '../tls/accept-tls.ts'
import { piece } from './line-writer.ts'

interface Words {
  /** `,"tls":{"version":"TLSv1.3","cipher":"…"}`. */
  readonly json: string
  /** The usual end of a line with it. */
  readonly end: Uint8Array
}

/** In the clear. */
const NONE: Words = { json: '', end: endWith('') }
/** By the cipher, whose name says which version it is of. */
const known = new Map<string, Words>()

export function tlsWords(tls: Pick<TlsFacts, 'version' | 'cipher'> | null): Words {
  if (tls === null) return NONE
  const { version, cipher } = tls
  const before = known.get(cipher)
  if (before !== undefined) return before
  const json = `,"tls":${JSON.stringify({ version, cipher })}`
  const made = { json, end: endWith(json) }
  known.set(cipher, made)
  return made
}

function endWith(json: string): Uint8Array {
  return piece(`,"attempts":1,"fault":null${json},"user_agent":`)
}
