// What a rule changes of a request before a server sees it, and of its answers in turn.
import { Type, type Static } from '@sinclair/typebox'
import { MapOf, OneOrMore, SafeRegex, TextValue, ValueOrMap } from '../lib/kinds.ts'

const Prefix = (description: string) =>
  Type.String({ pattern: '^/[^?#*{}]{0,1023}$', allowed: 'a path that begins with "/"', description })

const Target = (description: string) =>
  Type.String({ pattern: '^/[^?#]{0,4095}$', allowed: 'a path that begins with "/"', description })

const Piece = (description: string) =>
  Type.String({ pattern: '^[^?#]{0,4096}$', allowed: 'text of a path, without "?" and "#"', description })

const VALUE = 'Value; variables may stand in it.'

const QueryEdits = Type.Object(
  {
    remove: Type.Array(Type.String({ minLength: 1, maxLength: 256, description: 'Name.' }), {
      default: [],
      description: 'Remove all parts of these names, "*" all there are.',
    }),
    rename: MapOf(
      'query-name',
      TextValue({ description: 'Its name from then on.' }),
      'Give all parts of a name another one.',
    ),
    set: MapOf(
      'query-name',
      TextValue({ description: VALUE }),
      'Replace the parts of a name by one, or add it. Where a variable has no value there is none then.',
    ),
    add: MapOf(
      'query-name',
      TextValue({ description: VALUE }),
      'Add a part beside others of its name; not where a variable has no value.',
    ),
  },
  {
    default: {},
    description:
      'Edits of the query, in this order: remove, rename, set, add. Other parts stay as they came.',
  },
)

const AnswerEdits = Type.Object(
  {
    location: Type.Boolean({
      default: true,
      description:
        'Location and Content-Location that name the server, its host or a path there say what its client calls it. Other hosts stay.',
    }),
    cookie_path: Type.Boolean({
      default: true,
      description:
        'Path of Set-Cookie is that of the client, where a prefix was stripped, replaced or added.',
    }),
    cookie_domain: MapOf(
      'host-pattern',
      Type.String({
        pattern: '^(?:|[A-Za-z0-9.-]{1,253})$',
        allowed: 'the name of a host, or "" to remove the attribute',
        description: 'Domain in its place; "" removes the attribute.',
      }),
      'Domain of Set-Cookie, by what the server says.',
    ),
  },
  { default: {}, description: 'What of answers is turned back into what the client sees.' },
)

export const RewriteOptions = Type.Object(
  {
    strip_prefix: OneOrMore(
      Prefix('A path.'),
      'Beginnings of the path that are taken off, the first that fits: whole segments. Servers are told which in X-Forwarded-Prefix.',
    ),
    replace_prefix: Type.Optional(
      Type.Object(
        {
          from: Prefix('What it begins with: whole segments.'),
          to: Target('What stands in its place; variables may stand in it.'),
        },
        { description: 'A beginning of the path that becomes another one.' },
      ),
    ),
    path: Type.Optional(
      ValueOrMap(
        Target('All of the path, such as "/v2/{path.id}".'),
        Type.Object(
          {
            regex: SafeRegex({
              description: 'A pattern of the path in normal form. Where it is not found, nothing is changed.',
            }),
            to: Piece(
              'What stands in the place of what it finds; {group.1} and {group.NAME} are its groups, and other variables may stand in it. All of the path is replaced where "^" and "$" bind the pattern.',
            ),
          },
          {
            description: 'A pattern, and what stands in its place.',
            also: { replacement: 'to', pattern: 'regex' },
          },
        ),
        { description: 'The path: all of it, or what a pattern finds in it.' },
      ),
    ),
    add_prefix: Type.Optional(
      Target('What is put before the path, after all else; variables may stand in it.'),
    ),
    host: Type.Optional(
      Type.String({
        minLength: 1,
        maxLength: 512,
        pattern: '^[!-~]+$',
        allowed: 'a host, or host:port',
        description:
          'Host that servers see, in place of the one that was asked for; variables may stand in it.',
      }),
    ),
    query: QueryEdits,
    answers: AnswerEdits,
  },
  {
    description: 'What servers see in place of what was asked for. The access log has what the client sent.',
    also: {
      prefix: 'strip_prefix',
      strip: 'strip_prefix',
      strip_prefixes: 'strip_prefix',
      uri: 'path',
      hostname: 'host',
      host_rewrite: 'host',
      prefix_rewrite: 'replace_prefix',
      response: 'answers',
      responses: 'answers',
    },
  },
)
export type RewriteConfig = Static<typeof RewriteOptions>
