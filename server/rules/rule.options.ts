import { Type, type Static } from '@sinclair/typebox'
import { RuleTimeouts } from '../backends/timeouts.options.ts'
import { FieldValue, FilePath, MapOf, Name, Words } from '../lib/kinds.ts'
import { MiddlewareOptions } from '../middleware/middleware.options.ts'
import { MaintenanceOptions, MirrorOptions, SplitOptions } from './destination.options.ts'
import { MatchOptions } from './match.options.ts'
import { NearestOptions } from './nearest.options.ts'
import { RewriteOptions } from './rewrite.options.ts'
import { ShareBy } from './share.options.ts'

const RespondOptions = Type.Object(
  {
    status: Type.Integer({ default: 200, minimum: 200, maximum: 599, description: 'Status of the answer.' }),
    body: Type.String({
      default: '',
      maxLength: 1_048_576,
      description: 'Body of the answer, as it stands.',
    }),
    file: Type.Optional(
      FilePath({
        description:
          'A file in place of the body, of at most 1 MiB. Its type is told by its name, and clients that have it already get 304. A change of it takes effect at once.',
      }),
    ),
    template: Type.Optional(
      FilePath({
        description:
          'A text file with variables in place of the body: {client_ip}, {path.NAME} and others, escaped by what its name says it is (HTML, XML, JSON, JavaScript, or text). No cache keeps it, unless headers say otherwise.',
      }),
    ),
    headers: MapOf(
      'field-name',
      FieldValue({ description: 'Value; variables may stand in it.' }),
      'Fields of the answer. The Content-Type of a body is text/plain unless named.',
    ),
  },
  {
    description: 'An answer of the gateway itself: a body, a file or a template.',
    also: { code: 'status', content: 'body', text: 'body', header: 'headers', path: 'file', page: 'file' },
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

/** What is told of rules that are valid, and may be meant so. */
const WARNINGS = ['never', 'shadowed', 'overlap', 'idle_step', 'step_order'] as const
export type IgnorableWarning = (typeof WARNINGS)[number]

export const RuleOptions = Type.Object(
  {
    name: Name({ description: 'Its name in logs and metrics.' }),
    match: MatchOptions,
    middleware: Type.Array(MiddlewareOptions, { default: [], maxItems: 64, description: 'Steps, in order.' }),
    weight: Type.Optional(
      Type.Number({
        minimum: 0,
        maximum: 100,
        description:
          'Of a hundred requests that it matches it takes so many, such as 10 or 0.5; the others go on to the rules behind it. 0: it takes none. Left out: all.',
      }),
    ),
    weight_by: Type.Optional(
      ShareBy(
        'What decides which: chance (random, where it is left out), the address of the client (client_ip; of IPv6 the first 64 bits), the value of a header field ("header NAME") or of a cookie ("cookie NAME"). With these the same client is always treated alike by this rule; who has no such field or cookie is taken by chance.',
      ),
    ),
    backend: Type.Optional(Name({ description: 'Destination: a backend.' })),
    split: Type.Optional(SplitOptions),
    mirror: Type.Optional(MirrorOptions),
    nearest: Type.Optional(NearestOptions),
    maintenance: Type.Optional(MaintenanceOptions),
    rewrite: Type.Optional(RewriteOptions),
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
    ignore_warnings: Type.Optional(
      Type.Array(
        Words(WARNINGS, {
          description:
            'never: nothing can be what it asks for. shadowed: a rule before it takes all. overlap: one takes some. idle_step: a step does nothing. step_order: a step stands behind one that it should stand before.',
        }),
        {
          minItems: 1,
          maxItems: 5,
          description: 'Warnings of this rule that are known, and not told again.',
        },
      ),
    ),
  },
  {
    description:
      'What it matches, middleware, and exactly one destination: backend, split, nearest, respond, redirect or maintenance; of tls listeners backend or listener.',
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
      canary: 'split',
      weighted: 'split',
      mirroring: 'mirror',
      shadow: 'mirror',
      regions: 'nearest',
      geo: 'nearest',
    },
    lacks: {
      listeners: 'it belongs to "match", as "listener"',
    },
  },
)
export type RuleConfig = Static<typeof RuleOptions>

/** The backends that requests of a rule go to, as they are written; copies of them (mirror) left aside. */
export const backendsNamed = ({
  backend,
  split,
  nearest = [],
}: Pick<RuleConfig, 'backend' | 'split' | 'nearest'>): readonly string[] =>
  backend !== undefined
    ? [backend]
    : [...new Set([...(split?.to ?? []), ...nearest].map((part) => part.backend))]

/** The same, and where copies of them go. */
export const backendsLedTo = (
  rule: Pick<RuleConfig, 'backend' | 'split' | 'nearest' | 'mirror'>,
): readonly string[] =>
  rule.mirror === undefined ? backendsNamed(rule) : [...backendsNamed(rule), rule.mirror.backend]
