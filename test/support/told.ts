// An exchange as variables see it.
import { RequestHead } from '../../server/head/request-head.ts'
import type { Identity } from '../../server/http/exchange.ts'
import { ruleCaptures } from '../../server/rules/captures.ts'
import { ANYTHING } from '../../server/rules/match.ts'
import type { MatchConfig } from '../../server/rules/match.options.ts'
import type { Told } from '../../server/rules/variables.ts'

export interface ToldParts {
  readonly target?: string
  readonly host?: string
  readonly fields?: readonly string[]
  readonly match?: Partial<MatchConfig>
  readonly scheme?: 'http' | 'https'
  readonly identity?: Identity | null
  readonly address?: string | null
  readonly server?: Told['server']
}

/** Bytes of the request are one for each character. */
export function told(parts: ToldParts = {}): Told & { readonly request: RequestHead } {
  const { target = '/', host = 'example.org', fields = [], match = {}, scheme = 'http' } = parts
  const request = new RequestHead()
  const text = [`GET ${target} HTTP/1.1`, `Host: ${host}`, ...fields, '', ''].join('\r\n')
  const bytes = Buffer.from(text, 'latin1')
  const end = request.scan(bytes, 0, bytes.length, { headBytes: 200_000, targetBytes: 100_000, fields: 100 })
  if (end !== bytes.length) throw new Error(`no head: ${end}`)
  return {
    id: 'id-1',
    listener: { name: 'web' },
    rule: {
      name: 'rule',
      to: { is: 'respond' },
      captures: ruleCaptures({ ...ANYTHING, ...match }),
    },
    request,
    client: {
      address: parts.address === undefined ? '192.0.2.7' : parts.address,
      port: 51234,
      scheme,
      tls: null,
    },
    identity: parts.identity ?? null,
    server: parts.server ?? null,
    attempts: 1,
    status: 200,
    startedMs: 0,
  }
}
