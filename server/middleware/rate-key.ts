// What the buckets of a rate limit are told apart by.
import { cookieIn } from '../head/cookie.ts'
import type { Exchange } from '../http/exchange.ts'
import { networkKey } from '../lib/ranges.ts'

/** The key of an exchange; null: it lacks what is asked for. */
export type RateKey = (x: Exchange) => string | null

/** The key that a list of words names: of several, their combination. */
export function rateKey(words: readonly string[], ipv6Prefix: number): RateKey {
  const parts = words.map((word) => partOf(word, ipv6Prefix))
  const [only] = parts
  if (only !== undefined && parts.length === 1) return only
  return (x) => {
    let key = ''
    for (const part of parts) {
      const value = part(x)
      if (value === null) return null
      // Lengths keep "a" + "bc" apart from "ab" + "c".
      key += `${value.length}:${value}`
    }
    return key
  }
}

function partOf(word: string, ipv6Prefix: number): RateKey {
  const [kind = '', name = ''] = word.split(' ')
  switch (kind) {
    case 'client_ip':
      // Who is behind a proxy that names nobody counts for the proxy.
      return ({ client }) => networkKey(client.address ?? client.socketAddress, ipv6Prefix)
    case 'host':
      return ({ request }) => request.host
    case 'path':
      return ({ request }) => request.path
    case 'header': {
      const lower = name.toLowerCase()
      return ({ request }) => request.get(lower) || null
    }
    case 'cookie':
      return ({ request }) => cookieIn(request.get('cookie') ?? '', name) || null
    default:
      return () => ''
  }
}
