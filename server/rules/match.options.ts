// What a rule may ask of a request or a connection.
import { Type, type TSchema } from '@sinclair/typebox'
import { AsNumber, ContinentCode, CountryCode } from '../geo/geo.options.ts'
import { Cidr, MapOf, Name, OneOrMore, SafeRegex, ValueOrMap, Words } from '../lib/kinds.ts'
import { TimeOptions } from './time.options.ts'
import { TlsFactsOptions } from './tls-facts.options.ts'
import { FieldPattern, TextPattern } from './value.options.ts'

/** A text, or a regular expression in its place. */
const OrRegex = <T extends TSchema>(text: T, description: string) =>
  ValueOrMap(
    text,
    Type.Object(
      {
        regex: SafeRegex({
          description: 'A pattern that is looked for anywhere in it: "^" and "$" bind it to the ends.',
        }),
      },
      { description: 'A regular expression.', also: { regexp: 'regex', pattern: 'regex', matches: 'regex' } },
    ),
    { description },
  )

/** What is asked of a request. */
const parts = {
  host: OneOrMore(
    OrRegex(
      Type.Unsafe<string>({
        type: 'string',
        format: 'host-pattern',
        description: '"example.org", or "*.example.org" for any name below it.',
      }),
      'A host name, its beginning left open, or a pattern.',
    ),
    'Host names, compared without case, port and trailing dot; patterns are asked of them in lower case.',
  ),
  path: OneOrMore(
    OrRegex(
      Type.Unsafe<string>({
        type: 'string',
        format: 'path-pattern',
        description:
          '"/a" exactly; "/a/*" for all that starts with "/a/"; "/a*" for all that starts with "/a"; "/a/{id}/b" with any one segment in the place of {id}; "/a/{rest...}" with all that is left.',
      }),
      'A path, its beginning, one with parameters, or a pattern.',
    ),
    'Paths, compared after normalising (dot segments, needless escapes).',
  ),
  method: OneOrMore(
    Type.Unsafe<string>({ type: 'string', format: 'method', description: 'A method, such as GET.' }),
    'Methods.',
  ),
  header: MapOf(
    'field-name',
    FieldPattern,
    'Header fields that must be so. A request that has one twice with different values is refused with 400 where the whole value counts: with all but present, has and "*".',
  ),
  query: MapOf(
    'query-name',
    TextPattern,
    'Parts of the query that must be so, decoded: "+" is a space, %XX is UTF-8. Of one that comes twice all values must mean the same, or the request is refused with 400 where it hangs on that.',
  ),
  cookie: MapOf(
    'cookie-name',
    FieldPattern,
    'Cookies that must be so, as they came. Of one that comes twice all values must mean the same, or the request is refused with 400 where it hangs on that.',
  ),
  client: OneOrMore(
    Cidr({ description: 'An address or a range.', takesUnix: true }),
    'Addresses of clients, as proxies that are trusted say who that is. Of a client that such a proxy does not name, what hangs on its address is refused with 400.',
  ),
  country: OneOrMore(
    CountryCode,
    'Countries of clients, by geo.country or geo.city. Of a client that a trusted proxy does not name, what hangs on its country, continent or network is refused with 400.',
  ),
  continent: OneOrMore(ContinentCode, 'Continents of clients, by geo.country or geo.city.'),
  asn: OneOrMore(AsNumber, 'Networks (AS) of clients, by their numbers, by geo.asn.'),
  scheme: Type.Optional(
    Words(['http', 'https'], {
      description: 'What the client speaks, to the proxy before us where there is one.',
    }),
  ),
  tls: Type.Optional(TlsFactsOptions),
  jwt: Type.Optional(
    Name({
      description:
        'Whose token (auth.jwt) must come with the request, signed and in its time. One that is not good counts as none.',
    }),
  ),
  claims: MapOf(
    'claim-name',
    TextPattern,
    'What the token of `jwt` must say; "a.b" is b within a. Of a list one item that is so is enough; `has` also finds a word of a text, as of a scope.',
  ),
  time: Type.Optional(TimeOptions),
}

const PartsOptions = Type.Object(parts)
type Parts = (typeof PartsOptions)['static']

/** What may stand within all, any and not. */
export interface Condition extends Parts {
  readonly all: readonly Condition[]
  readonly any: readonly Condition[]
  readonly not?: Condition
}

/** Deepest nesting. */
export const DEPTH_MAX = 8

const words = {
  also: {
    paths: 'path',
    path_prefix: 'path',
    path_regex: 'path',
    host_regex: 'host',
    prefix: 'path',
    uri: 'path',
    hosts: 'host',
    domain: 'host',
    methods: 'method',
    headers: 'header',
    queries: 'query',
    query_params: 'query',
    params: 'query',
    cookies: 'cookie',
    client_ip: 'client',
    remote_ip: 'client',
    source_ip: 'client',
    ip: 'client',
    countries: 'country',
    country_code: 'country',
    geo: 'country',
    geoip: 'country',
    continents: 'continent',
    as: 'asn',
    asns: 'asn',
    claim: 'claims',
    token: 'jwt',
    protocol: 'scheme',
    schedule: 'time',
    and: 'all',
    or: 'any',
    none: 'not',
    sni: 'server_name',
    server_names: 'server_name',
  },
  lacks: {
    rewrite: 'it stands beside "match", in the rule',
    port: 'name the listener: match: { listener: NAME }',
  },
} as const

/** It holds itself: what is added below. */
export const ConditionOptions = Type.Unsafe<Condition>(
  Type.Object({ ...parts }, { description: 'What must hold, as in match.', ...words }),
)

const nesting = {
  all: Type.Unsafe<readonly Condition[]>(
    Type.Array(ConditionOptions, { default: [], maxItems: 64, description: 'Each of these must hold.' }),
  ),
  any: Type.Unsafe<readonly Condition[]>(
    Type.Array(ConditionOptions, { default: [], maxItems: 64, description: 'One of these must hold.' }),
  ),
  not: Type.Optional(ConditionOptions),
}
Object.assign(ConditionOptions['properties'] as object, nesting)

export const MatchOptions = Type.Object(
  {
    listener: OneOrMore(Name({ description: 'A listener.' }), 'Only on these listeners.'),
    ...parts,
    ...nesting,
    server_name: OneOrMore(
      Type.Unsafe<string>({
        type: 'string',
        format: 'host-pattern',
        description: '"example.org", or "*.example.org" for any name below it.',
      }),
      'For tls listeners: names that clients ask for (SNI). Left out: any, and none.',
    ),
    alpn: OneOrMore(
      Type.String({
        pattern: '^[A-Za-z0-9][!-~]{0,254}$',
        allowed: 'a protocol, such as "h2"',
        description: 'A protocol, such as "h2" or "http/1.1".',
      }),
      'For tls listeners: protocols of which a client offers one.',
    ),
  },
  {
    default: {},
    description: 'What it matches: all that is named must hold; of a list, one.',
    ...words,
  },
)
export type MatchConfig = (typeof MatchOptions)['static']
