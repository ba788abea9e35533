// A request that a rule would match, as far as its words tell: where the tester begins.
import { isMap, type JsonMap } from '../../data/merge.ts'
import { listOf, patternTexts, writtenPattern } from '../../data/rule-words.ts'
import { exampleValue } from '../../data/value-words.ts'

/** Parameters of the page's address that open the tester on it. */
export function testOf(rule: JsonMap): Readonly<Record<string, string | readonly string[]>> {
  const match = isMap(rule['match']) ? rule['match'] : {}
  const host = exampleOf(match['host'], 'localhost')
  const path = exampleOf(match['path'], '/').replace(/\{\w+(?:\.\.\.)?\}/g, '1')
  const [method] = listOf(match['method'])
  const header = namedIn(match['header']).map(([name, value]) => `${name}: ${value}`)
  const cookie = namedIn(match['cookie']).map(([name, value]) => `${name}=${value}`)
  if (cookie.length > 0) header.push(`Cookie: ${cookie.join('; ')}`)
  const query = namedIn(match['query']).map((pair) => pair.map(encodeURIComponent).join('='))
  const [listener] = listOf(match['listener'])
  const [name] = listOf(match['server_name'])
  const alpn = listOf(match['alpn'])
  if (name !== undefined || alpn.length > 0)
    return {
      test: `tls://${(name ?? 'localhost').replace(/^\*\./, 'www.')}:443`,
      ...(alpn.length > 0 && { alpn: alpn.join(', ') }),
      ...(listener !== undefined && { at: listener }),
    }
  return {
    test: `http://${host.replace(/^\*\./, 'www.')}${path.replace(/\*$/, '')}${query.length > 0 ? `?${query.join('&')}` : ''}`,
    ...(method !== undefined && { method }),
    ...(header.length > 0 && { header }),
    ...(listener !== undefined && { at: listener }),
  }
}

/** Names with values that would do; what must not be there is left out. */
const namedIn = (written: unknown): (readonly [string, string])[] =>
  Object.entries(isMap(written) ? written : {}).flatMap(([name, value]) => {
    const example = exampleValue(value)
    return example === null ? [] : [[name, example] as const]
  })

/** The first that is a text: nobody knows what a regular expression takes. */
const exampleOf = (written: unknown, otherwise: string): string =>
  patternTexts(written).find((text) => typeof writtenPattern(text) === 'string') ?? otherwise
