// What requests are told apart by, where a step limits each of them: the words. rate-key.ts reads them.
import { Type } from '@sinclair/typebox'
import { OneOrMore, Words } from '../lib/kinds.ts'

const NAMED = "(?:header|cookie|query|path|claim|plugin)[ .][A-Za-z0-9!#$%&'*+.^_`|~-]{1,128}"
const WORDS = ['client_ip', 'country', 'continent', 'asn', 'host', 'method', 'path', 'rule', 'user'] as const
const SAID = {
  client: 'write client_ip',
  ip: 'write client_ip',
  address: 'write client_ip',
  remote_addr: 'write client_ip',
  $binary_remote_addr: 'write client_ip',
  $remote_addr: 'write client_ip',
  api_key: 'write "header X-Api-Key", or user behind the step api_key',
  identity: 'write user',
}

interface More {
  readonly words: readonly string[]
  /** What they are, with a comma behind. */
  readonly said: string
  readonly default: readonly string[]
}

function requestKey({ words, said }: More) {
  const all = [...words, ...WORDS]
  return Type.String({
    pattern: `^(?:${all.join('|')}|${NAMED})$`,
    allowed: `${all.join(', ')}, "header NAME", "cookie NAME", "query NAME", "path NAME", "claim NAME" or "plugin NAME"`,
    description: `${said}client_ip, country, continent or asn (by geo), host, method, path, rule, user (who a step before has found the client to be), "header NAME", "cookie NAME", "query NAME", "path NAME" (a parameter of the rule's path), "claim NAME" of that user, or "plugin NAME" (what rateLimitKey of a plugin of yours gives). A dot may stand for the blank.`,
    said: SAID,
  })
}

const NO_MORE: More = { words: [], said: '', default: ['client_ip'] }

/** Of each step that has keys; `what` each key has. */
export const keyOptions = (what: string, more = NO_MORE) => ({
  key: OneOrMore(
    requestKey(more),
    `What has ${what} of its own: each client address, host, path, user, value of a header field, cookie, part of the query or claim; or the rule as a whole. Of a list, each combination.`,
    more.default,
  ),
  missing: Words(['client_ip', 'together', 'pass'], {
    default: 'client_ip',
    description:
      'What counts for a request that lacks what the key names, or has several that differ: the address of its client, one count for all of them together, or nothing, so that it passes.',
    said: {
      skip: 'write pass',
      ignore: 'write pass',
      shared: 'write together',
      refuse: 'let a rule match { present: false } and respond',
    },
  }),
  ipv4_prefix: Type.Integer({
    default: 32,
    minimum: 8,
    maximum: 32,
    description: 'IPv4 addresses that share so many bits count as one client.',
  }),
  ipv6_prefix: Type.Integer({
    default: 64,
    minimum: 16,
    maximum: 128,
    description: 'IPv6 addresses that share so many bits count as one client: networks are given out whole.',
  }),
})

/** What all that have keys call them. */
export const ALSO_KEY = {
  by: 'key',
  per_key: 'key',
  zone: 'key',
  source: 'key',
  ipv6_subnet: 'ipv6_prefix',
  ipv4_subnet: 'ipv4_prefix',
} as const

/** How a key is read: what keyOptions takes. */
export interface KeyConfig {
  readonly key: readonly string[]
  readonly missing: 'client_ip' | 'together' | 'pass'
  readonly ipv4_prefix: number
  readonly ipv6_prefix: number
}
