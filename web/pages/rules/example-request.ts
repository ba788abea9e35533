// A request that a rule would match, as far as its words tell: where the tester begins.
import { isMap, type JsonMap } from '../../data/merge.ts'
import { listOf } from '../../data/rule-words.ts'

/** Parameters of the page's address that open the tester on it. */
export function testOf(rule: JsonMap): Readonly<Record<string, string | readonly string[]>> {
  const match = isMap(rule['match']) ? rule['match'] : {}
  const [host = 'localhost'] = listOf(match['host'])
  const [path = '/'] = listOf(match['path'])
  const [method] = listOf(match['method'])
  const header = isMap(match['header']) ? Object.entries(match['header']) : []
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
    test: `http://${host.replace(/^\*\./, 'www.')}${path.replace(/\*$/, '')}`,
    ...(method !== undefined && { method }),
    ...(header.length > 0 && {
      header: header.map(([name, value]) => `${name}: ${value === '*' ? 'any' : String(value)}`),
    }),
    ...(listener !== undefined && { at: listener }),
  }
}
