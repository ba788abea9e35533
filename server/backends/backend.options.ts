import { Type, type Static } from '@sinclair/typebox'
import { Duration, FieldValue, MapOf, Name, OneOrMore, Regex, ServerUrl, Size, Words } from '../lib/kinds.ts'

export const ALGORITHMS = [
  'round_robin',
  'weighted_round_robin',
  'least_connections',
  'random',
  'weighted_random',
  'power_of_two',
  'least_response_time',
  'ip_hash',
  'hash',
  'first_available',
] as const

/** Of a backend, never of one of its servers. */
const POLICIES = ['algorithm', 'hash', 'health_check', 'timeouts', 'retry', 'queue', 'keep_alive', 'answers']

/** What to say of a map that somebody turns off in a word. */
const off = (hint: string): Record<string, string> => ({ false: hint, no: hint, off: hint, none: hint })

export const ServerOptions = Type.Object(
  {
    url: ServerUrl({ description: 'Where it is: "http://host:port".' }),
    name: Type.Optional(Name({ description: 'Its name in logs and metrics; its URL when left out.' })),
    weight: Type.Integer({
      default: 1,
      minimum: 0,
      maximum: 1000,
      description: 'Its share; 0 gets no new requests.',
    }),
    max_connections: Type.Optional(
      Type.Integer({
        minimum: 1,
        maximum: 1_000_000,
        description:
          'Most exchanges and tunnels (WebSockets) in flight at once, over all workers; more wait in the queue of the backend. Left out: as many as clients have.',
      }),
    ),
    backup: Type.Boolean({
      default: false,
      description:
        'Used only while no other server is usable, and for the last try of a request that others have failed.',
    }),
  },
  {
    description: 'One address in a backend.',
    also: {
      address: 'url',
      addr: 'url',
      host: 'url',
      hostname: 'url',
      ip: 'url',
      uri: 'url',
      target: 'url',
      server: 'url',
      endpoint: 'url',
      id: 'name',
      max_conns: 'max_connections',
      maxconn: 'max_connections',
    },
    lacks: {
      port: 'it stands behind the host, after ":", as in url: "http://HOST:PORT"',
      check: 'servers are checked by the "health_check" beside their list',
      ...Object.fromEntries(
        POLICIES.map((key) => [key, 'it holds for all servers: write it beside their list']),
      ),
      down: 'weight: 0 keeps a server out',
      disabled: 'weight: 0 keeps a server out',
      tls: 'servers are spoken to without TLS',
      ssl: 'servers are spoken to without TLS',
      max_fails: 'see "fall" of the health_check of its backend',
      fail_timeout: 'see "interval" of the health_check of its backend',
    },
  },
)
export type ServerConfig = Static<typeof ServerOptions>

export const HealthCheckOptions = Type.Object(
  {
    type: Words(['http', 'tcp'], { default: 'http', description: 'An HTTP request, or a TCP connect.' }),
    path: Type.String({
      default: '/',
      pattern: '^/[!-~]*$',
      allowed: 'a path that begins with "/", without blanks',
      description: 'Target of the request.',
    }),
    method: Words(['GET', 'HEAD', 'OPTIONS', 'POST'], {
      default: 'GET',
      description: 'Method of the request.',
    }),
    headers: MapOf('field-name', FieldValue({ description: 'Value.' }), 'Fields of the request.'),
    interval: Duration({
      default: '10s',
      least: '10ms',
      description: 'Between checks of a server that is up, ±10 %.',
    }),
    interval_down: Duration({
      default: '5s',
      least: '10ms',
      description: 'Between checks of a server that is down, ±10 %.',
    }),
    timeout: Duration({ default: '2s', least: '1ms', description: 'A check must be over within this time.' }),
    rise: Type.Integer({
      default: 2,
      minimum: 1,
      maximum: 100,
      description: 'Passes in a row that bring a server up.',
    }),
    fall: Type.Integer({
      default: 3,
      minimum: 1,
      maximum: 100,
      description: 'Failures in a row that take a server down.',
    }),
    expect: Type.Object(
      {
        status: OneOrMore(
          Type.Unsafe<string>({
            type: ['string', 'integer'],
            format: 'status-range',
            description: 'A status or a range: 200, "200-399", "2xx".',
          }),
          'Statuses that pass.',
          ['200-399'],
        ),
        body: Type.Optional(Type.String({ minLength: 1, description: 'Text that the body must contain.' })),
        body_regex: Type.Optional(Regex({ description: 'A pattern that the body must match.' })),
        body_limit: Size({
          default: '64KiB',
          least: '1',
          most: '16MiB',
          description: 'How much of the body is read.',
        }),
      },
      { default: {}, description: 'What passes.' },
    ),
  },
  {
    description: 'How the supervisor asks each server whether it is up.',
    also: {
      uri: 'path',
      url: 'path',
      endpoint: 'path',
      healthy: 'rise',
      healthy_threshold: 'rise',
      passes: 'rise',
      unhealthy: 'fall',
      unhealthy_threshold: 'fall',
      fails: 'fall',
      retries: 'fall',
    },
    lacks: {
      port: 'servers are checked at the port that they are used at',
      enabled: 'leave "health_check" out to check nothing',
    },
  },
)
export type HealthCheckConfig = Static<typeof HealthCheckOptions>

