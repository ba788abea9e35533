// What a rule may ask of a request or a connection.
import { Type, type TSchema } from '@sinclair/typebox'
import { MapOf, Name, OneOrMore, SafeRegex, ValueOrMap } from '../lib/kinds.ts'
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

export const MatchOptions = Type.Object(
  {
    listener: OneOrMore(Name({ description: 'A listener.' }), 'Only on these listeners.'),
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
      sni: 'server_name',
      server_names: 'server_name',
    },
    lacks: {
      rewrite: 'paths go to servers as they came',
      port: 'name the listener: match: { listener: NAME }',
    },
  },
)
export type MatchConfig = (typeof MatchOptions)['static']
