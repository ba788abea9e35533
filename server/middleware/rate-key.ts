// What the buckets of a rate limit are told apart by.
import { cookiesIn } from '../head/cookie.ts'
import type { RequestHead } from '../head/request-head.ts'
import type { Exchange } from '../http/exchange.ts'
import { networkKey } from '../lib/ip-address.ts'
import { loosen } from '../rules/path.ts'

/** The key of an exchange; null: it lacks what is asked for, or has it more than once. */
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
      return ({ request }) => pathOf(request)
    case 'header': {
      const lower = name.toLowerCase()
      return ({ request }) => theOne(valuesOf(request, lower))
    }
    case 'cookie':
      return ({ request }) => {
        const fields = valuesOf(request, 'cookie')
        return theOne(fields.flatMap((field) => cookiesIn(field, name)))
      }
    default:
      return () => ''
  }
}

/** As lenient servers read it: who spells one path in many ways has no bucket for each of them. */
function pathOf({ path, plainPath }: RequestHead): string {
  return plainPath && !path.includes('//') && !path.includes(';') ? path : loosen(path)
}

/** Values of a field, as they came or as a step before has set it. */
function valuesOf(request: RequestHead, lower: string): readonly string[] {
  const first = request.get(lower)
  if (first === null) return []
  const all = request.values(lower)
  return all[0] === first ? all : [first]
}

/** Of several that differ nobody knows which the server takes: a client could add any to its own. */
function theOne([first = '', ...others]: readonly string[]): string | null {
  return first !== '' && others.every((other) => other === first) ? first : null
}