export const BackendOptions = Type.Object(
  {
    algorithm: Words(ALGORITHMS, {
      default: 'round_robin',
      description: 'How a server is picked. round_robin honours weights.',
    }),
    hash: Type.Optional(
      Type.Object(
        {
          by: Words(['header', 'cookie', 'path', 'query'], {
            description: 'The part of the request that is hashed.',
          }),
          name: Type.Optional(
            Type.String({
              minLength: 1,
              maxLength: 256,
              pattern: '^[^\\x00-\\x1f\\x7f]+$',
              allowed: 'one line of text',
              description: 'Name of the header, cookie or query parameter.',
            }),
          ),
          load_factor: Type.Number({
            default: 1.25,
            minimum: 1,
            maximum: 100,
            description: 'No server gets more than this many times the mean of requests in flight.',
          }),
        },
        {
          description: 'What "algorithm: hash" looks at.',
          // YAML 1.1 reads "on" as true.
          also: { on: 'by', key: 'by', header: 'name', cookie: 'name' },
        },
      ),
    ),
    servers: Type.Array(ServerOptions, {
      minItems: 1,
      maxItems: 20000,
      description: 'The servers, in order.',
    }),
    health_check: Type.Optional(HealthCheckOptions),
    panic_threshold: Type.Number({
      default: 0,
      minimum: 0,
      maximum: 1,
      description: 'When fewer than this share of the servers is up, all are used. 0: never.',
    }),
    retry: Type.Object(
      {
        attempts: Type.Integer({
          default: 3,
          minimum: 1,
          maximum: 10,
          description: 'All tries together, the first included; each on another server where there is one.',
        }),
        backoff: Duration({
          default: '25ms',
          description: 'Largest wait before the second try; doubles with each, with full jitter.',
        }),
      },
      {
        default: {},
        said: off('write { attempts: 1 }'),
        description:
          'Failed attempts that may be repeated: not sent at all, or idempotent with no byte answered.',
      },
    ),
    queue: Type.Object(
      {
        size: Type.Integer({
          default: 1024,
          minimum: 0,
          maximum: 1_000_000,
          description: 'Most requests of each worker that wait for a server with room.',
        }),
        timeout: Duration({ default: '5s', description: 'Longest wait; then 503.' }),
      },
      {
        default: {},
        said: off('write { size: 0 }'),
        description: 'Where requests wait while every server is at max_connections.',
      },
    ),
    timeouts: Type.Object(
      {
        connect: Duration({ default: '5s', least: '1ms', description: 'Until a connection stands.' }),
        response: Duration({
          default: '60s',
          least: '1ms',
          description:
            'From the end of the request, or the last interim answer (1xx), to the head of the answer.',
        }),
        idle: Duration({
          default: '30s',
          least: '1ms',
          description: "A pause within the server's answer or its reading of our request.",
        }),
        stream: Duration({
          default: '10m',
          least: '1ms',
          description:
            'A pause between the pieces of an answer of no known length: event streams, and what is flushed piece by piece. Counts where it is longer than idle.',
        }),
      },
      { default: {}, description: 'How long servers may take.' },
    ),
    answers: Words(['exact', 'strict', 'lenient'], {
      default: 'strict',
      description:
        'How answers are read whose form is not quite right. strict: as RFC 9112 asks, a blank before a colon is taken off. exact: that is a 502 too. lenient: lines of a head may end in LF alone, and an equal Content-Length may be repeated. Whatever is accepted goes on in canonical form.',
    }),
    keep_alive: Type.Object(
      {
        idle: Duration({
          default: '4s',
          description:
            "How long an idle connection is kept until the server's own Keep-Alive field says otherwise (then up to 60s). 0s: not at all.",
        }),
        connections: Type.Integer({
          default: 64,
          minimum: 0,
          maximum: 100_000,
          description: 'Most idle connections to each server and worker.',
        }),
      },
      { default: {}, said: off('write { connections: 0 }'), description: 'Idle connections to the servers.' },
    ),
  },
  {
    description: 'A named group of servers with an algorithm and policies.',
    also: {
      balance: 'algorithm',
      lb_policy: 'algorithm',
      targets: 'servers',
      endpoints: 'servers',
      keepalive: 'keep_alive',
      retries: 'retry',
      healthcheck: 'health_check',
      health: 'health_check',
      check: 'health_check',
    },
    lacks: {
      sticky:
        'algorithm: hash, with hash: { by: cookie, name: NAME }, sends those of one cookie to one server',
      tls: 'servers are spoken to without TLS',
      ssl: 'servers are spoken to without TLS',
    },
  },
)
export type BackendConfig = Static<typeof BackendOptions>
