import { Type, type Static } from '@sinclair/typebox'
import { RuleTimeouts } from '../backends/timeouts.options.ts'
import { FieldValue, MapOf, Name } from '../lib/kinds.ts'
import { MiddlewareOptions } from '../middleware/middleware.options.ts'
import { MatchOptions } from './match.options.ts'

const RespondOptions = Type.Object(
  {
    status: Type.Integer({ default: 200, minimum: 200, maximum: 599, description: 'Status of the answer.' }),
    body: Type.String({ default: '', maxLength: 1_048_576, description: 'Body of the answer.' }),
    headers: MapOf(
      'field-name',
      FieldValue({ description: 'Value.' }),
      'Fields of the answer. Content-Type is text/plain unless named.',
    ),
  },
  {
    description: 'A fixed answer.',
    also: { code: 'status', content: 'body', text: 'body', header: 'headers' },
  },
)

const RedirectOptions = Type.Object(
  {
    to: FieldValue({
      description:
        'Where to: a path, or a URL with its scheme. {scheme}, {host}, {path}, {query} (with its "?"), {path.NAME} and other variables may stand in it, each escaped for its place.',
    }),
    status: Type.Unsafe<number>({
      type: 'integer',
      enum: [301, 302, 303, 307, 308],
      default: 308,
      description: 'Status of the answer.',
    }),
  },
  { description: 'A redirect.', also: { url: 'to', location: 'to', target: 'to', code: 'status' } },
)

export const RuleOptions = Type.Object(
  {
    name: Name({ description: 'Its name in logs and metrics.' }),
    match: MatchOptions,
    middleware: Type.Array(MiddlewareOptions, { default: [], maxItems: 64, description: 'Steps, in order.' }),
    backend: Type.Optional(Name({ description: 'Destination: a backend.' })),
    timeouts: Type.Optional(RuleTimeouts),
    max_connections: Type.Optional(
      Type.Integer({
        minimum: 1,
        maximum: 10_000_000,
        description:
          'Most of its requests, tunnels included, under way at once, over all workers; others get 503 with Retry-After at once. Left out: no limit.',
      }),
    ),
    priority: Type.Optional(
      Type.Integer({
        minimum: -100,
        maximum: 100,
        description:
          'Of its requests among those of other rules: higher ones get a server first where they wait for one in the queue of a backend, and are refused last where a worker is overloaded. Which rule matches it does not say: that is their order. Left out: 0.',
      }),
    ),
    listener: Type.Optional(
      Name({
        description:
          'Destination, for tls listeners: a listener that ends TLS, where the connection goes on as if it had come in there.',
      }),
    ),
    respond: Type.Optional(RespondOptions),
    redirect: Type.Optional(RedirectOptions),
  },
  {
    description:
      'What it matches, middleware, and exactly one destination: backend, respond or redirect; of tls listeners backend or listener.',
    usual: { name: 'all', backend: 'NAME' },
    also: {
      matches: 'match',
      when: 'match',
      steps: 'middleware',
      middlewares: 'middleware',
      service: 'backend',
      proxy_pass: 'backend',
      to: 'backend',
      return: 'respond',
      maxconn: 'max_connections',
      max_conns: 'max_connections',
    },
    lacks: {
      listeners: 'it belongs to "match", as "listener"',
      rewrite: 'paths go to servers as they came',
    },
  },
)
export type RuleConfig = Static<typeof RuleOptions>
